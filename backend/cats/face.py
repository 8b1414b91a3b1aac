"""The parts of the face that moods change: eyes and mouth; and nose and whiskers, which they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.cats.palette import BLUSH, EYES, INK, LIGHT, MOUTH, TONGUE

if TYPE_CHECKING:
    from backend.cats.palette import Fur
    from backend.cats.traits import Cat

JOINTS = f'stroke="{INK}" stroke-linecap="round" stroke-linejoin="round"'
LINE = f'stroke-width="5" {JOINTS}'
MIRROR = 'transform="matrix(-1 0 0 1 240 0)"'
EYE_X, EYE_Y = 85, 116

EYE_SHAPES = {
    "round": "M-19 0A19 19 0 1 1 19 0A19 19 0 1 1-19 0Z",
    "almond": "M-22-7C-13-21 13-21 20 7C8 21-17 18-22-7Z",
    "wide": "M-22 0C-22-24 22-24 22 0C22 23-22 23-22 0Z",
}
MUZZLE = "M120 131C108 131 86 138 88 152C90 166 108 168 120 163C132 168 150 166 152 152C154 138 132 131 120 131Z"
NOSE = "M111 133C111 129 129 129 129 133C129 139 123 143 120 143C117 143 111 139 111 133Z"
SMILE = "M104 149C104 159 118 159 120 149C122 159 136 159 136 149M120 143V149"

MOUTHS = {
    "smile": f'<path d="{SMILE}" fill="none" {LINE}/>',
    "blep": f'<path d="M112 156C112 172 128 172 128 156C124 157 121 154 120 151C119 154 116 157 112 156Z" '
    f'fill="{TONGUE}" {LINE}/><path d="{SMILE}" fill="none" {LINE}/>',
    "smirk": f'<path d="M108 153C113 158 119 156 120 148C122 159 138 160 142 145M120 143V148" fill="none" {LINE}/>',
    "frown": f'<path d="M106 159C108 149 132 149 134 159M120 143V151" fill="none" {LINE}/>',
    "oh": f'<ellipse cx="120" cy="157" rx="7" ry="8" fill="{MOUTH}" {LINE}/>',
    "laugh": f'<path d="M106 151C106 174 134 174 134 151C130 157 123 156 120 150C117 156 110 157 106 151Z" '
    f'fill="{MOUTH}" {LINE}/><path d="M112 165C116 160 124 160 128 165C124 169 116 169 112 165Z" fill="{TONGUE}"/>'
    f'<path d="M120 143V150" {LINE}/>',
}
CLOSED = {"down": "M-19-2C-12 10 12 10 19-2", "up": "M-19 6C-12-10 12-10 19 6"}
WHISKERS = {
    "straight": "M64 141L26 134M64 151L25 153",
    "raised": "M64 141C48 140 36 132 27 121M64 151C47 152 34 147 24 139",
    "drooping": "M64 141C48 138 34 142 25 151M64 151C50 151 38 157 31 167",
}


@dataclass(frozen=True)
class Expression:
    """A mood: how eyes, ears and mouth are. `lid` is how far it comes down, from the top, in pixels of 44."""

    mouth: str
    ears: int = 0
    pupil: tuple[int, int] = (9, 14)
    gaze: tuple[int, int] = (0, 0)
    lid: int = 0
    slant: int = 0
    closed: str = ""


EXPRESSIONS = {
    "content": Expression("smile"),
    "curious": Expression("smile", ears=6, pupil=(12, 15), gaze=(3, -3)),
    "playful": Expression("blep", ears=2, pupil=(13, 16)),
    "sleepy": Expression("smile", ears=-12, closed="down"),
    "smug": Expression("smirk", ears=-4, pupil=(8, 14), gaze=(5, 2), lid=18),
    "grumpy": Expression("frown", ears=-20, pupil=(6, 15), lid=13, slant=8),
    "amazed": Expression("oh", ears=4, pupil=(6, 7)),
    "happy": Expression("laugh", ears=-3, closed="up"),
}


def face(cat: Cat, fur: Fur, lids: tuple[str, str], prefix: str) -> str:
    """Return muzzle, nose, mouth, whiskers and eyes; `lids` is the fur's colour around each eye."""
    expression = EXPRESSIONS[cat.mood]
    eyes = (_eye(cat, expression, side, lids[side], prefix) for side in (0, 1))
    return (
        f'<path d="{MUZZLE}" fill="{fur.muzzle}"/>'
        f'<g class="cat-mouth">{MOUTHS[expression.mouth]}</g>'
        f'<path class="cat-nose" d="{NOSE}" fill="{fur.nose}" {LINE}/>'
        + _whiskers(cat)
        + f'<g class="cat-eyes">{"".join(eyes)}</g>'
        + f'<g class="cat-eyelids" visibility="hidden">{_eyelid(cat, 0, lids[0])}{_eyelid(cat, 1, lids[1])}</g>'
    )


