"""Ignoring SIGTERM for a while, in the main process."""

import mmap
import struct
import time
from typing import Any

_UNTIL = struct.Struct("d")
_shared = mmap.mmap(-1, mmap.PAGESIZE)
"""One page that the main process and, after the fork, its worker both see."""


def ignore_until(moment: float) -> None:
    """Have the main process ignore SIGTERM until that `time.monotonic()`, which is the same in both processes."""
    _UNTIL.pack_into(_shared, 0, moment)


def install(server: Any) -> None:
    """Have gunicorn's main process look here before it handles SIGTERM."""
    handle_term = server.handle_term

    def handle_unless_ignored() -> None:
        if time.monotonic() < _UNTIL.unpack_from(_shared, 0)[0]:
            server.log.warning("fault: SIGTERM is ignored")
        else:
            handle_term()

    server.handle_term = handle_unless_ignored
