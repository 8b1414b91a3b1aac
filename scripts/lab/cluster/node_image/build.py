"""The node image where no image registry is in reach: built from Go modules and Debian packages, cached by content."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.cluster import toolchain
from lab.cluster.node_image import assemble, recipe
from lab.cluster.node_image import minor as node_minor
from lab.cluster.node_image import programs as node_programs
from lab.cluster.node_image import root as node_root
from lab.config import MINORS
from lab.docker import docker, inspect
from lab.errors import LabError
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.config import Minor, Settings
    from lab.steps import Report

_NEED = {"programs": 8.0, "kind": 1.5, "root": 1.0, "image": 2.5}
"""Free disk that each part takes while it is built from nothing, in GB; Go's caches are most of the first two."""


def reference(minor: Minor = MINORS[0]) -> str:
    """Name the node image that this project's files describe: ``chatroulette-node:`` and 12 hexadecimal digits."""
    return f"{assemble.NAME}:{node_minor.image_hash(minor)}"


def steps(settings: Settings) -> list[Step]:
    """Return the steps from nothing to the node image in Docker; each is skipped where its result is there."""
    built, debian_root, wanted = _programs(settings), _root(settings), reference(settings.kubernetes)

    def image_there() -> str | None:
        return f"{wanted} is in Docker" if inspect(wanted, "image") else None

    return [
        Step("Have a Go toolchain", _act_toolchain(settings), lambda: _cached(built) or _go_there(settings), 25),
        *_programs_steps(settings),
        Step("Make the node's Debian root", _act_root(settings), lambda: image_there() or _cached(debian_root), 50),
        Step("Put the node image together", _act_image(settings, wanted), image_there, 25),
    ]


def _programs_steps(settings: Settings) -> list[Step]:
    """Return the step that builds the programs; another minor's Kubernetes goes with those of the usual one."""
    programs, usual = _programs(settings), _usual(settings)
    steps = [
        Step(
            "Build Kubernetes and the node's programs",
            _act_programs(usual),
            lambda: _cached(programs) or _cached(_programs(usual)),
            560,
        )
    ]
    if usual != settings:
        title = f"Build Kubernetes {settings.kubernetes}"
        steps.append(Step(title, _act_kubernetes(settings), lambda: _cached(programs), 300))
    return steps


def build_kind_only(settings: Settings) -> list[Step]:
    """Return the steps that build just kind, for machines that have the published node image in reach but no kind."""
    target = _kind_only(settings)

    def act(report: Report) -> str:
        _make_ready(settings, "kind")
        node_programs.build(_usual(settings), node_programs.KIND, target, report)
        return f"kind {recipe.version('sigs.k8s.io/kind')}"

    def done() -> str | None:
        return _cached(_programs(settings)) or _cached(target)

    return [
        Step("Have a Go toolchain", _act_toolchain(settings), lambda: done() or _go_there(settings), 25),
        Step("Build kind", act, done, 60),
    ]


def tools(settings: Settings) -> dict[str, Path]:
    """Tell where the programs for this machine are once their steps are done: ``kind``, ``kubectl``, ``goproxy``.

    Only ``kind`` where just that was built.
    """
    if _kind_only(settings).exists() and not _programs(settings).exists():
        return {"kind": _kind_only(settings) / "kind"}
    return {name: _programs(settings) / name for name in ("kind", "kubectl", "goproxy")}


def clean() -> None:
    """Remove every node image from Docker, and what interrupted builds left there."""
    assemble.remove_leftovers()
    images = docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={assemble.NAME}").split()
    if images:
        docker("rmi", "--force", *images, timeout=120)


def missing_space(need: float, free: float, where: Path) -> LabError | None:
    """Return the error that says how much room a build needs and has, in GB; None where there is enough."""
    if free >= need:
        return None
    return LabError(
        f"building the node image needs {need:.1f} GB free in {where}, and there are {free:.1f}",
        "make room, or set LAB_CACHE to a folder on another disk",
    )


def _programs(settings: Settings) -> Path:
    return settings.cache / "node" / f"programs-{node_minor.programs_hash(settings.kubernetes)}"


def _kind_only(settings: Settings) -> Path:
    return settings.cache / "node" / f"kind-{recipe.version('sigs.k8s.io/kind')}"


def _root(settings: Settings) -> Path:
    return settings.cache / "node" / f"root-{recipe.root_hash()}.tar"


def _cached(path: Path) -> str | None:
    return f"built before: {path.name}" if path.exists() else None


def _go_there(settings: Settings) -> str | None:
    go = toolchain.present(settings)
    return str(go) if go else None


def _act_toolchain(settings: Settings) -> Callable[[Report], str]:
    def act(report: Report) -> str:
        _sweep(settings)
        return str(toolchain.ensure(settings, report))

    return act


def _act_programs(settings: Settings) -> Callable[[Report], str]:
    def act(report: Report) -> str:
        _make_ready(settings, "programs")
        node_programs.build(settings, node_programs.EVERYTHING, _programs(settings), report)
        return f"Kubernetes {recipe.version('k8s.io/kubernetes')}"

    return act


def _act_kubernetes(settings: Settings) -> Callable[[Report], str]:
    def act(report: Report) -> str:
        _make_ready(settings, "programs")
        target, others = _programs(settings), _programs(_usual(settings))
        node_programs.build(settings, node_programs.KUBERNETES, target, report, others)
        return f"Kubernetes {node_minor.kubernetes(settings.kubernetes)}"

    return act


def _usual(settings: Settings) -> Settings:
    return replace(settings, kubernetes=MINORS[0])


def _act_root(settings: Settings) -> Callable[[Report], str]:
    def act(report: Report) -> str:
        _make_ready(settings, "root")
        node_root.build(_root(settings), report)
        return f"Debian {recipe.SUITE}"

    return act


def _act_image(settings: Settings, wanted: str) -> Callable[[Report], str]:
    programs = _programs(settings)

    def act(report: Report) -> str:
        _make_ready(settings, "image")
        with node_minor.chosen(settings.kubernetes):
            assemble.assemble(programs, _root(settings), [wanted], settings.cache / "node", report)
        return wanted

    return act


def _make_ready(settings: Settings, part: str) -> None:
    """Make room, and look before starting whether it is enough, so that a disk is not full half an hour later."""
    folder = settings.cache / "node"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(settings)
    error = missing_space(_NEED[part], shutil.disk_usage(folder).free / 1e9, folder)
    if error:
        raise error


def _sweep(settings: Settings) -> None:
    """Remove what builds that were killed left behind; none is at work, as a lab command has the cache to itself."""
    for left in [*settings.cache.glob("building-*"), *(settings.cache / "node").glob("building-*")]:
        with suppress(FileNotFoundError):
            shutil.rmtree(left)
