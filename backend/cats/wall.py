"""Which cats hang together on one wall."""

from __future__ import annotations

import hashlib
from itertools import count as numbers
from itertools import islice
from typing import TYPE_CHECKING

from backend.cats.traits import cat_of
from backend.cats.words import name

if TYPE_CHECKING:
    from collections.abc import Iterator

APART = 48
"""Two cats of the same look have at least so many others between them; of the same coat, three."""


def wall_seeds(wall: str, count: int) -> list[str]:
    """Return `count` seeds for the wall of that name: all names differ, and neighbours do not look alike.

    A longer wall of the same name begins like a shorter one. There are more names than the 96 cats of the longest.
    """
    return list(islice(_seeds(wall), count))


def _seeds(wall: str) -> Iterator[str]:
    taken: set[str] = set()
    looks: list[tuple[str, ...]] = []
    for number in numbers():
        seed = hashlib.blake2b(f"{wall}/{number}".encode(), digest_size=5).hexdigest()
        look = cat_of(seed).look
        if name(seed) in taken or look in looks[-APART:] or look[2:] in [other[2:] for other in looks[-3:]]:
            continue
        taken.add(name(seed))
        looks.append(look)
        yield seed
