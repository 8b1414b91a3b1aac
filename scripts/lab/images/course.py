"""The images that the course names, made here where no image registry is in reach, under the names that it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.recipes import Recipe
from lab.images.registry_client import Name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Stand:
    """An image that stands for a published one: its recipe, its repository in our registry, and its tags there."""

    recipe: Recipe
    repository: str
    tags: tuple[str, ...]

    @property
    def names(self) -> list[Name]:
        """Its names in the registry, the one of its content first."""
        return [Name(self.repository, tag) for tag in (self.recipe.content, *self.tags)]


REDIS = Stand(Recipe("redis"), "library/redis", ("latest", "7", "7.0", "7.0.15"))
"""What SHAPE=scale names too: made when that is deployed, so that nobody else waits for it."""


def stands(goproxy: Path | None) -> list[Stand]:
    """Return them all; ``goproxy`` is that program for the nodes' architecture, whose image is left out without it.

    A tag that names a version says the truth: Debian's busybox is 1.35, and MariaDB is no version of MySQL.
    """
    program = [Stand(Recipe("goproxy", goproxy), "goproxy", ("0.1",))] if goproxy and goproxy.is_file() else []
    return [
        Stand(Recipe("busybox"), "library/busybox", ("latest", "1.35", "1.35.0")),
        Stand(Recipe("mysql"), "library/mysql", ("latest",)),
        *program,
    ]
