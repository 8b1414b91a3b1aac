"""A cat as the page shows it: its card, its portrait, a wall of them."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec

from backend.cats import words
from backend.cats.portrait import draw
from backend.cats.traits import Cat, Coat, Mood, cat_of
from backend.cats.wall import wall_seeds
from backend.cats.words import Both  # noqa: TC001 - msgspec reads the annotations


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
