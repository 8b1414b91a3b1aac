"""The portrait: parts put on top of one another in one SVG document."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from backend.cats import body
from backend.cats.face import EYE_SHAPES, face
from backend.cats.palette import BACKDROPS, FURS

if TYPE_CHECKING:
    from backend.cats.traits import Cat


def draw(cat: Cat, title: str) -> str:
    """Return the cat as an SVG document of 240 by 240 units.

    It needs no style sheet; a page that inlines it finds `cat-eyes`, `cat-pupil`, `cat-eyelids`, `cat-ears`,
    `cat-tail`, `cat-mouth`, `cat-whiskers` and `cat-backdrop` by class.
    Ids begin with a hash of the traits: many cats fit in one page.
    """
    fur = FURS[cat.coat, cat.shade]
    prefix = f"cat-{hashlib.blake2b(repr(cat).encode(), digest_size=4).hexdigest()}"
    ears, head = body.ears(cat, fur), body.head(cat, fur, prefix)
    parts = (
        f'<rect class="cat-backdrop" width="240" height="240" fill="{BACKDROPS[cat.backdrop]}"/>',
        body.tail(cat, fur),
        body.body(cat, fur, prefix),
        body.collar(cat),
        # Folded ears lie on the head, the others stand behind it.
        f'<g class="cat-head">{head + ears if cat.ears == "folded" else ears + head}',
        face(cat, fur, body.lid_colours(cat, fur), prefix),
        "</g>",
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" role="img" class="cat" '
        f'aria-labelledby="{prefix}-title"><title id="{prefix}-title">{escape(title)}</title>'
        f"{_clips(cat, prefix)}{''.join(parts)}</svg>"
    )


def _clips(cat: Cat, prefix: str) -> str:
    shapes = {"head": body.HEADS[cat.head], "body": body.BODY, "eye": EYE_SHAPES[cat.eye_shape]}
    clips = (f'<clipPath id="{prefix}-{name}"><path d="{path}"/></clipPath>' for name, path in shapes.items())
    return f"<defs>{''.join(clips)}</defs>"
