"""One lab command at a time changes things on this machine: a second one waits for the first, and says for whom."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from lab import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.config import Settings

PATIENCE = 1800.0


@contextlib.contextmanager
def exclusive(settings: Settings, command: str, saw: Callable[[str], None]) -> Iterator[None]:
    """Hold the cache's lock for the length of a command; the kernel lets go of it however the command ends.

    Waits half an hour at most for another command; ``saw`` is told which. Raises TimedOut.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    with (settings.cache / "lock").open("a+") as file:

        def take() -> tuple[bool, str]:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                return False, file.read().strip()
            return True, ""

        waiting.until("another lab command to end", take, timeout=PATIENCE, every=0.5, saw=saw)
        file.truncate(0)
        file.write(f"{command} (process {os.getpid()})")
        file.flush()
        yield
