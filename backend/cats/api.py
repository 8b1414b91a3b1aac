"""The cats over HTTP: portraits, a wall of them."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from backend.cats import words
from backend.cats.portrait import draw
from backend.cats.traits import Cat, Coat, Mood, cat_of
from backend.cats.wall import wall_seeds
from backend.cats.words import Both  # noqa: TC001 - msgspec reads the annotations
from service_runtime.responses import BadInput, reply

SEED_PATTERN = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"
"""Python's `$` alone would let a line end pass."""
Seed = Annotated[str, Meta(pattern=SEED_PATTERN, description="which cat: letters, digits, - and _, 64 at most")]
Count = Annotated[int, Meta(ge=1, le=96, description="how many cats")]

routes = Blueprint("cats", __name__)


class WallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be asked of a wall: how many cats, and which wall (the same name has the same cats)."""

    count: Count = 24
    wall: Seed = "home"


class PortraitQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be asked of a portrait: another mood than the cat's usual one."""

    mood: Mood | None = None


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
    """Return what the wall shows of a cat."""
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
    """Return the cats of a wall."""
    return Wall([card(cat_of(seed)) for seed in wall_seeds(name, count)])


def _sane(seed: str) -> str:
    if not re.match(SEED_PATTERN, seed):
        raise BadInput(f"seed {seed!r} cannot be used: letters, digits, - and _, 64 at most")
    return seed


@routes.get("/cats/<seed>.svg")
def portrait_of(seed: str) -> Response:
    """Draw a cat: the same one for the same seed, so caches may keep it for good."""
    query = msgspec.convert(request.args.to_dict(), PortraitQuery)
    document, tag = portrait(_sane(seed), query.mood)
    response = Response(document, content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.set_etag(tag)
    response.make_conditional(request)
    return response


@routes.get("/api/cats")
def cats() -> Response:
    """List the cats of a wall."""
    query = msgspec.convert(request.args.to_dict(), WallQuery, strict=False)
    return reply(wall(query.wall, query.count))
