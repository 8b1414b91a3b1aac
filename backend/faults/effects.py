"""What faults do to the process and its container: each effect returns how it is undone."""

import logging
import math
import mmap
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import gevent

from backend import restarts
from backend.cgroup import Memory
from backend.faults.bounds import MEBIBYTE
from backend.faults.catalogue import Burning, Crashing, Name, Taking, Timed
from backend.faults.manager import SLOW_START_FILE, Effect, Undo
from backend.faults.sigterm import ignore_until
from backend.state_files import StateFiles
from service_runtime.lifecycle import Lifecycle
from service_runtime.responses import BadInput

STEPS = 50
CRASH_SECONDS = 0.3
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


class Effects:
    """The effects of one application; `memory` reads how much its container has in use."""

    def __init__(self, state_files: StateFiles, memory: Callable[[], Memory], lifecycle: Lifecycle) -> None:
        self.state_files, self.memory, self.lifecycle = state_files, memory, lifecycle

    def by_name(self) -> dict[Name, Effect]:
        """Return every effect; whether one of the other faults is on is read where it matters."""
        return {
            "startup": self.slow_start,
            "cpu": burn_cpu,
            "memory": self.take_memory,
            "crash": crash,
            "sigterm": ignore_sigterm,
            "loopback": self.listen_on_loopback,
        }

    def slow_start(self, values: Timed) -> Undo:
        """Write it down for the next container."""
        self.state_files.write(SLOW_START_FILE, values)
        return lambda: self.state_files.remove(SLOW_START_FILE)

    def take_memory(self, values: Taking) -> Undo:
        """Take memory in this process, page by page, in steps over some seconds; give it back at the end.

        What is in use is recorded after each step: it must be known should the kernel kill in the next.
        """
        block = mmap.mmap(-1, values.mebibytes * MEBIBYTE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        touching = gevent.spawn(self._touch, block, min(5.0, values.seconds / 2) / STEPS)

        def release() -> None:
            touching.kill()
            block.close()

        return release

    def _touch(self, block: mmap.mmap, pause: float) -> None:
        step = len(block) // STEPS + mmap.PAGESIZE
        for start in range(0, len(block), step):
            for page in range(start, min(start + step, len(block)), mmap.PAGESIZE):
                block[page] = 1
            restarts.record_memory(self.state_files, self.memory())
            gevent.sleep(pause)

    def listen_on_loopback(self, _values: Timed) -> Undo:
        listeners = self.lifecycle.listeners
        if listeners is None:
            raise BadInput("The fault loopback needs gunicorn: nothing else here has its sockets.")
        listeners.only_loopback()
        return listeners.everywhere


def burn_cpu(values: Burning) -> Undo:
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


def ignore_sigterm(values: Timed) -> Undo:
    ignore_until(time.monotonic() + values.seconds)
    return lambda: ignore_until(0)


def crash(values: Crashing) -> Undo:
    """End the process with that code as soon as the answer has left; the container ends with it."""

    def end() -> None:
        log.error("fault: this container crashes with exit code %s", values.code)
        os._exit(values.code)

    return partial(gevent.spawn_later(CRASH_SECONDS, end).kill)
