"""The two programs that the lab and its people use on a cluster: kind, and a kubectl that fits it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab import docker, shell
from lab.cluster import lifecycle
from lab.cluster.node_image import recipe
from lab.errors import LabError
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import Settings
    from lab.steps import Report

SKEW = 1
"""kubectl is supported within one minor of the API server (kubernetes.io/releases/version-skew-policy)."""


def steps(settings: Settings, built: Callable[[], Path | None]) -> list[Step]:
    """Return the step that puts a fitting kubectl beside the lab; ``built`` names one that was built here, if any."""
    return [Step("Have a kubectl that fits", lambda report: _fit(settings, built(), report), expected=1)]


def kind_on_path() -> Path | None:
    """Return the kind on PATH where it is as new as the one that the lab builds: older ones lack newer node images."""
    found = shutil.which("kind")
    if found is None:
        return None
    own = recipe.version("sigs.k8s.io/kind")
    said = shell.run([found, "version", "--quiet"], timeout=20, check=False).stdout
    return Path(found) if minor(said.strip() or "v0.0") >= minor(own) else None


def minor(version: str) -> int:
    """Take the minor number out of ``v1.37.2`` or ``1.37``."""
    return int(version.lstrip("v").split(".")[1])


def fits(client: str, server: str) -> bool:
    """Tell whether a kubectl of one version is supported with an API server of the other; one of none is not."""
    return re.match(r"v?\d+\.\d+", client) is not None and abs(minor(client) - minor(server)) <= SKEW


def _fit(settings: Settings, built: Path | None, report: Report) -> str:
    server = lifecycle.version(settings)
    beside = settings.programs / "kubectl"
    settings.programs.mkdir(exist_ok=True)
    if not _is_placed(beside, built, server):
        _place(settings, built, beside)
    _write_k(settings.programs / "k")
    found = _on_path()
    if found is None or found.resolve() == beside.resolve():
        return f"{beside}, {server}"
    version = _client_version(found) or "broken"
    if not fits(version, server):
        report.note(
            f"the kubectl on your PATH is {version}, the cluster {server}: too far apart. One that fits: {beside}"
        )
        report.note(f'to use it, and `k`: export PATH="{settings.programs}:$PATH"')
    return f"{beside}, {server}"


def _is_placed(beside: Path, built: Path | None, server: str) -> bool:
    if built:
        return beside.resolve() == built.resolve()
    return beside.exists() and fits(_client_version(beside), server)


def _place(settings: Settings, built: Path | None, beside: Path) -> None:
    """Link the kubectl that was built here, or copy the node's own, which has the cluster's very version."""
    if built:
        _link(built, beside)
        return
    if sys.platform != "linux":
        raise LabError(f"no kubectl here fits {lifecycle.version(settings)}", "install one of that version")
    fresh = beside.with_name(f".{beside.name}.{os.getpid()}")
    docker.docker("cp", "--follow-link", f"{settings.node}:/usr/bin/kubectl", fresh, timeout=60)
    fresh.replace(beside)


def _write_k(path: Path) -> None:
    """Write the course's `k`: a script and no link, as the kubectl that is built here goes by the name of its call."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text('#!/bin/sh\nexec "${0%/*}/kubectl" "$@"\n')
    fresh.chmod(0o755)
    fresh.replace(path)


def _link(target: Path, link: Path) -> None:
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)


def _on_path() -> Path | None:
    found = shutil.which("kubectl")
    return Path(found) if found else None


def _client_version(kubectl: Path) -> str:
    """Ask a kubectl for its version; empty where it cannot even say that."""
    done = shell.run([kubectl, "version", "--client", "--output=json"], timeout=20, check=False)
    return "" if done.code else str(json.loads(done.stdout)["clientVersion"]["gitVersion"])
