"""What faults do to the process and its container: each effect returns how it is undone."""

from __future__ import annotations

import logging
import math
import mmap
import os
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import gevent

from backend import restarts
from backend.faults.manager import FILE
from backend.faults.sigterm import ignore_until
from service_runtime.responses import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.cgroup import Memory
    from backend.faults.catalogue import Burning, Crashing, Name, Taking, Timed
    from backend.faults.manager import Effect, Undo
    from backend.state_files import StateFiles
    from service_runtime.lifecycle import Lifecycle

MEBIBYTE = 1 << 20
STEPS = 50
LAST_WORDS_SECONDS = 0.3
"""Time for the answer to leave before the process ends."""

BURNER = """
import os, signal, sys, time
share, seconds, parent = float(sys.argv[1]) / 10, int(sys.argv[2]), int(sys.argv[3])
signal.alarm(seconds)
while os.getppid() == parent:
    began, spent = time.monotonic(), time.process_time()
    while time.process_time() - spent < share:
        pass
    time.sleep(max(0, began + 0.1 - time.monotonic()))
"""
"""Burns `share` of a core, in tenths of a second: ends by itself in time, and soon after its parent."""

log = logging.getLogger("backend")


def burn(values: Burning) -> Undo:
    """Burn CPU time in processes of their own, so that this one is slowed down by the limit only."""
    whole = math.floor(values.cores)
    shares = [1.0] * whole + [values.cores - whole] * (values.cores > whole)
    command = [sys.executable, "-I", "-S", "-c", BURNER]
    limits = [str(values.seconds), str(os.getpid())]
    burners = [subprocess.Popen([*command, str(share), *limits]) for share in shares]

    def stop() -> None:
        for burner in burners:
            burner.kill()
            burner.wait()

    return stop


def take(values: Taking, note: Callable[[], None]) -> Undo:
    """Take memory in this process, page by page, in steps over some seconds; give it back at the end.

    `note` is called after each step: how much was taken must be known should the kernel kill in the next.
    """
    block = mmap.mmap(-1, values.mebibytes * MEBIBYTE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touching = gevent.spawn(_touch, block, min(5.0, values.seconds / 2) / STEPS, note)

    def release() -> None:
        touching.kill()
        block.close()

    return release


def _touch(block: mmap.mmap, pause: float, note: Callable[[], None]) -> None:
    step = len(block) // STEPS + mmap.PAGESIZE
    for start in range(0, len(block), step):
        for page in range(start, min(start + step, len(block)), mmap.PAGESIZE):
            block[page] = 1
        note()
        gevent.sleep(pause)


def sigterm(values: Timed) -> Undo:
    """Have the main process ignore SIGTERM for a while."""
    ignore_until(time.monotonic() + values.seconds)
    return lambda: ignore_until(0)


def crash(values: Crashing, end: Callable[[int], None] = os._exit) -> Undo:
    """End the process with that code as soon as the answer has left; the container ends with it."""

    def fall() -> None:
        log.error("fault: this container crashes with exit code %s", values.code)
        end(values.code)

    falling: gevent.Greenlet = gevent.spawn_later(LAST_WORDS_SECONDS, fall)
    return partial(falling.kill)


class Effects:
    """The effects of one application."""

    def __init__(self, state_files: StateFiles, memory: Callable[[], Memory], lifecycle: Lifecycle) -> None:
        self.state_files, self.memory, self.lifecycle = state_files, memory, lifecycle

    def by_name(self) -> dict[Name, Effect]:
        """Return every effect; the other faults are asked for where they matter."""
        return {
            "startup": self.slow_start,
            "cpu": burn,
            "memory": self.take,
            "crash": crash,
            "sigterm": sigterm,
            "loopback": self.loopback,
        }

    def take(self, values: Taking) -> Undo:
        """Take memory, and keep on the state_files how much there is in use."""
        return take(values, lambda: restarts.record_memory(self.state_files, self.memory()))

    def slow_start(self, values: Timed) -> Undo:
        """Write it down for the next container."""
        self.state_files.write(FILE, values)
        return lambda: self.state_files.remove(FILE)

    def loopback(self, values: Timed) -> Undo:
        """Listen on 127.0.0.1 only."""
        _ = values
        listeners = self.lifecycle.listeners
        if listeners is None:
            raise BadInput("The fault loopback needs gunicorn: nothing else here has its sockets.")
        listeners.only_loopback()
        return listeners.everywhere
