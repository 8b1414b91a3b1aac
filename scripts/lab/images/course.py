"""The images that the course names, made here where no image registry is in reach, under the names that it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.recipes import Recipe
from lab.images.registry_client import Name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Substitute:
    """An image in the place of a published one: its recipe, and its repository and tags in the lab's registry."""

    recipe: Recipe
    repository: str
    tags: tuple[str, ...]

    @property
    def names(self) -> list[Name]:
        """Its names in the registry, the tag of its content first."""
        return [Name(self.repository, tag) for tag in (self.recipe.content, *self.tags)]


REDIS = Substitute(Recipe("redis"), "library/redis", ("latest", "7", "7.0", "7.0.15"))
"""What SHAPE=scale needs too: made when that is deployed, so that nobody else waits for it."""


def substitutes(goproxy: Path | None) -> list[Substitute]:
    """List the course's images; ``goproxy`` is that program for the nodes' architecture, left out where it is missing.

    A tag with a version is that of the content: Debian's busybox is 1.35, and MariaDB is no version of MySQL.
    """
    images = [
        Substitute(Recipe("busybox"), "library/busybox", ("latest", "1.35", "1.35.0")),
        Substitute(Recipe("mysql"), "library/mysql", ("latest",)),
    ]
    if goproxy and goproxy.is_file():
        images.append(Substitute(Recipe("goproxy", goproxy), "goproxy", ("0.1",)))
    return images
