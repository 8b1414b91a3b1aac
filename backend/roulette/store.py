"""The roulette's store: its types, errors and interface.

A visitor is in one state: `idle`, `waiting`, in a chat with a house cat, the bot (`house`), or with another visitor
(`chat`). Each visitor has a log of entries with ascending numbers, which a stream replays from any of them. What
concerns two visitors is appended to both logs in one atomic step, so both see the same order. Seeking empties the log:
it then begins with `Waiting` or `Paired`, and a message lives as long as its chat. The oldest messages of a long chat
are dropped, its `Paired` never.

Each call that a client may repeat carries an id that the client made: repeated, it changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

Language = Literal["fr", "en"]
State = Literal["idle", "waiting", "house", "chat"]
Why = Literal["you", "next", "left", "gone"]
"""Why a chat ended: you left it or went on; the partner went on; left; or its presence expired."""


class Waiting(msgspec.Struct, frozen=True, gc=False, tag="waiting"):
    pass


class Paired(msgspec.Struct, frozen=True, gc=False, tag="paired"):
    """A chat begins; `cat` is the seed of the partner's cat, or of the bot's where `house`."""

    chat: str
    cat: str
    house: bool


class Message(msgspec.Struct, frozen=True, gc=False, tag="message"):
    """`id` was made by the client that sent it, `at` is in Unix milliseconds."""

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
    """Numbers ascend by one, from 1, for the whole visit; a gap is what was dropped."""

    number: int
    event: Event


class Visitor(msgspec.Struct, frozen=True):
    """`cat` is the seed of the visitor's own cat."""

    cat: str
    language: Language
    state: State
    chat: str | None


class Receipt(msgspec.Struct, frozen=True):
    """A message is entry `number` of the sender's log, since an earlier request where `repeated`.

    In a chat with a bot, `bot` is its cat's seed and `turn` how many messages it had received.
    """

    number: int
    repeated: bool
    bot: str | None
    turn: int


class StoreError(Exception):
    """The text is for a reader."""


class UnknownVisitor(StoreError):
    def __init__(self) -> None:
        super().__init__("there is no such visitor, or no more")


class NotInChat(StoreError):
    def __init__(self) -> None:
        super().__init__("the visitor is not, or no longer, in that chat")


class TooMany(StoreError):
    """A limit is reached; `retry_after` is in whole seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class VisitorsFull(TooMany):
    def __init__(self) -> None:
        super().__init__("the house is full", retry_after=5)


class ChatsFull(TooMany):
    def __init__(self) -> None:
        super().__init__("there are as many chats as may be", retry_after=5)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, and maximum counts."""

    alone_seconds: float = 3.0
    """After waiting so long, a visitor gets a bot, and can still be paired with another visitor."""
    absent_seconds: float = 20.0
    """Without a stream for so long, a visitor is removed."""
    arrive_seconds: float = 10.0
    """The same for a visitor who has had no stream yet."""
    away_seconds: float = 5.0
    """The same for a visitor whose page said that it is being left: a reload comes back sooner."""
    visitors: int = 5000
    pending: int = 1000
    """Visitors who have had no stream yet; one more takes the place of the oldest of them."""
    chats: int = 2500
    actions: int = 10
    """Per period, of messages, searches and typing hints each."""
    period_seconds: float = 5.0
    log_entries: int = 200
    log_bytes: int = 65_536
    """Of one visitor's log, approximately."""


class Listener(Protocol):
    """Receives a store's notifications, in a greenlet of the store's."""

    def log_changed(self, visitor: str) -> None: ...

    def typing(self, visitor: str, chat: str) -> None:
        """Learn that the partner types."""

    def replaced(self, visitor: str, connection: str, newer: str) -> None:
        """End the stream of `connection`: the visitor has a newer one, in this process or another."""

    def resync(self) -> None:
        """Read every log again: notifications may have been lost."""


class Store(Protocol):
    """Every method may raise Unavailable; those that name a visitor raise UnknownVisitor. All are greenlet-safe."""

    def listen(self, listener: Listener) -> None:
        """Notify this listener from now on."""

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        """Add an idle visitor; repeated, it changes nothing. Raises TooMany.

        Who has a stream is never in danger from those who enter: a full house removes the oldest without one.
        """

    def get(self, visitor: str) -> Visitor: ...

    def seek(self, visitor: str, request: str) -> State:
        """Leave the current chat, and be paired at once or wait; repeating the last request changes nothing.

        The partner is drawn among those with a stream who wait or chat with a bot; the last partner only after
        `alone_seconds` without anybody else. A visitor without a stream waits for it. Raises TooMany.
        """

    def leave(self, visitor: str) -> None:
        """Leave the chat, or stop waiting; idle changes nothing."""

    def quit(self, visitor: str) -> None:
        """Remove the visitor; an unknown one is no error."""

    def say(self, visitor: str, chat: str, message: str, text: str) -> Receipt:
        """Append a message to both logs. Raises NotInChat, TooMany."""

    def bot_say(self, visitor: str, chat: str, message: str, text: str) -> None:
        """Append a message of the bot; repeating the id changes nothing. Raises NotInChat."""

    def typing(self, visitor: str, chat: str) -> None:
        """Notify the partner, unless that happens too often. Raises NotInChat."""

    def connect(self, visitor: str, connection: str) -> Callable[[], None]:
        """Make this process's connection the visitor's stream, so that others can find the visitor.

        Returns what notifies `replaced` for the former one: to be called once the new one has been written to.
        """

    def disconnect(self, visitor: str, connection: str) -> None:
        """Nobody finds the visitor any more until it connects again; no error, and no effect, where it has."""

    def away(self, visitor: str, page: str) -> None:
        """Learn that the page with the visitor's stream is being left: `<page>.…` is its connection."""

    def heartbeat(self, connections: Mapping[str, str]) -> dict[str, str]:
        """Renew the presence of those who have a stream, by visitor; unknown visitors are no error.

        Returns the connection of each visitor who has another one meanwhile: the notification may have been lost.
        """

    def read(self, visitor: str, after: int) -> list[Entry]:
        """Return the entries with higher numbers, in order: all of them where `after` is none of this log's."""

    def tick(self, *, judge_absence: bool = True) -> str | None:
        """Pair those alone with bots, remove those absent. Any process may call this at any time.

        Absence is not to be judged by a process that was itself stopped. Returns why new visitors are refused, None
        where they are not.
        """
