"""What a run observed from outside; the verdict uses nothing else. Times are seconds on one clock."""

import re
from typing import Literal

import msgspec

_TEXT = re.compile(r"#(\d+)\.(\d+)#.*", re.DOTALL)

Mark = tuple[int, int]
"""Identifies a message by its text: the sender, and how many messages it had sent with this one."""


class Sent(msgspec.Struct, frozen=True):
    """A request to send a message; `accepted` is when, None where it failed with `error`.

    `late`: the answer was that the chat is over. `tries` counts the attempts.
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
    """A message that arrived at a visitor; `mark` is None where no visitor sends such a text."""

    visitor: int
    mark: Mark | None
    chat: str
    mine: bool
    at: float


class ChatBegan(msgspec.Struct, frozen=True):
    visitor: int
    chat: str
    house: bool
    at: float


class ChatEnded(msgspec.Struct, frozen=True):
    visitor: int
    chat: str
    why: Literal["you", "next", "left", "gone"]
    at: float


class WentOn(msgspec.Struct, frozen=True):
    """A visitor left that chat for the next one, of its own accord."""

    visitor: int
    chat: str
    at: float


class Failed(msgspec.Struct, frozen=True):
    """A request other than a message, or a stream, ended in an error."""

    visitor: int
    request: str
    error: str


class Run(msgspec.Struct):
    """In the order in which it was observed; `retried` counts repetitions by request and reason."""

    sent: list[Sent] = []
    shown: list[Shown] = []
    began: list[ChatBegan] = []
    ended: list[ChatEnded] = []
    went_on: list[WentOn] = []
    failed: list[Failed] = []
    retried: dict[str, int] = {}


def text_of(mark: Mark) -> str:
    """Return a text of usual length that contains the mark."""
    return f"#{mark[0]}.{mark[1]}# Meow, said the cat, and looked at the window."


def mark_of(text: str) -> Mark | None:
    """Return the mark, None where the text is not exactly the one that was sent."""
    match = _TEXT.fullmatch(text)
    mark = (int(match[1]), int(match[2])) if match else None
    return mark if mark and text_of(mark) == text else None
