"""The main process (PID 1 in its container) ends with its worker, and with the worker's exit code.

gunicorn would start another worker, and Kubernetes would see neither the crash nor the OOM kill. A container's status
is its first process's: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-terminated
"""

from __future__ import annotations

import os
from typing import Any

from gunicorn.errors import HaltServer

SIGNALLED = 128
"""A process that a signal ends counts as having exited with this and the signal's number."""


class Supervision:
    """Follows one gunicorn main process; `exit_code` is what it ends with."""

    def __init__(self, server: Any) -> None:
        self.server, self.exit_code = server, 0
        self._gunicorns_reap = server.reap_workers
        server.reap_workers = self._reap

    def _reap(self) -> None:
        try:
            self._reap_or_halt()
        except HaltServer as halt:
            self.exit_code = halt.exit_status
            raise

    def _reap_or_halt(self) -> None:
        """Reap all children that have ended; when the last worker is among them, and none is being stopped, halt.

        Raises HaltServer with the worker's exit code.
        """
        code = self._worker_exit_code()
        self._gunicorns_reap()
        # Whoever stops the server closes the listeners first; a reload has another worker by now.
        if code is not None and self.server.LISTENERS and not self.server.WORKERS:
            raise HaltServer("The worker has ended, and the container with it.", code)

    def _worker_exit_code(self) -> int | None:
        """Return the exit code of a worker that waits to be reaped; reap the orphans that wait before it."""
        try:
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid in self.server.WORKERS:
                    return ended.si_status if ended.si_code == os.CLD_EXITED else SIGNALLED + ended.si_status
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass
        return None
