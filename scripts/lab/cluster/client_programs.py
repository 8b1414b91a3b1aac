"""The programs that this computer needs for the cluster: kind, and a kubectl that fits it."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from lab import docker, host, shell
from lab.cluster import lifecycle
from lab.cluster.node_image.recipe import Recipe
from lab.config import Settings
from lab.errors import LabError
from lab.steps import Report, Step

SKEW = 1
"""kubectl is supported within one minor of the API server (kubernetes.io/releases/version-skew-policy)."""


def steps(settings: Settings, built: Callable[[], Path | None]) -> list[Step]:
    """Return the step that puts a fitting kubectl into the lab's folder; ``built`` names one that was built here."""
    return [Step("Have a kubectl that fits", lambda report: _ensure_kubectl(settings, built(), report), expected=1)]


def kind_on_path() -> Path | None:
    """Return the kind on PATH where it is as new as the one that the lab builds: older ones lack newer node images."""
    program = shutil.which("kind")
    if program is None:
        return None
    version = shell.run([program, "version", "--quiet"], timeout=20, check=False).stdout.strip()
    return Path(program) if minor(version or "v0.0") >= minor(Recipe().version("sigs.k8s.io/kind")) else None


def minor(version: str) -> int:
    """Take the minor number out of ``v1.37.2`` or ``1.37``."""
    return int(version.lstrip("v").split(".")[1])


def fits(client: str, server: str) -> bool:
    """Tell whether a kubectl of one version is supported with an API server of the other; one of none is not."""
    return re.match(r"v?\d+\.\d+", client) is not None and abs(minor(client) - minor(server)) <= SKEW


def _ensure_kubectl(settings: Settings, built: Path | None, report: Report) -> str:
    server = lifecycle.version(settings)
    own = settings.programs / "kubectl"
    settings.programs.mkdir(parents=True, exist_ok=True)
    if not _is_right(own, built, server):
        _place(settings, built, own)
    _write_k(settings.programs / "k")
    on_path = shutil.which("kubectl")
    if on_path and Path(on_path).resolve() != own.resolve():
        _note_skew(settings, Path(on_path), server, report)
    return f"{own}, {server}"


def _note_skew(settings: Settings, kubectl: Path, server: str, report: Report) -> None:
    """Say which kubectl to use where that on PATH does not fit."""
    version = "Windows' own" if host.is_windows_program(kubectl) else _client_version(kubectl) or "broken"
    if fits(version, server):
        return
    own = settings.programs / "kubectl"
    report.note(f"the kubectl on your PATH is {version}, the cluster {server}: too far apart. One that fits: {own}")
    report.note(f'to use it, and `k`: export PATH={shlex.quote(str(settings.programs))}:"$PATH"')


def _is_right(own: Path, built: Path | None, server: str) -> bool:
    if built:
        return own.resolve() == built.resolve()
    return own.exists() and fits(_client_version(own), server)


def _place(settings: Settings, built: Path | None, own: Path) -> None:
    """Link the kubectl that was built here, or copy the node's own, which has the cluster's very version."""
    new = _temporary_name(own)
    if built:
        new.symlink_to(built)
    elif not host.is_linux():
        new.symlink_to(_fitting_on_path(lifecycle.version(settings)))
    else:
        docker.docker("cp", "--follow-link", f"{settings.node}:/usr/bin/kubectl", new, timeout=60)
    new.replace(own)


def _fitting_on_path(server: str) -> Path:
    """Find a kubectl for a computer on which the node's own does not run."""
    on_path = shutil.which("kubectl")
    if not (on_path and fits(_client_version(Path(on_path)), server)):
        seen = f"{on_path} is {_client_version(Path(on_path)) or 'broken'}" if on_path else "there is none on PATH"
        raise LabError(f"no kubectl here fits {server}: {seen}", f"brew install kubernetes-cli, {server} or near")
    return Path(on_path).resolve()


def _write_k(path: Path) -> None:
    """Write the course's `k`: a script and no link, as the kubectl that is built here goes by the name of its call."""
    new = _temporary_name(path)
    new.write_text('#!/bin/sh\nexec "${0%/*}/kubectl" "$@"\n')
    new.chmod(0o755)
    new.replace(path)


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _client_version(kubectl: Path) -> str:
    """Ask a kubectl for its version; empty where it cannot even say that."""
    done = shell.run([kubectl, "version", "--client", "--output=json"], timeout=20, check=False)
    return "" if done.code else str(json.loads(done.stdout)["clientVersion"]["gitVersion"])
