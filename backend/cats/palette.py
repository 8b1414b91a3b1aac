"""The colours, from `palette.json`: chosen so that a cat is read at 48 pixels."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Fur(msgspec.Struct, frozen=True):
    """The coat's colours: `base` everywhere, `second` and `third` in its markings, `muzzle` around the mouth."""

    base: str
    second: str
    third: str
    muzzle: str
    inner_ear: str = "#f0a7a0"
    nose: str = "#e07a7a"


class Palette(msgspec.Struct, frozen=True):
    ink: str
    blush: str
    tongue: str
    mouth: str
    light: str
    brass: str
    backdrops: dict[str, str]
    eyes: dict[str, str]
    collars: dict[str, str]
    furs: dict[str, Fur]
    """By coat and shade: `tabby/grey`."""


PALETTE = msgspec.json.decode(Path(__file__).with_name("palette.json").read_bytes(), type=Palette)
