"""A cat in words, French and English: its breed and name, what one sees, what it says.

The texts are in `words.json`. Names are not translated.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from backend.cats.portrait import EXPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.cats.traits import Cat

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, Language] = ("fr", "en")


class Both(msgspec.Struct, frozen=True):
    """One text in both languages."""

    fr: str
    en: str

    def of(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `words.json`, by the trait's value."""

    names: tuple[str, ...]
    breeds: dict[str, Both]
    heads: dict[str, Both]
    ears: dict[str, Both]
    coats: dict[str, Both]
    eyes: dict[str, Both]
    eyes_both: dict[str, Both]
    eyes_odd: Both
    eyes_closed: Both
    collars: dict[str, Both]
    collar_colours: dict[str, Both]
    moods: dict[str, Both]
    alt: Both
    greetings: dict[str, Both]
    facts: tuple[Both, ...]


@cache
def words() -> Words:
    return msgspec.json.decode(Path(__file__).with_name("words.json").read_bytes(), type=Words)


BREEDS: tuple[tuple[str, Callable[[Cat], bool]], ...] = (
    ("scottish-fold", lambda cat: cat.ears == "folded"),
    ("siamese", lambda cat: cat.coat == "pointed" and cat.head == "wedge"),
    ("ragdoll", lambda cat: cat.coat == "pointed" and cat.head == "broad"),
    ("birman", lambda cat: cat.coat == "pointed"),
    ("maine-coon", lambda cat: cat.ears == "tufted" and cat.head == "broad"),
    ("norwegian", lambda cat: cat.ears == "tufted"),
    ("chartreux", lambda cat: cat.shade == "blue-grey" and cat.coat == "solid" and cat.head == "broad"),
    ("russian-blue", lambda cat: cat.shade == "blue-grey" and cat.coat == "solid" and cat.head == "wedge"),
    ("british-shorthair", lambda cat: cat.shade == "blue-grey" and cat.coat == "solid"),
    ("bombay", lambda cat: cat.shade == "black" and cat.coat == "solid"),
    ("angora", lambda cat: cat.shade == "white" and cat.coat == "solid"),
    ("havana", lambda cat: cat.shade == "chocolate" and cat.coat == "solid"),
    ("bengal", lambda cat: cat.coat == "tabby" and cat.head == "wedge"),
    ("european", lambda cat: cat.coat in ("tabby", "solid")),
)
"""The first that is true is the breed; whoever is of none is an alley cat."""


def breed(cat: Cat) -> str:
    """Return the breed that the traits are closest to."""
    return next((name for name, fits in BREEDS if fits(cat)), "alley")


def name(seed: str) -> str:
    names = words().names
    return names[_number(seed, b"name") % len(names)]


def alt(cat: Cat) -> Both:
    """Return what one sees."""
    return Both(*(_alt(cat, language) for language in LANGUAGES))


def _alt(cat: Cat, language: Language) -> str:
    w = words()
    collar = "" if cat.collar == "none" else ", " + w.collars[cat.collar].of(language)
    return w.alt.of(language).format(
        breed=w.breeds[breed(cat)].of(language),
        head=w.heads[cat.head].of(language),
        ears=w.ears[cat.ears].of(language),
        coat=w.coats[f"{cat.coat}/{cat.shade}"].of(language),
        eyes=_eyes(cat, language),
        collar=collar.format(w.collar_colours[cat.collar_colour].of(language)),
        mood=w.moods[cat.mood].of(language),
    )


def _eyes(cat: Cat, language: Language) -> str:
    w = words()
    left, right = cat.eyes
    if EXPRESSIONS[cat.mood].closed:
        return w.eyes_closed.of(language)
    if left == right:
        return w.eyes_both[left].of(language)
    return w.eyes_odd.of(language).format(w.eyes[left].of(language), w.eyes[right].of(language))


def greeting(cat: Cat) -> Both:
    """Return what the cat says when it is met."""
    both = words().greetings[cat.mood]
    return Both(*(both.of(language).format(name=name(cat.seed)) for language in LANGUAGES))


def fact(cat: Cat) -> Both:
    """Return the one fact about Pods that this cat knows."""
    facts = words().facts
    return facts[_number(cat.seed, b"fact") % len(facts)]


def _number(seed: str, use: bytes) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=4, person=use).digest())
