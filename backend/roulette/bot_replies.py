"""What the bot, a house cat, answers: to a word that it knows, else by its mood. The texts are in `bot_replies.json`.

The same cat gives the same answer to the same text at the same point of a chat, and no answer twice in a row.
"""

import re
import unicodedata
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec

from backend.cats import words
from backend.cats.traits import Mood, cat_of
from backend.cats.words import Both
from backend.roulette.store import Language

Lines = tuple[Both, ...]

_REPEATED_LENGTHS = range(6, 19)
"""Lengths of a word that is worth repeating."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines for any of these words, which are in lower case without accents."""

    name: str
    words: frozenset[str]
    lines: Lines


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines of one mood for greetings, questions, and anything else."""

    hello: Lines
    question: Lines
    chat: Lines


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first topic that matches counts; `echo` repeats a word."""

    topics: tuple[Topic, ...]
    hello: frozenset[str]
    echo: Lines
    moods: dict[Mood, Manner]


@cache
def texts() -> Texts:
    return msgspec.json.decode(Path(__file__).with_name("bot_replies.json").read_bytes(), type=Texts)


def reply(seed: str, turn: int, text: str, language: Language) -> str:
    """Return what the cat answers to the text, its message number `turn`.

    Each turn takes the next of the matching lines, and no line is in two places: so none comes twice in a row.
    """
    cat = cat_of(seed)
    lines = _lines(cat.mood, text)
    start = _hash(seed + lines[0].en)
    line = lines[(start + turn) % len(lines)].of(language)
    return line.format(name=words.name(seed), fact=words.fact(cat).of(language), word=_long_word(text))


def _lines(mood: Mood, text: str) -> Lines:
    all_texts, text_words = texts(), frozenset(re.findall(r"[a-z0-9]+", _without_accents(text)))
    manner = all_texts.moods[mood]
    for topic in all_texts.topics:
        if topic.words & text_words:
            return topic.lines
    if all_texts.hello & text_words:
        return manner.hello
    if "?" in text:
        return manner.question
    return all_texts.echo if _long_word(text) and _hash(text) % 3 == 0 else manner.chat


def _without_accents(text: str) -> str:
    """Return the text in lower case without accents; "œ" becomes "oe"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _long_word(text: str) -> str:
    """Return the last of the longest words that can be repeated in the middle of a sentence."""
    long_words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) in _REPEATED_LENGTHS]
    return max(reversed(long_words), key=len, default="")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4, person=b"talk").digest())
