"""What a run saw, as it was seen from outside: the judge knows nothing else. Times are seconds on one clock."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

_TEXT = re.compile(r"#(\d+)\.(\d+)#.*", re.DOTALL)

Mark = tuple[int, int]
"""A message by its content: who says it, and the how-manieth of that visitor it is."""


class Sent(msgspec.Struct, frozen=True):
    """A visitor said something; `accepted` is None where that failed, and `error` then says how.

    `late` marks the answer that the chat is over, which is right when it is. `tries` is 1 unless something was in the
    way.
    """

    mark: Mark
    chat: str
    house: bool
    began: float
    accepted: float | None
    tries: int = 1
    error: str = ""
    late: bool = False


class Shown(msgspec.Struct, frozen=True):
    """A message that a visitor was shown; `mark` is None where its text is none that anybody says."""

    viewer: int
    mark: Mark | None
    chat: str
    mine: bool
    at: float


class Met(msgspec.Struct, frozen=True):
    """A visitor was shown that a chat begins."""

    viewer: int
    chat: str
    house: bool
    at: float


class Parted(msgspec.Struct, frozen=True):
    """A visitor was shown that a chat is over."""

    viewer: int
    chat: str
    why: Literal["you", "next", "left", "gone"]
    at: float


class Went(msgspec.Struct, frozen=True):
    """A visitor began to go on from a chat of its own will."""

    viewer: int
    chat: str
    at: float


class Failed(msgspec.Struct, frozen=True):
    """Something other than a message ended in an error to the visitor."""

    viewer: int
    what: str
    error: str


class Run(msgspec.Struct):
    """Everything of one run, in the order in which it was seen."""

    sent: list[Sent] = []
    shown: list[Shown] = []
    met: list[Met] = []
    parted: list[Parted] = []
    went: list[Went] = []
    failed: list[Failed] = []
    retried: dict[str, int] = {}
    """How often something had to be tried again, by what and why."""


def text_of(mark: Mark) -> str:
    """Return what the visitor says: as long as what people say, and with its mark in it."""
    return f"#{mark[0]}.{mark[1]}# Meow, said the cat, and looked at the window."


def mark_of(text: str) -> Mark | None:
    """Read it back; None where it is not exactly what was said."""
    found = _TEXT.fullmatch(text)
    mark = (int(found[1]), int(found[2])) if found else None
    return mark if mark and text_of(mark) == text else None
