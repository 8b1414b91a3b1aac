"""Build the node's Go programs, all from one module, so that what they share is compiled once."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import cache, shell
from lab.cluster.node_image import go_toolchain
from lab.cluster.node_image.recipe import TAGS, Recipe
from lab.config import Settings
from lab.steps import Report

EVERYTHING: tuple[str, ...] = ("./...", "tool")
KIND = ("sigs.k8s.io/kind",)
KUBERNETES = ("./kubernetes",)
_HINT = "Go modules come from where GOPROXY says; what was built stays, so run it again"
_LINKING = 0.06
"""The part of the time that goes into linking, after the last package is compiled."""


def build(  # noqa: PLR0913 - each is a property of the one build
    settings: Settings, recipe: Recipe, packages: Sequence[str], *, target: Path, others: Path | None, report: Report
) -> None:
    """Build programs into the folder ``target``, which appears only when all of them are done.

    The programs of the folder ``others`` that are not built here are added.
    """
    go = go_toolchain.ensure(settings, report)
    env = go_toolchain.environment(settings, go)
    flags = ["-buildvcs=false", "-mod=readonly", "-tags", TAGS]
    if recipe != recipe.default:
        flags += ["-modfile", str(recipe.go_mod)]
    total = _count([go, "list", "-deps", *flags, *packages], recipe.folder, env, report)
    with cache.workspace(target.parent) as folder:
        done = folder / "programs"
        shell.run(
            [go, "build", "-v", "-trimpath", *flags, "-ldflags", recipe.ldflags, "-o", f"{done}{os.sep}", *packages],
            cwd=recipe.folder,
            env={**env, "TMPDIR": str(folder)},  # what is interrupted leaves its temporary files here, too
            timeout=3600,
            on_line=_progress(total, report),
            hint=_HINT,
        )
        if (done / "kubernetes").exists():
            (done / "kubectl").symlink_to("kubernetes")
        if others:
            _link_missing(others, done)
        cache.sync(*done.iterdir())
        shutil.rmtree(target, ignore_errors=True)
        done.rename(target)


def fraction(compiled: int, total: int) -> float:
    """Return how much is done when so many of all packages are compiled; Go does not list those in its cache."""
    return round(min(compiled / max(total, 1), 1.0) * (1 - _LINKING), 3)


def _count(command: Sequence[str | Path], module: Path, env: dict[str, str], report: Report) -> int:
    """Fetch the modules that are needed and count the packages in them."""

    def on_line(line: str) -> None:
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))

    report("looking at what is needed")
    listed = shell.run(command, cwd=module, env=env, timeout=1800, on_line=on_line, hint=_HINT)
    return len(listed.stdout.split())


def _progress(total: int, report: Report) -> Callable[[str], None]:
    compiled: set[str] = set()

    def on_line(line: str) -> None:
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))
        elif line and " " not in line:
            compiled.add(line)
            report(line, fraction(len(compiled), total))

    return on_line


def _link_missing(source: Path, target: Path) -> None:
    """Hard-link the programs of another folder that are missing here."""
    for path in source.iterdir():
        if not (target / path.name).exists():
            os.link(path, target / path.name)
