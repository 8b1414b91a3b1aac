"""Build the node's Go programs, all from one module, so that what they share is compiled once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab import shell
from lab.cluster import toolchain
from lab.cluster.node_image import minor, recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.config import Settings
    from lab.steps import Report

EVERYTHING = ("./...", "tool")
KIND = ("sigs.k8s.io/kind",)
KUBERNETES = ("./kubernetes",)
_HINT = "Go modules come from where GOPROXY says; what was built stays, so run it again"
_LINKING = 0.06
"""The part of the time that goes into linking, after the last package is compiled."""


def build(
    settings: Settings, packages: Sequence[str], target: Path, report: Report, others: Path | None = None
) -> None:
    """Build programs into the folder ``target``, which appears only when all of them are done.

    They come from the module of the settings' minor of Kubernetes; what they leave out, from the folder ``others``.
    """
    go = toolchain.ensure(settings, report)
    env = toolchain.environment(settings, go)
    module = minor.module(settings.kubernetes)
    total = _count(go, packages, module, env, report)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="building-", dir=target.parent) as folder:
        done = Path(folder, "programs")
        flags = recipe.ldflags(minor.kubernetes(settings.kubernetes))
        argv: list[str | Path] = [go, "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"]
        argv += ["-tags", recipe.TAGS, "-ldflags", flags, "-o", f"{done}{os.sep}", *packages]
        shell.run(
            argv,
            cwd=module,
            env={**env, "TMPDIR": folder},  # what is interrupted leaves its temporary files here, too
            timeout=3600,
            on_line=_progress(total, report),
            hint=_HINT,
        )
        if (done / "kubernetes").exists():
            (done / "kubectl").symlink_to("kubernetes")
        if others:
            _take(others, done)
        _sync(done)
        shutil.rmtree(target, ignore_errors=True)
        done.rename(target)


def fraction(compiled: int, total: int) -> float:
    """Tell how much is done when so many of all packages are compiled; what Go's cache holds is never counted."""
    return round(min(compiled / max(total, 1), 1.0) * (1 - _LINKING), 3)


def _count(go: Path, packages: Sequence[str], module: Path, env: dict[str, str], report: Report) -> int:
    """Fetch the modules that are needed and count the packages in them."""

    def fetched(line: str) -> None:
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))

    report("looking at what is needed")
    argv: list[str | Path] = [go, "list", "-deps", "-buildvcs=false", "-tags", recipe.TAGS, *packages]
    done = shell.run(argv, cwd=module, env=env, timeout=1800, on_line=fetched, hint=_HINT)
    return len(done.stdout.split())


def _progress(total: int, report: Report) -> Callable[[str], None]:
    compiled: set[str] = set()

    def on_line(line: str) -> None:
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))
        elif line and " " not in line:
            compiled.add(line)
            report(line, fraction(len(compiled), total))

    return on_line


def _take(others: Path, folder: Path) -> None:
    """Have another folder's programs here too, but for those that are here: as hard links, which take no room."""
    for path in others.iterdir():
        if not (folder / path.name).exists():
            os.link(path, folder / path.name)


def _sync(folder: Path) -> None:
    """Bring files to the disk before their folder gets the name that says they are whole."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
