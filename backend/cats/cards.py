"""A cat as the page shows it: its card, its portrait, a wall of them."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import count as numbers
from itertools import islice

import msgspec

from backend.cats import words
from backend.cats.portrait import draw
from backend.cats.traits import Cat, Coat, Mood, cat_of
from backend.cats.words import Both

APART = 48
"""Two cats of the same look have at least so many others between them; of the same coat, three."""


class CatCard(msgspec.Struct, frozen=True):
    """One cat on the wall; `alt` says what one sees, `image` is the portrait's path."""

    seed: str
    name: str
    breed: str
    breed_name: Both
    coat: Coat
    mood: Mood
    alt: Both
    image: str


class Wall(msgspec.Struct, frozen=True):
    """The cats of one wall, in order, all names different."""

    cats: list[CatCard]


def card(cat: Cat) -> CatCard:
    breed = words.breed(cat)
    return CatCard(
        seed=cat.seed,
        name=words.name(cat.seed),
        breed=breed,
        breed_name=words.words().breeds[breed],
        coat=cat.coat,
        mood=cat.mood,
        alt=words.alt(cat),
        image=f"/cats/{cat.seed}.svg",
    )


@lru_cache(maxsize=256)
def portrait(seed: str, mood: Mood | None) -> tuple[str, str]:
    """Return the SVG document and its entity tag."""
    cat = cat_of(seed, mood)
    document = draw(cat, f"{words.name(seed)}. {words.alt(cat).en}")
    return document, hashlib.blake2b(document.encode(), digest_size=12).hexdigest()


@lru_cache(maxsize=32)
def wall(name: str, count: int) -> Wall:
    return Wall([card(cat_of(seed)) for seed in wall_seeds(name, count)])


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
        if words.name(seed) in taken or look in looks[-APART:] or look[2:] in [other[2:] for other in looks[-3:]]:
            continue
        taken.add(words.name(seed))
        looks.append(look)
        yield seed
