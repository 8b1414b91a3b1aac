"""The events of a stream: their data, and their bytes.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from typing import Any, Literal

import msgspec

from backend.cats import words
from backend.cats.cards import CatCard, card
from backend.cats.traits import cat_of
from backend.roulette import store
from backend.roulette.store import Entry, Language, State
from service_runtime.responses import encode

RETRY = b"retry: 1000\n\n"
"""Milliseconds before a browser reconnects."""


class Nothing(msgspec.Struct, frozen=True):
    """An event without data."""


class Hello(msgspec.Struct, frozen=True):
    """The Pod that holds the stream, and the visitor's state when it began."""

    pod: str
    node: str | None
    version: str
    colour: str
    store: Literal["memory", "redis"]
    state: State
    chat: str | None
    at: int
    """Unix milliseconds: messages from before it are replayed, not new."""


class Paired(msgspec.Struct, frozen=True):
    """A chat begins; `greeting` and `fact` are a house cat's, in the visitor's language."""

    chat: str
    house: bool
    cat: CatCard
    greeting: str | None
    fact: str | None


class Message(store.Message, frozen=True, tag=False):
    """`at` is in Unix milliseconds."""


class Left(store.Left, frozen=True, tag=False):
    """The chat is over: you left or went on; the partner went on; left; or is gone."""


class Typing(msgspec.Struct, frozen=True):
    """The partner types."""

    chat: str


class Beat(msgspec.Struct, frozen=True):
    """The stream is alive."""

    pod: str


EVENTS: dict[str, type] = {
    "hello": Hello,
    "waiting": Nothing,
    "paired": Paired,
    "message": Message,
    "left": Left,
    "typing": Typing,
    "beat": Beat,
    "replaced": Nothing,
    "move": Nothing,
}
"""Each event's name with the type of its data."""


def event(name: str, data: Any, number: int | None = None) -> bytes:
    """Return one event; `number` is its place in the log, None for those that are not in it."""
    head = b"" if number is None else b"id: %d\n" % number
    return b"%bevent: %b\ndata: %b\n\n" % (head, name.encode(), encode(data))


def entries(log: list[Entry], language: Language) -> bytes:
    return b"".join(event(*_named(entry.event, language), entry.number) for entry in log)


def _named(log_event: store.Event, language: Language) -> tuple[str, Any]:
    match log_event:
        case store.Waiting():
            return "waiting", Nothing()
        case store.Paired():
            return "paired", _paired(log_event, language)
        case store.Message(chat, id_, mine, text, at):
            return "message", Message(chat, id_, mine, text, at)
        case store.Left(chat, why):
            return "left", Left(chat, why)


def _paired(paired: store.Paired, language: Language) -> Paired:
    cat = cat_of(paired.cat)
    greeting = words.greeting(cat).of(language) if paired.house else None
    fact = words.fact(cat).of(language) if paired.house else None
    return Paired(paired.chat, paired.house, card(cat), greeting, fact)
