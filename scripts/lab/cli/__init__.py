"""``lab``: the one program behind every make target. Ctrl-C ends it in words from its first moment on."""

from __future__ import annotations

import os
import signal

from lab import environment

TYPE_CHECKING = False  # as typing's own, whose import takes longer than all that is done here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

INTERRUPTED = "interrupted: the same command again goes on from here"
STOPPED = 130


def main() -> NoReturn:
    """Import the commands, which takes some tenths of a second, and run the one that was asked for."""
    handle_signals(_leave)
    environment.settle(os.environ)
    from lab.cli import program  # noqa: PLC0415 - the import is what may be interrupted

    try:
        program.run()
    finally:
        handle_signals(signal.SIG_DFL)  # all is said: what Python does at its end is no step to interrupt


def handle_signals(handler: Callable[[int, object], NoReturn] | signal.Handlers) -> None:
    """Handle Ctrl-C, SIGTERM and the terminal's end, except where whoever started the lab ignores them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(_number: int, _frame: object) -> NoReturn:
    """End at once: nothing is begun yet, and an exception in the midst of an import may get lost."""
    os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(STOPPED)
