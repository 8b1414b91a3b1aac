"""Send a message from a visitor of one backend Pod to one of another: it arrives where the Pods share their state.

Where one of the two visitors is paired with somebody real, it leaves again without a message.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import TypeVar

from lab.errors import LabError
from roulette import Client, Event, GaveUp, Message, Paired, RouletteError, Timeouts, Visit

SECONDS = 10.0
_TRIES = 3
_TEXT = "lab verify"
_Event = TypeVar("_Event", Paired, Message)


def across(sender_url: str, receiver_url: str, seconds: float = SECONDS) -> str:
    """Return what came of a message from a visitor at one address to one at the other: ``delivered``, or why not.

    Raises LabError where one of the two refuses.
    """
    for _ in range(_TRIES):
        try:
            with _visit(sender_url, seconds) as sender, _visit(receiver_url, seconds) as receiver:
                result = _send(sender, receiver, seconds)
        except RouletteError as error:
            raise LabError(f"the backend at {sender_url} or {receiver_url}: {error}") from None
        if result:
            return result
    return "each time somebody else was there to be paired with"


@contextlib.contextmanager
def _visit(url: str, seconds: float) -> Iterator[tuple[Visit, Iterator[Event]]]:
    """Enter, and seek somebody with an open stream: nobody is paired with a visitor who has none."""
    visit = Client(url, timeouts=Timeouts(call=seconds, answer=seconds, silence=seconds, stream=seconds)).enter()
    try:
        with contextlib.closing(visit.events()) as events:
            next(events)
            visit.seek()
            yield visit, events
    finally:
        with contextlib.suppress(RouletteError):
            visit.quit()


def _send(sender: tuple[Visit, Iterator[Event]], receiver: tuple[Visit, Iterator[Event]], seconds: float) -> str:
    """Return what came of it; empty where the two were not paired with each other."""
    pair, other = (_first(events, Paired, seconds) for _, events in (sender, receiver))
    if pair is None or other is None or pair.chat != other.chat:
        return ""
    sender[0].say(_TEXT, chat=pair.chat)
    message = _first(receiver[1], Message, seconds)
    return "delivered" if message and message.text == _TEXT and not message.mine else "the message did not come"


def _first(events: Iterator[Event], kind: type[_Event], seconds: float) -> _Event | None:
    deadline = time.monotonic() + seconds
    with contextlib.suppress(GaveUp):
        for event in events:
            if isinstance(event, kind):
                return event
            if time.monotonic() > deadline:
                break
    return None
