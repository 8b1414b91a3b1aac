"""What the roulette remembers, wherever that is: its types, its errors and its interface.

A visitor is in one state: `idle`, `waiting` at a window, with a `house` cat, or in a `chat` with another visitor.
Each has a log of its own: entries with ascending numbers, which a stream replays from any of them. Whatever concerns
two visitors is appended to both logs in one atomic step, so both see the same order. Seeking a chat empties the log of
what was before it, so a log begins with `Waiting` or `Paired`, and a message lives as long as its chat. The oldest
messages of a long chat are forgotten; its `Paired` never is.

Every call that a client may repeat carries an id that the client made: repeated, it changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

Language = Literal["fr", "en"]
State = Literal["idle", "waiting", "house", "chat"]
Why = Literal["you", "next", "left", "gone"]
"""Why a chat ended: you left it or went on; the other went on; the other left; the other's presence expired."""


class Waiting(msgspec.Struct, frozen=True, gc=False, tag="waiting"):
    """The visitor waits for somebody."""


class Paired(msgspec.Struct, frozen=True, gc=False, tag="paired"):
    """A chat begins, with the cat of that seed: another visitor, or a house cat."""

    chat: str
    cat: str
    house: bool


class Message(msgspec.Struct, frozen=True, gc=False, tag="message"):
    """Somebody said something; `id` was made by the client that sent it, `at` is in Unix milliseconds."""

    chat: str
    id: str
    mine: bool
    text: str
    at: int


class Left(msgspec.Struct, frozen=True, gc=False, tag="left"):
    """The chat is over, and the visitor idle."""

    chat: str
    why: Why


Event = Waiting | Paired | Message | Left


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event in a visitor's log; numbers ascend by one, from 1, for the whole visit: a gap is what is forgotten."""

    number: int
    event: Event


class Visitor(msgspec.Struct, frozen=True):
    """A visitor as the store knows it; `cat` is the seed of the visitor's own cat."""

    cat: str
    language: Language
    state: State
    chat: str | None


class Said(msgspec.Struct, frozen=True):
    """A message was accepted as entry `number` of the sender's log, now or, when `repeated`, by an earlier try.

    In a chat with a house cat, `house` is its seed and `count` how often the visitor has spoken to it.
    """

    number: int
    repeated: bool
    house: str | None
    count: int


class Census(msgspec.Struct, frozen=True):
    """How many there are, in all replicas; `windows` are the cats (24 at most) of those who can be found right now."""

    visitors: int
    waiting: int
    chats: int
    windows: list[str]


class StoreError(Exception):
    """The parent of what a store may raise; its text is for a reader."""


class Unknown(StoreError):
    """There is no such visitor, or no more."""


class NotInChat(StoreError):
    """The visitor is not, or no longer, in that chat."""


class TooMany(StoreError):
    """A limit is reached; it may be tried again after so many seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        """Keep the text and the wait in whole seconds."""
        super().__init__(text)
        self.retry_after = retry_after


class Away(StoreError):
    """The shared memory does not answer: nothing was accepted that could be lost."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, and how many of each there may be."""

    alone_seconds: float = 3.0
    """Waiting alone for so long, a visitor gets a house cat, and can still be found by another visitor."""
    absent_seconds: float = 20.0
    """Without a stream for so long, a visitor is gone."""
    visitors: int = 5000
    chats: int = 2500
    per_window: int = 10
    """Of messages, of chats sought, and of hints that one types: of each so many."""
    window_seconds: float = 5.0
    log_entries: int = 200
    """The oldest entries of a longer log are forgotten, but never the one that says who is talked to."""


class Listener(Protocol):
    """The process that has streams open; a store calls it from a greenlet of its own."""

    def woken(self, visitor: str) -> None:
        """There may be something new in the visitor's log."""

    def typed(self, visitor: str, chat: str) -> None:
        """Learn that the other one is typing."""

    def replaced(self, visitor: str, connection: str, newer: str) -> None:
        """Learn that the visitor has a newer stream, here or elsewhere: the one of this connection should end."""

    def ordered(self, command: bytes) -> None:
        """Another replica passed this command on."""

    def missed(self) -> None:
        """Learn that calls may have been lost: look at every log again."""


class Store(Protocol):
    """Every method may raise Away; those that name a visitor raise Unknown. All are safe between greenlets."""

    kind: Literal["memory", "redis"]

    def listen(self, listener: Listener) -> None:
        """Call this listener from now on."""

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        """Let a visitor in, idle; again changes nothing. Raises TooMany."""

    def who(self, visitor: str) -> Visitor:
        """Return what is known of a visitor."""

    def seek(self, visitor: str, request: str) -> State:
        """Leave the chat that there is, and be paired at once or wait; the last request's id again changes nothing.

        The other is drawn at random among those who wait or talk with a house cat; the last partner only when, alone
        for `alone_seconds`, nobody else can be found. Raises TooMany when there are as many chats as may be, or
        the visitor has sought too many.
        """

    def leave(self, visitor: str) -> None:
        """Leave the chat, or stop waiting; idle changes nothing."""

    def quit(self, visitor: str) -> None:
        """Leave for good: everything about the visitor is forgotten. Unknown is no error here."""

    def say(self, visitor: str, chat: str, message: str, text: str) -> Said:
        """Append a message to both logs. Raises NotInChat, TooMany."""

    def answer(self, visitor: str, chat: str, message: str, text: str) -> None:
        """Let the house cat of this chat say something; the same id again changes nothing. Raises NotInChat."""

    def typing(self, visitor: str, chat: str) -> None:
        """Tell the other one that the visitor types; lost when too often or nobody listens. Raises NotInChat."""

    def connect(self, visitor: str, connection: str) -> None:
        """From now on the visitor's stream is this connection of this process; an older one is told `replaced`."""

    def here(self, visitors: Collection[str]) -> None:
        """Say that these visitors' streams are open; to be called every few seconds. Unknown ones are no error."""

    def read(self, visitor: str, after: int) -> list[Entry]:
        """Return the entries with higher numbers, in order."""

    def tick(self) -> None:
        """Do what is due: house cats for those alone, the end for those absent. Any process may call, at any time."""

    def census(self) -> Census:
        """Count."""

    def report(self, pod: str, status: bytes) -> None:
        """Keep what a Pod says of itself for ten seconds."""

    def pods(self) -> dict[str, bytes]:
        """Return what the Pods last said of themselves, by their names."""

    def order(self, pod: str, command: bytes) -> bool:
        """Pass a command on to the process of that Pod; tells whether somebody took it."""

    def check(self) -> str | None:
        """Return why the store cannot be used now, None when all is well; never raises, answers within a second."""

    def close(self) -> None:
        """Let go of connections."""
