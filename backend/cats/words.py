"""A cat in words, French and English: its breed and name, what one sees, what it says.

The texts are in `words.json`. Names are not translated.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import msgspec

from backend.cats.portrait import EXPRESSIONS
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
    breed_rules: tuple[tuple[str, dict[str, str]], ...]
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


def breed(cat: Cat) -> str:
    """Return the breed whose rule is the first that the traits fit."""
    rules = words().breed_rules
    return next(name for name, traits in rules if all(getattr(cat, trait) == value for trait, value in traits.items()))


def name(seed: str) -> str:
    names = words().names
    return names[_number(seed, b"name") % len(names)]


def alt(cat: Cat) -> Both:
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
    both = words().greetings[cat.mood]
    return Both(*(both.of(language).format(name=name(cat.seed)) for language in LANGUAGES))


def fact(cat: Cat) -> Both:
    facts = words().facts
    return facts[_number(cat.seed, b"fact") % len(facts)]


def _number(seed: str, use: bytes) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=4, person=use).digest())
