"""``lab``: the one program behind every make target. Ctrl-C ends it in words from its first moment on."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # as typing's own, whose import takes longer than all that is done here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

INTERRUPTED = "interrupted: the same command again goes on from here"
STOPPED = 130


def main() -> NoReturn:
    """Import the commands, which takes some tenths of a second, and run the one that was asked for."""
    when_stopped(_leave)
    from lab.cli import program  # noqa: PLC0415 - the import is what may be interrupted

    try:
        program.run()
    finally:
        when_stopped(signal.SIG_DFL)  # all is said: what Python does at its end is no step to interrupt


def when_stopped(act: Callable[[int, object], NoReturn] | signal.Handlers) -> None:
    """Act so on Ctrl-C, SIGTERM and the terminal's end, but where whoever started the lab has them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, act)


def _leave(_number: int, _frame: object) -> NoReturn:
    """End at once: nothing is begun yet, and an exception in the midst of an import may get lost."""
    os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(STOPPED)
