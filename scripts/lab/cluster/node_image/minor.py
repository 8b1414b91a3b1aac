"""The node of another Kubernetes minor: Kubernetes from a Go module of its own, everything else the usual node's.

``k8s/kind/node-1.35`` holds that module, links to the usual node's files, and the one file that differs.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.cluster.node_image import recipe
from lab.config import MINORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lab.config import Minor

PUBLISHED: Mapping[Minor, str | None] = {
    "1.37": None,
    "1.35": "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
}
"""kind's published node image of each minor, from the release notes of kind v0.33.0; None: the one that kind names."""


def module(minor: Minor) -> Path:
    """Name the folder of the Go module that the minor's Kubernetes is built from."""
    usual = recipe.MODULE
    return usual if minor == MINORS[0] else usual.with_name(f"{usual.name}-{minor}")


def kubernetes(minor: Minor) -> str:
    """Return the very version of Kubernetes that a minor's node is of, such as ``v1.35.4``."""
    return recipe.version("k8s.io/kubernetes", (module(minor) / "go.mod").read_text())


def programs_hash(minor: Minor) -> str:
    """Name what decides the Go programs: for another minor than the usual its module too."""
    usual = recipe.programs_hash()
    if minor == MINORS[0]:
        return usual
    return recipe.digest([module(minor) / name for name in ("go.mod", "go.sum")], [usual])


def image_hash(minor: Minor) -> str:
    """Name what decides the whole image, 12 hexadecimal digits: for another minor than the usual its folder too."""
    usual = recipe.image_hash()
    if minor == MINORS[0]:
        return usual
    files = sorted(path for path in module(minor).rglob("*") if path.is_file())
    return recipe.digest(files, [usual])[:12]


@contextmanager
def chosen(minor: Minor) -> Iterator[None]:
    """Have ``node_recipe`` speak of that minor's module within the block.

    A node image is named after what decides it, the recipe's own code among it, and that knows one folder. It is set
    here, so that a second minor changes nothing about the image of the first.
    """
    before, recipe.MODULE = recipe.MODULE, module(minor)
    try:
        yield
    finally:
        recipe.MODULE = before