def blush() -> str:
    """Return both cheeks; they belong within the head's outline."""
    cheek = f'<ellipse cx="66" cy="143" rx="11" ry="7" fill="{BLUSH}" fill-opacity="0.55"/>'
    return f"{cheek}<g {MIRROR}>{cheek}</g>"


def _whiskers(cat: Cat) -> str:
    path = f'<path d="{WHISKERS[cat.whiskers]}" fill="none" stroke-width="3" {JOINTS}/>'
    return f'<g class="cat-whiskers">{path}<g {MIRROR}>{path}</g></g>'


def _place(side: int) -> str:
    """Return the left eye's own coordinates; the right eye's are mirrored."""
    return f"translate({EYE_X} {EYE_Y})" if side == 0 else f"translate({240 - EYE_X} {EYE_Y}) scale(-1 1)"


def _eye(cat: Cat, mood: Expression, side: int, lid_colour: str, prefix: str) -> str:
    if mood.closed:
        return f'<path class="cat-eye" transform="{_place(side)}" d="{CLOSED[mood.closed]}" fill="none" {LINE}/>'
    shape = EYE_SHAPES[cat.eye_shape]
    return (
        f'<g class="cat-eye" transform="{_place(side)}"><path d="{shape}" fill="{EYES[cat.eyes[side]]}"/>'
        f'<g clip-path="url(#{prefix}-eye)">{_pupil(mood, side)}{_lid(mood, lid_colour)}</g>'
        f'<path d="{shape}" fill="none" {LINE}/></g>'
    )


def _pupil(mood: Expression, side: int) -> str:
    """Both eyes look, and catch the light, on the same side: what the mirror turns is turned back."""
    turn = 1 if side == 0 else -1
    x, y = mood.gaze[0] * turn, mood.gaze[1]
    shine = max(3, mood.pupil[0] // 2)
    return (
        f'<g class="cat-pupil"><ellipse cx="{x}" cy="{y}" rx="{mood.pupil[0]}" ry="{mood.pupil[1]}" fill="{INK}"/>'
        f'<circle cx="{x - 5 * turn}" cy="{y - 6}" r="{shine}" fill="{LIGHT}"/></g>'
    )


def _lid(mood: Expression, colour: str) -> str:
    if not mood.lid:
        return ""
    outer, inner = mood.lid - 24 - mood.slant, mood.lid - 24 + mood.slant
    return f'<path d="M-30-30V{outer}L30 {inner}V-30Z" fill="{colour}" {LINE}/>'


def _eyelid(cat: Cat, side: int, colour: str) -> str:
    """Return a closed eye, hidden until a page shows it, to blink."""
    return (
        f'<g transform="{_place(side)}"><path d="{EYE_SHAPES[cat.eye_shape]}" fill="{colour}" '
        f'stroke="{colour}" stroke-width="6"/><path d="{CLOSED["down"]}" fill="none" {LINE}/></g>'
    )
