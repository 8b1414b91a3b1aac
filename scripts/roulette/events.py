"""The events of a visitor's stream; `number` is the entry's place in the visitor's log."""

from typing import Literal

import msgspec

from roulette.sse import Frame

State = Literal["idle", "waiting", "house", "chat"]
Why = Literal["you", "next", "left", "gone"]


class Cat(msgspec.Struct, frozen=True):
    """Of the service's card of a cat, what a program needs."""

    seed: str
    name: str


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """A stream begins: the Pod that serves it, and the visitor's state."""

    pod: str
    version: str
    store: Literal["memory", "redis"]
    state: State
    chat: str | None = None
    node: str | None = None
    colour: str = ""


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    number: int


class Paired(msgspec.Struct, frozen=True, tag="paired"):
    """A chat begins, and the former one ends; `greeting` and `fact` are a house cat's."""

    number: int
    chat: str
    house: bool
    cat: Cat
    greeting: str | None = None
    fact: str | None = None


class Message(msgspec.Struct, frozen=True, tag="message"):
    """`at` is in Unix milliseconds."""

    number: int
    chat: str
    id: str
    mine: bool
    text: str
    at: int


class Left(msgspec.Struct, frozen=True, tag="left"):
    """The chat is over: `you` left or went on, or the partner went on (`next`), `left`, or is `gone`."""

    number: int
    chat: str
    why: Why


class Typing(msgspec.Struct, frozen=True, tag="typing"):
    chat: str


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """Heartbeat, every few seconds."""

    pod: str


class Replaced(msgspec.Struct, frozen=True, tag="replaced"):
    """A newer stream of this visitor took over; this one ends."""


class Move(msgspec.Struct, frozen=True, tag="move"):
    """The Pod goes away; the next event comes from another."""


Event = Hello | Waiting | Paired | Message | Left | Typing | Beat | Replaced | Move

_EVENT_TYPES: dict[str, type[Event]] = {
    event_type.__struct_config__.tag: event_type  # type: ignore[misc] # a tag that was set is that text
    for event_type in (Hello, Waiting, Paired, Message, Left, Typing, Beat, Replaced, Move)
}


def decode(frame: Frame) -> Event | None:
    """Return the event, None where this client does not know its type. Raises msgspec.ValidationError."""
    event_type = _EVENT_TYPES.get(frame.event)
    if event_type is None:
        return None
    fields = msgspec.json.decode(frame.data, type=dict[str, object])
    if frame.id:
        fields["number"] = int(frame.id)
    return msgspec.convert(fields, event_type)
