"""The node's recipe for each Kubernetes minor: the same files, and a Go module of the minor's own.

``k8s/kind/node`` is the usual minor's folder; ``k8s/kind/node-1.35`` has links to its files beside a ``go.mod``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.cluster import node_recipe
from lab.config import MINORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.config import Minor

PUBLISHED: Mapping[Minor, str | None] = {
    "1.37": None,
    "1.35": "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
}
"""kind's published node image of each minor, from the release notes of kind v0.33.0; None: the one that kind names."""


@contextmanager
def chosen(minor: Minor) -> Iterator[None]:
    """Have ``node_recipe`` speak of that minor within the block.

    What decides a node image names it, the recipe's own code among it, and one recipe speaks of one module folder: the
    folder is set here, so that a second minor changes nothing about the image of the first.
    """
    before = node_recipe.MODULE
    if minor != MINORS[0]:
        node_recipe.MODULE = before.with_name(f"{before.name}-{minor}")
    try:
        yield
    finally:
        node_recipe.MODULE = before
