"""One lab command at a time changes things on this machine: a second one waits, and says for which."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import waiting
from lab.config import CACHE

TIMEOUT = 1800.0
FOLDER = tempfile.gettempdir()


@contextlib.contextmanager
def exclusive(command: str, on_state: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock for the length of a command; the kernel releases it when the command and its children have ended.

    Waits half an hour at most for another command; ``on_state`` is called with its name. Raises TimedOut.
    """
    from filelock import lock_descriptor  # noqa: PLC0415 - not on the way to `lab --help`

    path = Path(FOLDER) / f"{CACHE}-{os.getuid()}.lock"
    with path.open("a+") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - the children of a killed lab still hold the lock

        def acquire() -> tuple[bool, str]:
            if lock_descriptor(file.fileno(), blocking=False):
                return True, ""
            file.seek(0)
            return False, file.read().strip()

        waiting.until("another lab command to end", acquire, timeout=TIMEOUT, interval=0.5, on_state=on_state)
        with contextlib.suppress(OSError):  # a full disk must not stop the commands that free it
            file.truncate(0)
            file.write(f"{command} (process {os.getpid()})")
            file.flush()
        yield
