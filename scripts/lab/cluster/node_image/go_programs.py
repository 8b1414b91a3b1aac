"""Build the node's Go programs, all from one module, so that what they share is compiled once."""

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
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
_FLAGS = ("-buildvcs=false", "-mod=readonly", "-trimpath", "-gcflags=all=-dwarf=false", "-tags", TAGS)
"""The linker drops debug data (``-s -w``), so the compiler makes none: a tenth of its time."""
_STALE = "{{if .Stale}}{{.ImportPath}}\t{{len .Deps}}\t{{.Dir}}{{range .GoFiles}}\t{{.}}{{end}}{{end}}"
_DEPENDENCY = 300
"""What reading a dependency costs, in bytes of source that compile in the same time; fitted to a recorded build."""
_ASSUMED_COST, _ASSUMED_SECONDS = 1e7, 15.0
"""What counts beside the build's own speed, so that its first packages do not decide alone."""
_ROOMY = 2.5e9
"""Memory for each core, in bytes, from which on the compiler's garbage collector may wait."""


def build(  # noqa: PLR0913 - each is a property of the one build
    settings: Settings, recipe: Recipe, packages: Sequence[str], *, target: Path, others: Path | None, report: Report
) -> None:
    """Build programs into the folder ``target``, which appears only when all of them are done.

    The programs of the folder ``others`` that are not built here are added.
    """
    go = go_toolchain.ensure(settings, report)
    env = {**go_toolchain.environment(settings, go), **_collector()}
    flags = list(_FLAGS)
    if recipe != recipe.default:
        flags += ["-modfile", str(recipe.go_mod)]
    costs = _costs([go, "list", "-deps", "-f", _STALE, *flags, *packages], recipe.folder, env, report)
    with cache.workspace(target.parent) as folder:
        done = folder / "programs"
        shell.run(
            [go, "build", "-v", *flags, "-ldflags", recipe.ldflags, "-o", f"{done}{os.sep}", *packages],
            cwd=recipe.folder,
            env={**env, "TMPDIR": str(folder)},  # what is interrupted leaves its temporary files here, too
            timeout=3600,
            on_line=_progress(costs, report),
            hint=_HINT,
        )
        if (done / "kubernetes").exists():
            (done / "kubectl").symlink_to("kubernetes")
        if others:
            _link_missing(others, done)
        cache.sync(*done.iterdir())
        shutil.rmtree(target, ignore_errors=True)
        done.rename(target)


def left(compiled: float, total: float, seconds: float) -> float:
    """Return the seconds that are left of a build that compiled so much of its cost in so many seconds."""
    return (total - compiled) * (seconds + _ASSUMED_SECONDS) / (compiled + _ASSUMED_COST)


def _collector() -> dict[str, str]:
    """Return the environment that makes Go's compiler collect less: as it is, that takes a quarter of the time."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"GOGC": "400"} if memory / (os.cpu_count() or 1) >= _ROOMY else {}


def _costs(command: Sequence[str | Path], module: Path, env: dict[str, str], report: Report) -> dict[str, float]:
    """Fetch the modules that are needed, and return the packages that are not in Go's cache with their costs."""

    def on_line(line: str) -> None:
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))

    report("looking at what is needed")
    listed = shell.run(command, cwd=module, env=env, timeout=1800, on_line=on_line, hint=_HINT)
    return dict(_cost(line) for line in listed.stdout.splitlines() if line)


def _cost(line: str) -> tuple[str, float]:
    """Return a package and what it costs to compile: by its source, and by what it imports."""
    package, dependencies, folder, *files = line.split("\t")
    size = sum((Path(folder) / name).stat().st_size for name in files)
    return package, size + _DEPENDENCY * int(dependencies)


def _progress(costs: Mapping[str, float], report: Report) -> Callable[[str], None]:
    """Return what reads Go's output: the name of each package, when it begins to compile it."""
    began, compiled, total = time.monotonic(), 0.0, sum(costs.values())

    def on_line(line: str) -> None:
        nonlocal compiled
        if line.startswith("go: downloading "):
            report(line.removeprefix("go: "))
        elif line in costs:
            report(line, round(compiled / total, 3), left(compiled, total, time.monotonic() - began))
            compiled += costs[line]

    return on_line


def _link_missing(source: Path, target: Path) -> None:
    """Hard-link the programs of another folder that are missing here."""
    for path in source.iterdir():
        if not (target / path.name).exists():
            os.link(path, target / path.name)
