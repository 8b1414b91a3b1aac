"""What the main process (PID 1 in its container) adds to gunicorn: the container ends with its worker, and says why.

gunicorn would start another worker, and Kubernetes would see neither the crash nor the OOM kill. A container's status
is its first process's: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-terminated

frontend/supervision.py is this one's twin, as neither service imports the other: what is mended here is mended there.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from typing import TYPE_CHECKING, Any

from gunicorn.errors import HaltServer

from backend import cgroup, probe_log, restarts

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.state_files import StateFiles

SIGNALLED = 128
"""A process that a signal ends counts as having exited with this and the signal's number."""

_DEAF_UNTIL = struct.Struct("d")
_shared = mmap.mmap(-1, mmap.PAGESIZE)
"""One page that the main process and, after the fork, its worker both see."""


def ignore_sigterm_until(moment: float) -> None:
    """Have the main process ignore SIGTERM until that `time.monotonic()`, which is the same in both processes."""
    _DEAF_UNTIL.pack_into(_shared, 0, moment)


def ignores_sigterm() -> bool:
    """Tell whether SIGTERM is to be ignored now."""
    return bool(time.monotonic() < _DEAF_UNTIL.unpack_from(_shared, 0)[0])


class Supervision:
    """Follows one gunicorn main process from its start to its end."""

    def __init__(self, server: Any, state_files: StateFiles, oom_kills: Callable[[], int | None]) -> None:
        """Take the place of the main process's ways to collect ended children and to handle SIGTERM."""
        self.server, self.state_files, self.oom_kills = server, state_files, oom_kills
        self.collect, self.terminate = server.reap_workers, server.handle_term
        self.code = 0
        self.oom_before = oom_kills()
        server.reap_workers, server.handle_term = self._collect, self._terminate
        restarts.record_start(state_files, probe_log.last_seen(state_files))

    def _collect(self) -> None:
        try:
            self._collect_all()
        except HaltServer as halt:
            self.code = halt.exit_status
            raise

    def _collect_all(self) -> None:
        """Collect all children that have ended; when the last worker is among them, and none is being stopped, halt.

        Raises HaltServer with the worker's exit code.
        """
        code = self._ended()
        self.collect()
        # Whoever stops the server closes the listeners first; a reload has another worker by now.
        if code is not None and self.server.LISTENERS and not self.server.WORKERS:
            raise HaltServer("The worker has ended, and the container with it.", code)

    def _ended(self) -> int | None:
        """Return the exit code of a worker that waits to be collected; collect whatever else waits before it."""
        try:
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid in self.server.WORKERS:
                    return ended.si_status if ended.si_code == os.CLD_EXITED else SIGNALLED + ended.si_status
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass
        return None

    def _terminate(self) -> None:
        if ignores_sigterm():
            self.server.log.warning("fault: SIGTERM is ignored")
        else:
            self.terminate()

    def end(self) -> None:
        """Write how the container's life ends."""
        grown = (self.oom_kills() or 0) > (self.oom_before or 0)
        restarts.record_end(self.state_files, self.code, oom=grown)


def oom_kills() -> int | None:
    """Return how often the kernel has killed in this container's cgroup."""
    return cgroup.read().memory.oom_kills
