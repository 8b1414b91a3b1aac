"""Have a visitor of one backend Pod write to a visitor of another: what must work is that the Pods share their state.

The two are nobody: where one of them was paired with somebody real, it leaves again without a word.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, TypeVar

from lab.errors import LabError
from roulette import Client, GaveUp, Message, Paired, RouletteError, Timeouts

if TYPE_CHECKING:
    from roulette import Visit

_SECONDS = 10.0
_TRIES = 3
_TEXT = "lab verify"
_Kind = TypeVar("_Kind", Paired, Message)


def across(one: str, other: str) -> str:
    """Return what came of a message from a visitor at one address to a visitor at the other: ``delivered``, or why not.

    Raises LabError where one of the two refuses.
    """
    for _ in range(_TRIES):
        try:
            said = _try(one, other)
        except RouletteError as error:
            raise LabError(f"the backend at {one} or {other}: {error}") from None
        if said:
            return said
    return "each time somebody else was there to be paired with"


def _try(one: str, other: str) -> str:
    with contextlib.ExitStack() as leaving:
        visits = []
        for url in (one, other):
            visits.append(Client(url, timeouts=_timeouts()).enter())
            leaving.callback(_leave, visits[-1])
        return _talk(*visits)


def _timeouts() -> Timeouts:
    return Timeouts(call=_SECONDS, answer=_SECONDS, silence=_SECONDS, stream=_SECONDS)


def _talk(writer: Visit, reader: Visit) -> str:
    """Return what happened; empty where the two were not paired with each other."""
    for each in (writer, reader):
        each.seek()
    mine, other = (_first(each, Paired) for each in (writer, reader))
    if mine is None or other is None or mine.chat != other.chat:
        return ""
    writer.say(_TEXT, chat=mine.chat)
    came = _first(reader, Message)
    return "delivered" if came and came.text == _TEXT and not came.mine else "the message did not come"


def _first(visit: Visit, kind: type[_Kind]) -> _Kind | None:
    """Return the visitor's next event of this kind, waiting for one; None where none comes in time."""
    deadline = time.monotonic() + _SECONDS
    with contextlib.suppress(GaveUp), contextlib.closing(visit.events()) as events:
        for event in events:
            if isinstance(event, kind):
                return event
            if time.monotonic() > deadline:
                break
    return None


def _leave(visit: Visit) -> None:
    with contextlib.suppress(RouletteError):
        visit.quit()
