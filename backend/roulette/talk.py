"""What a house cat answers: it reacts to a word that it knows, else as its mood has it. The texts are in `talk.json`.

The same cat answers the same text, said at the same point of a chat, in the same way; but never twice in a row.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backend.cats import words
from backend.cats.traits import Mood, cat_of
from backend.cats.words import Both

if TYPE_CHECKING:
    from backend.roulette.store import Language

Lines = tuple[Both, ...]

LONG = range(6, 19)
"""Lengths of a word that is worth repeating."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cat says to any of these words, which are in small letters without accents."""

    name: str
    words: frozenset[str]
    lines: Lines


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a mood greets back, answers questions, and talks."""

    hello: Lines
    question: Lines
    chat: Lines


class Talk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `talk.json`; the first topic that fits counts, and `echo` repeats a word."""

    topics: tuple[Topic, ...]
    hello: frozenset[str]
    echo: Lines
    moods: dict[Mood, Manner]


@cache
def texts() -> Talk:
    """Return the texts, read once."""
    return msgspec.json.decode(Path(__file__).with_name("talk.json").read_bytes(), type=Talk)


def answer(seed: str, count: int, text: str, language: Language) -> str:
    """Return what the cat says to the text that it is told as number `count`.

    Each time it goes on by one in the lines that fit, and no line is in two places: so none comes twice in a row.
    """
    lines = _lines(cat_of(seed).mood, text)
    start = _number(seed + lines[0].en)
    line = lines[(start + count) % len(lines)].of(language)
    fact = words.fact(cat_of(seed)).of(language)
    return line.format(name=words.name(seed), fact=fact, word=_long_word(text))


def _lines(mood: Mood, text: str) -> Lines:
    known, told = texts(), frozenset(re.findall(r"[a-z0-9]+", _plain(text)))
    manner = known.moods[mood]
    for topic in known.topics:
        if topic.words & told:
            return topic.lines
    if known.hello & told:
        return manner.hello
    if "?" in text:
        return manner.question
    return known.echo if _long_word(text) and _number(text) % 3 == 0 else manner.chat


def _plain(text: str) -> str:
    """Return the text in small letters without accents; "œ" is two."""
    split = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(character for character in split if not unicodedata.combining(character))


def _long_word(text: str) -> str:
    """Return the last of the longest words that can be repeated in the middle of a sentence."""
    found = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) in LONG]
    return max(reversed(found), key=len, default="")


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4, person=b"talk").digest())
