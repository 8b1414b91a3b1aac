"""Head, ears, body, tail, collar, and the coat's markings on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.cats.face import EXPRESSIONS, LINE, MIRROR, blush
from backend.cats.palette import BRASS, COLLARS, INK

if TYPE_CHECKING:
    from backend.cats.palette import Fur
    from backend.cats.traits import Cat

HEADS = {
    "round": "M120 50C168 50 196 82 196 118C196 154 164 178 120 178C76 178 44 154 44 118C44 82 72 50 120 50Z",
    "wedge": "M120 52C160 52 190 70 192 104C193 134 162 181 120 181C78 181 47 134 48 104C50 70 80 52 120 52Z",
    "broad": "M120 52C168 52 196 78 199 108L214 124L200 131L207 149L188 151C174 169 148 178 120 178"
    "C92 178 66 169 52 151L33 149L40 131L26 124L41 108C44 78 72 52 120 52Z",
}
BODY = "M58 250C50 210 74 172 120 172C166 172 190 210 182 250Z"
PAW = "M80 246C74 226 82 216 96 216C110 216 118 226 112 246Z"
TOES = "M91 233V240M101 233V240"
TAILS = {
    "curled": "M168 230C214 236 230 206 214 186C204 174 190 184 198 194",
    "raised": "M168 232C206 232 208 206 210 180C211 166 216 158 224 154",
    "hooked": "M168 232C204 230 200 200 204 184C208 166 226 168 224 184",
}
EARS = {
    "pricked": "M52 104C42 74 44 44 52 26C54 21 59 20 63 24C80 36 98 50 110 64Z",
    "tufted": "M52 104C40 70 45 44 51 24C53 18 58 18 62 23C78 34 98 50 110 64Z",
}
INNER_EARS = {
    "pricked": "M61 86C55 68 55 52 60 40C72 48 84 58 93 68Z",
    "tufted": "M61 86C53 66 55 54 59 40C64 42 66 50 67 56L75 50L77 60L86 58L93 68Z",
}
TUFT = "M53 20L44 10M56 17L55 6"
FOLD = "M47 84C54 60 78 45 105 51C102 64 94 76 82 80C74 84 67 92 60 99C53 97 48 91 47 84Z"


def ear_colour(cat: Cat, fur: Fur, side: int) -> str:
    """Return the colour of the left (0) or right ear."""
    if cat.coat == "pointed":
        return fur.second
    if cat.coat in ("calico", "tortoiseshell"):
        return (fur.second, fur.third if cat.coat == "calico" else fur.base)[side]
    return fur.base


def ears(cat: Cat, fur: Fur) -> str:
    """Return both ears, turned as the mood has them."""
    angle = EXPRESSIONS[cat.mood].ears
    left, right = (_ear(cat, fur, side) for side in (0, 1))
    turn = f'<g transform="rotate({angle} 84 84)">'
    return f'<g class="cat-ears">{turn}{left}</g><g {MIRROR}>{turn}{right}</g></g></g>'


def _ear(cat: Cat, fur: Fur, side: int) -> str:
    colour = ear_colour(cat, fur, side)
    if cat.ears == "folded":
        return f'<path d="{FOLD}" fill="{colour}" {LINE}/>'
    tuft = f'<path d="{TUFT}" {LINE}/>' if cat.ears == "tufted" else ""
    inner = f'<path d="{INNER_EARS[cat.ears]}" fill="{fur.inner_ear}"/>'
    return f'{tuft}<path d="{EARS[cat.ears]}" fill="{colour}" {LINE}/>{inner}'


def tail(cat: Cat, fur: Fur) -> str:
    """Return the tail: one line drawn thrice, as outline, fur and markings."""
    path = f'd="{TAILS[cat.tail]}" fill="none" stroke-linecap="round"'
    base = fur.second if cat.coat == "pointed" else fur.base
    marks = {
        "tabby": _rings(path, fur.second, "8 12"),
        "tuxedo": _tip(path, fur.second),
        "calico": _tip(path, fur.third),
        "tortoiseshell": _rings(path, fur.second, "16 22"),
    }
    outline = f'<path {path} stroke="{INK}" stroke-width="27"/><path {path} stroke="{base}" stroke-width="17"/>'
    return f'<g class="cat-tail">{outline}{marks.get(cat.coat, "")}</g>'


def _rings(path: str, colour: str, dashes: str) -> str:
    return f'<path {path.replace("round", "butt")} stroke="{colour}" stroke-width="17" stroke-dasharray="{dashes}"/>'


def _tip(path: str, colour: str) -> str:
    return f'<path {path} pathLength="100" stroke="{colour}" stroke-width="17" stroke-dasharray="0 74 30"/>'


def body(cat: Cat, fur: Fur, prefix: str) -> str:
    """Return the body with its markings, and the paws on the window sill."""
    paws = {"pointed": fur.second, "tuxedo": fur.second}.get(cat.coat, fur.base)
    paw = f'<path d="{PAW}" fill="{paws}" {LINE}/><path d="{TOES}" {LINE}/>'
    return (
        f'<g class="cat-body"><path d="{BODY}" fill="{fur.base}"/>'
        f'<g clip-path="url(#{prefix}-body)">{_body_marks(cat, fur)}</g><path d="{BODY}" fill="none" {LINE}/></g>'
        f'<g class="cat-paws">{paw}<g {MIRROR}>{paw}</g></g>'
    )


def _body_marks(cat: Cat, fur: Fur) -> str:
    return {
        "tabby": f'<path d="M44 206H76M46 224H72M164 206H196M168 224H194" stroke="{fur.second}" stroke-width="8" '
        'stroke-linecap="round"/>',
        "tuxedo": f'<path d="M120 160C92 160 86 190 96 214C102 230 138 230 144 214C154 190 148 160 120 160Z" '
        f'fill="{fur.second}"/>',
        "calico": f'<path d="M40 250C40 210 60 190 84 196C96 206 84 236 74 250Z" fill="{fur.third}"/>'
        f'<path d="M196 180C164 180 150 200 160 222C170 232 200 224 200 214Z" fill="{fur.second}"/>',
        "tortoiseshell": f'<path d="M40 180C80 180 96 200 80 220C66 230 44 220 40 214Z" fill="{fur.second}"/>'
        f'<path d="M150 250C140 226 156 206 180 210L196 250Z" fill="{fur.second}"/>'
        f'<path d="M112 190C126 186 136 198 128 210C116 214 106 204 112 190Z" fill="{fur.third}"/>',
    }.get(cat.coat, f'<path d="M96 250C96 206 144 206 144 250Z" fill="{fur.muzzle}" fill-opacity="0.5"/>')


def head(cat: Cat, fur: Fur, prefix: str) -> str:
    """Return the head with its markings."""
    shape = HEADS[cat.head]
    return (
        f'<path d="{shape}" fill="{fur.base}"/><g clip-path="url(#{prefix}-head)">{_head_marks(cat, fur)}{blush()}</g>'
        f'<path d="{shape}" fill="none" {LINE}/>'
    )


def _head_marks(cat: Cat, fur: Fur) -> str:
    return {
        "tabby": f'<path d="M120 44V80M103 46L106 74M137 46L134 74M38 120L58 124M40 138L58 136M202 120L182 124M200 138'
        f'L182 136" stroke="{fur.second}" stroke-width="8" stroke-linecap="round"/>',
        "tuxedo": f'<path d="M120 66C115 96 106 120 78 136C66 160 90 186 120 186C150 186 174 160 162 136'
        f'C134 120 125 96 120 66Z" fill="{fur.second}"/>',
        "calico": f'<path d="M30 40H112C116 72 110 96 104 118C96 142 56 144 30 128Z" fill="{fur.second}"/>'
        f'<path d="M140 40C134 66 142 84 160 92C180 98 200 96 214 90V40Z" fill="{fur.third}"/>',
        "pointed": f'<path d="M120 82C98 82 66 100 66 126C66 158 92 174 120 174C148 174 174 158 174 126C174 100 142 82 '
        f'120 82Z" fill="{fur.second}"/>',
        "tortoiseshell": f'<path d="M126 40C108 58 128 74 114 92C104 108 126 118 118 136'
        f'C112 152 126 166 120 190H30V40Z" fill="{fur.second}"/>'
        f'<path d="M62 62C76 54 92 64 88 80C78 90 60 82 62 62Z" fill="{fur.base}"/>'
        f'<path d="M150 66C164 58 178 70 172 84C160 92 146 82 150 66Z" fill="{fur.third}"/>'
        f'<path d="M158 148C170 140 186 144 184 160C174 172 158 164 158 148Z" fill="{fur.second}"/>',
    }.get(cat.coat, "")


def lid_colours(cat: Cat, fur: Fur) -> tuple[str, str]:
    """Return the fur's colour around the left and the right eye."""
    if cat.coat in ("calico", "tortoiseshell"):
        return (fur.second, fur.base)
    return (fur.second, fur.second) if cat.coat == "pointed" else (fur.base, fur.base)


def collar(cat: Cat) -> str:
    """Return the collar, or nothing."""
    if cat.collar == "none":
        return ""
    colour = COLLARS[cat.collar_colour]
    band = f'<path d="M76 172C92 192 148 192 164 172L167 183C150 207 90 207 73 183Z" fill="{colour}" {LINE}/>'
    return f'<g class="cat-collar">{band}{_pendant(cat, colour)}</g>'


def _pendant(cat: Cat, colour: str) -> str:
    return {
        "bell": f'<circle cx="120" cy="201" r="10" fill="{BRASS}" {LINE}/><path d="M120 203V209" {LINE}/>',
        "bow": f'<path d="M120 197L88 179V215ZM120 197L152 179V215Z" fill="{colour}" {LINE}/>'
        f'<circle cx="120" cy="197" r="8" fill="{colour}" {LINE}/>',
        "bandana": f'<path d="M82 190C104 201 136 201 158 190L120 226Z" fill="{colour}" {LINE}/>',
        "medal": f'<path d="M120 214C108 206 108 196 115 196C118 196 120 199 120 201C120 199 122 196 125 196'
        f'C132 196 132 206 120 214Z" fill="{BRASS}" {LINE}/>',
    }[cat.collar]
