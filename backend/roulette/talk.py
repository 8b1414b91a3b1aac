"""What a house cat answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.cats import words
from backend.cats.traits import cat_of

if TYPE_CHECKING:
    from backend.roulette.store import Language


def answer(seed: str, count: int, text: str, language: Language) -> str:
    """Return what the cat says to the text that it is told as number `count`."""
    _ = count, text
    return words.fact(cat_of(seed)).of(language)
