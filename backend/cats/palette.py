"""The colours: flat, warm, and far enough from the line's to be told apart at 48 pixels."""

from __future__ import annotations

from dataclasses import dataclass

INK = "#2a2230"
BLUSH = "#f0968a"
TONGUE = "#f08a92"
MOUTH = "#7a2f3c"
LIGHT = "#fffaf0"

BACKDROPS = {
    "peach": "#f9d5b0",
    "sage": "#c4dcc0",
    "lilac": "#d5cdee",
    "rose": "#f5c6c4",
    "sky": "#bcdcee",
    "straw": "#f3e19c",
    "plum": "#c9a9c6",
    "mint": "#a9d8cd",
}
EYES = {
    "amber": "#f2a93b",
    "green": "#8cc26a",
    "blue": "#6cb6e8",
    "copper": "#d4793f",
    "gold": "#f4d35e",
    "turquoise": "#58c4b4",
}
COLLARS = {"red": "#d9453d", "blue": "#3b6fb6", "green": "#3f9166", "yellow": "#f2b632", "violet": "#8657a8"}
BRASS = "#f4c84a"


@dataclass(frozen=True)
class Fur:
    """The coat's colours: `base` everywhere, `second` and `third` in its markings, `muzzle` around the mouth."""

    base: str
    second: str
    third: str
    muzzle: str
    inner_ear: str = "#f0a7a0"
    nose: str = "#e07a7a"


_DARK = {"inner_ear": "#b8838c", "nose": "#4a333c"}

FURS = {
    ("solid", "black"): Fur("#5a5366", "#4c4657", "#4c4657", "#7b7488", **_DARK),
    ("solid", "blue-grey"): Fur("#93a1b5", "#8190a6", "#8190a6", "#b9c4d2", nose="#5f6a7d"),
    ("solid", "white"): Fur("#fdf8ee", "#efe6d6", "#efe6d6", "#ffffff"),
    ("solid", "ginger"): Fur("#ee9d52", "#dd8538", "#dd8538", "#fbd7a6"),
    ("solid", "cream"): Fur("#f7dfb4", "#eccb95", "#eccb95", "#fff3dc"),
    ("solid", "chocolate"): Fur("#94674f", "#805540", "#805540", "#bd927a", **_DARK),
    ("tabby", "ginger"): Fur("#f3ac62", "#cf6f2b", "#cf6f2b", "#fde2bb"),
    ("tabby", "grey"): Fur("#bdb6b3", "#736c72", "#736c72", "#e9e4df"),
    ("tabby", "brown"): Fur("#c79a6b", "#79512f", "#79512f", "#eed7b4"),
    ("tabby", "silver"): Fur("#e4e5e8", "#8b8f9b", "#8b8f9b", "#ffffff"),
    ("tuxedo", "black"): Fur("#5a5366", "#fdf8ee", "#fdf8ee", "#fdf8ee"),
    ("tuxedo", "blue-grey"): Fur("#8796ad", "#fdf8ee", "#fdf8ee", "#fdf8ee"),
    ("tuxedo", "ginger"): Fur("#ee9d52", "#fdf8ee", "#fdf8ee", "#fdf8ee"),
    ("tuxedo", "chocolate"): Fur("#94674f", "#fdf8ee", "#fdf8ee", "#fdf8ee"),
    ("calico", "bright"): Fur("#fdf8ee", "#ee9447", "#5a5366", "#ffffff"),
    ("calico", "dilute"): Fur("#fdf8ee", "#f3cb92", "#a3adbd", "#ffffff"),
    ("pointed", "seal"): Fur("#f6e6cc", "#7a5a4c", "#7a5a4c", "#8d6c5d", inner_ear="#c79a8b", nose="#3f2c29"),
    ("pointed", "blue"): Fur("#f0eeec", "#8894aa", "#8894aa", "#a3adc0", nose="#56607a"),
    ("pointed", "flame"): Fur("#fdf0dc", "#e89a55", "#e89a55", "#f6b97e"),
    ("pointed", "lilac"): Fur("#f8efea", "#b99da6", "#b99da6", "#d0b9bf", nose="#a5717f"),
    ("tortoiseshell", "bright"): Fur("#5a5060", "#e58d42", "#f5cf98", "#e9a765", **_DARK),
    ("tortoiseshell", "dilute"): Fur("#97a1b3", "#f0c990", "#fbeed6", "#f6dcb4"),
    ("tortoiseshell", "chocolate"): Fur("#84593f", "#e0974f", "#f4d6a6", "#c98f5f", **_DARK),
}
