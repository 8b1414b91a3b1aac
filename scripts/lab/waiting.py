"""Wait for something to become true: with a deadline, the last state seen, and a hint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable


def until(  # noqa: PLR0913 - a wait is named by all of these
    waiting_for: str,
    look: Callable[[], tuple[bool, str]],
    *,
    timeout: float,
    every: float = 0.2,
    hint: str = "",
    saw: Callable[[str], None] | None = None,
) -> str:
    """Call ``look`` until it returns true, and return the state that it then named.

    ``look`` returns whether it is so, and what was seen; it may raise to give up early. ``saw`` is told each new state
    that is not empty. Seconds throughout. Raises TimedOut with what was seen last.
    """
    deadline = time.monotonic() + timeout
    last = ""
    while True:
        so, state = look()
        if state and state != last and saw:
            saw(state)
        last = state
        if so:
            return state
        if time.monotonic() + every > deadline:
            raise TimedOut(waiting_for, timeout, last, hint)
        time.sleep(every)
