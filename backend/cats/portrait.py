"""The portrait: the SVG templates of `shapes.json`, filled with a cat's traits, colours (`palette.json`) and mood."""

import hashlib
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from backend.cats.traits import Cat


def _load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name(name).read_bytes())
    return content


SHAPES = _load("shapes.json")
PALETTE = _load("palette.json")
"""The colours: chosen so that a cat is read at 48 pixels. A coat's markings have the `second` and `third`."""

JOINTS = f'stroke="{PALETTE["ink"]}" stroke-linecap="round" stroke-linejoin="round"'
LINE = f'stroke-width="5" {JOINTS}'
MIRROR = 'transform="matrix(-1 0 0 1 240 0)"'
EYES = ("translate(85 116)", "translate(155 116) scale(-1 1)")
"""Where the left and the right eye are; the right one's coordinates are mirrored."""


class Expression(msgspec.Struct, frozen=True):
    """A mood: how eyes, ears and mouth are. `lid` is how far it comes down, from the top, in pixels of 44."""

    mouth: str
    ears: int = 0
    pupil: tuple[int, int] = (9, 14)
    gaze: tuple[int, int] = (0, 0)
    lid: int = 0
    slant: int = 0
    closed: str = ""


EXPRESSIONS = msgspec.convert(SHAPES["moods"], dict[str, Expression])


def draw(cat: Cat, title: str) -> str:
    """Return the cat as an SVG document of 240 by 240 units.

    It needs no style sheet; a page that inlines it finds `cat-eyes`, `cat-pupil`, `cat-eyelids`, `cat-ears`,
    `cat-tail`, `cat-mouth`, `cat-whiskers` and `cat-backdrop` by class.
    Ids begin with a hash of the traits: many cats fit in one page.
    """
    values = _values(cat, PALETTE["furs"][f"{cat.coat}/{cat.shade}"])
    for name in ("tail_marks", "body_marks", "head_marks"):
        values[name] = SHAPES[name][cat.coat].format_map(values)
    head, ears = (_fill(part, values) for part in ("head_drawn", "ears_drawn"))
    # Folded ears lie on the head, the others stand behind it.
    values["head_and_ears"] = head + ears if cat.ears == "folded" else ears + head
    for side, place in enumerate(EYES):
        values["place"], values["lid"] = place, values["lids"][side]
        values[("left_eye", "right_eye")[side]] = _eye(cat, values, side)
        values[("left_eyelid", "right_eyelid")[side]] = _fill("eyelid", values)
    return _fill("portrait", values | {"title": escape(title)})


def _fill(template: str, values: dict[str, Any]) -> str:
    return "".join(SHAPES[template]).format_map(values)


def _values(cat: Cat, fur: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        **PALETTE,
        **PALETTE["fur"],
        **fur,
        "id": f"cat-{hashlib.blake2b(repr(cat).encode(), digest_size=4).hexdigest()}",
        "line": LINE,
        "joints": JOINTS,
        "mirror": MIRROR,
        "backdrop": PALETTE["backdrops"][cat.backdrop],
        "collar": PALETTE["collars"][cat.collar_colour],
        "tail_fur": fur["second"] if cat.coat == "pointed" else fur["base"],
        "paw": fur["second"] if cat.coat in ("pointed", "tuxedo") else fur["base"],
        "turn": EXPRESSIONS[cat.mood].ears,
        "body": SHAPES["body"],
        "head": SHAPES["heads"][cat.head],
        "tail": SHAPES["tails"][cat.tail],
        "eye_shape": SHAPES["eyes"][cat.eye_shape],
        "whiskers": SHAPES["whiskers"][cat.whiskers],
    }
    values["lids"], ears = _patches(cat, fur)
    for side, colour in zip(("left_ear", "right_ear"), ears, strict=True):
        values[side] = SHAPES["ears"][cat.ears].format_map(values | {"ear": colour})
    values["mouth_drawn"] = SHAPES["mouths"][EXPRESSIONS[cat.mood].mouth].format_map(values)
    values["collar_drawn"] = _collar(cat, values)
    return values


def _patches(cat: Cat, fur: dict[str, str]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the fur's colours around the left and the right eye, and on the left and the right ear."""
    if cat.coat in ("calico", "tortoiseshell"):
        return (fur["second"], fur["base"]), (fur["second"], fur["third"] if cat.coat == "calico" else fur["base"])
    colour = fur["second"] if cat.coat == "pointed" else fur["base"]
    return (colour, colour), (colour, colour)


def _collar(cat: Cat, values: dict[str, Any]) -> str:
    if cat.collar == "none":
        return ""
    return _fill("collar_drawn", values | {"pendant": SHAPES["pendants"][cat.collar].format_map(values)})


def _eye(cat: Cat, values: dict[str, Any], side: int) -> str:
    """Both eyes look, and catch the light, on the same side: what the mirror turns is turned back."""
    mood, turn = EXPRESSIONS[cat.mood], 1 if side == 0 else -1
    if mood.closed:
        return _fill("closed_eye", values | {"closed": SHAPES["closed_eyes"][mood.closed]})
    own = {
        "eye": PALETTE["eyes"][cat.eyes[side]],
        "x": mood.gaze[0] * turn,
        "y": mood.gaze[1],
        "width": mood.pupil[0],
        "height": mood.pupil[1],
        "shine_x": (mood.gaze[0] - 5) * turn,
        "shine_y": mood.gaze[1] - 6,
        "shine": max(3, mood.pupil[0] // 2),
        "lid_drawn": "",
    }
    if mood.lid:
        lid = {"outer": mood.lid - 24 - mood.slant, "inner": mood.lid - 24 + mood.slant}
        own["lid_drawn"] = _fill("lid", values | lid)
    return _fill("open_eye", values | own)
