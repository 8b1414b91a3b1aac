"""Wait for something to become true: with a deadline, the last state seen, and a hint."""

import time
from collections.abc import Callable
from typing import TypeVar

from lab.errors import TimedOut

State = TypeVar("State")


def until(  # noqa: PLR0913 - a wait is named by all of these
    waiting_for: str,
    poll: Callable[[], tuple[bool, State]],
    *,
    timeout: float,
    interval: float = 0.2,
    hint: str = "",
    on_state: Callable[[State], None] | None = None,
) -> State:
    """Call ``poll`` until it returns true, and return the state that it then named.

    ``poll`` returns whether it is so, and the state: words, or what has them as its ``str``; it may raise to give up
    early. ``on_state`` is called with each new state that is not empty. Seconds throughout. Raises TimedOut with the
    last state.
    """
    deadline = time.monotonic() + timeout
    last: State | None = None
    while True:
        done, state = poll()
        if state and state != last and on_state:
            on_state(state)
        last = state
        if done:
            return state
        if time.monotonic() + interval > deadline:
            raise TimedOut(waiting_for, timeout, str(state), hint)
        time.sleep(interval)
