"""One lab command at a time changes things on this machine: a second one waits for the first, and says for whom."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab import waiting
from lab.config import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 1800.0
FOLDER = tempfile.gettempdir()


@contextlib.contextmanager
def exclusive(command: str, saw: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock for the length of a command; the kernel lets go of it when the command and its children have ended.

    Waits half an hour at most for another command; ``saw`` is told which. Raises TimedOut.
    """
    path = Path(FOLDER) / f"{CACHE}-{os.getuid()}.lock"
    with path.open("a+") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - what a killed lab left running still holds the lock

        def take() -> tuple[bool, str]:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                return False, file.read().strip()
            return True, ""

        waiting.until("another lab command to end", take, timeout=PATIENCE, every=0.5, saw=saw)
        with contextlib.suppress(OSError):  # a full disk must not stop the commands that free it
            file.truncate(0)
            file.write(f"{command} (process {os.getpid()})")
            file.flush()
        yield
