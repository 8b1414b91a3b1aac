"""The cats over HTTP: portraits, a wall of them."""

import re
from typing import Annotated

import msgspec
from flask import Response, request
from msgspec import Meta

from backend.cats.cards import Wall, portrait, wall
from backend.cats.traits import Mood
from backend.openapi import Endpoints
from service_runtime.responses import BadInput, reply

SEED_PATTERN = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"
"""Python's `$` alone would let a line end pass."""
Seed = Annotated[str, Meta(pattern=SEED_PATTERN, description="which cat: letters, digits, - and _, 64 at most")]
Count = Annotated[int, Meta(ge=1, le=96, description="how many cats")]

routes = Endpoints("cats", {"seed": Seed})


class WallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be asked of a wall: how many cats, and which wall (the same name has the same cats)."""

    count: Count = 24
    wall: Seed = "home"


class PortraitQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be asked of a portrait: another mood than the cat's usual one."""

    mood: Mood | None = None


@routes.serves(
    "GET",
    "/cats/<seed>.svg",
    "A cat, drawn from its seed.",
    media="image/svg+xml",
    query=PortraitQuery,
)
def portrait_of(seed: str) -> Response:
    query = msgspec.convert(request.args.to_dict(), PortraitQuery)
    if not re.match(SEED_PATTERN, seed):
        raise BadInput(f"seed {seed!r} cannot be used: letters, digits, - and _, 64 at most")
    document, tag = portrait(seed, query.mood)
    response = Response(document, content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.set_etag(tag)
    response.make_conditional(request)
    return response


@routes.serves("GET", "/api/cats", "The cats of a wall.", Wall, query=WallQuery)
def cats() -> Response:
    query = msgspec.convert(request.args.to_dict(), WallQuery, strict=False)
    return reply(wall(query.wall, query.count))
