"""The container ends with its worker, and with the worker's exit code.

gunicorn would quietly start another worker, and Kubernetes would see neither the crash nor the OOM kill: a container's
status is its first process's (Kubernetes documentation, "Pod Lifecycle", container states).

backend/supervision.py is this one's twin, as neither service imports the other: what is mended here is mended there.
"""

from __future__ import annotations

import os
from typing import Any

from gunicorn.errors import HaltServer

SIGNALLED = 128
"""A process that a signal ends counts as having exited with this and the signal's number."""


def supervise(server: Any) -> None:
    """Have gunicorn's main process halt when its worker has ended without being told to."""
    collect = server.reap_workers

    def collect_and_halt() -> None:
        code = exit_code(server.WORKERS)
        collect()
        # Whoever stops the server closes the listeners first; a reload has another worker by now.
        if code is not None and server.LISTENERS and not server.WORKERS:
            raise HaltServer("The worker has ended, and the container with it.", code)

    server.reap_workers = collect_and_halt


def exit_code(workers: dict[int, Any]) -> int | None:
    """Return the exit code of a worker that waits to be collected; collect the orphans that wait before it."""
    try:
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in workers:
                return ended.si_status if ended.si_code == os.CLD_EXITED else SIGNALLED + ended.si_status
            os.waitpid(ended.si_pid, 0)
    except ChildProcessError:
        pass
    return None
