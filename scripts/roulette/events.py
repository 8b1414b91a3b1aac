"""What a visitor's stream tells, as types; `number` is the entry's place in the visitor's log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from roulette.sse import Frame

State = Literal["idle", "waiting", "house", "chat"]
Why = Literal["you", "next", "left", "gone"]


class Card(msgspec.Struct, frozen=True):
    """A cat, as far as a program needs it: its seed and its name."""

    seed: str
    name: str


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """A stream begins: who answers, and where the visitor is."""

    pod: str
    version: str
    store: Literal["memory", "redis"]
    state: State
    chat: str | None = None
    node: str | None = None
    colour: str = ""


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """The visitor waits for somebody."""

    number: int


class Paired(msgspec.Struct, frozen=True, tag="paired"):
    """A chat begins, and ends the former one if there was one; `greeting` and `fact` are a house cat's."""

    number: int
    chat: str
    house: bool
    cat: Card
    greeting: str | None = None
    fact: str | None = None


class Message(msgspec.Struct, frozen=True, tag="message"):
    """Somebody said something; `at` is in Unix milliseconds."""

    number: int
    chat: str
    id: str
    mine: bool
    text: str
    at: int


class Left(msgspec.Struct, frozen=True, tag="left"):
    """The chat is over: `you` left or went on, the other went on (`next`), `left`, or is `gone`."""

    number: int
    chat: str
    why: Why


class Typing(msgspec.Struct, frozen=True, tag="typing"):
    """The other one is typing."""

    chat: str


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """Nothing happened, which comes every few seconds: a good moment to look at a clock."""

    pod: str


class Replaced(msgspec.Struct, frozen=True, tag="replaced"):
    """A newer stream of this visitor took over: this one is over."""


class Move(msgspec.Struct, frozen=True, tag="move"):
    """The Pod is going away: the next event comes from another."""


Event = Hello | Waiting | Paired | Message | Left | Typing | Beat | Replaced | Move

_KINDS: dict[str, type[Event]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc] # a tag that was given is that text
    for kind in (Hello, Waiting, Paired, Message, Left, Typing, Beat, Replaced, Move)
}


def decode(frame: Frame) -> Event | None:
    """Return the event; None for one of a kind that this client does not know.

    Raises msgspec.ValidationError where it is not as agreed.
    """
    kind = _KINDS.get(frame.event)
    if kind is None:
        return None
    fields = msgspec.json.decode(frame.data, type=dict[str, object])
    if frame.id:
        fields["number"] = int(frame.id)
    return msgspec.convert(fields, kind)
