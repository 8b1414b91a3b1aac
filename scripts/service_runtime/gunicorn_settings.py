"""gunicorn's settings that both services share.

One worker a Pod: readiness and counts live in the process, replicas are how it scales.
"""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from service_runtime import open_files
from service_runtime.environment import ConfigError
from service_runtime.supervision import Supervision

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_runtime.environment import ServiceSettings

T = TypeVar("T")


def load_or_exit(service: str, load: Callable[[], T]) -> T:
    """Return the settings; end the process with one line and exit code 2 when one is wrong."""
    try:
        return load()
    except ConfigError as error:
        sys.stderr.write(f"{service}: {error}\n")
        sys.exit(2)


def common(service: str, settings: ServiceSettings) -> dict[str, Any]:
    """Return the settings, to be put into the configuration module's globals, and raise the limit of open files."""
    open_files.raise_limit(settings.capacity.open_files)
    memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it
    return {
        "bind": settings.listen,
        "workers": 1,
        "worker_class": "service_runtime.worker.DrainingWorker",
        "worker_connections": settings.capacity.connections,
        "keepalive": 5,
        # One cookie may fill the headers, whose size as a whole is what is limited (connections.HEAD_BYTES).
        "limit_request_field_size": 32_768,
        # gunicorn kills what still runs after this; the kubelet does so after GRACE_SECONDS.
        "graceful_timeout": max(1, int(settings.grace_seconds - 2)),
        # The heartbeat file: memory where there is some, so that a read-only root file system works.
        "worker_tmp_dir": str(memory) if memory.is_dir() else None,
        "logger_class": "service_runtime.gunicorn_logger.JsonLogger",
        "loglevel": settings.log_level,
        # An administration socket in the home directory, and its thread: nothing here uses it.
        "control_socket_disable": True,
        "proc_name": service,
        "worker_exit": unfreeze,
    }


def supervise(server: Any, application: str, settings: ServiceSettings) -> None:
    """Take up supervision, and load the application's modules before the fork: the processes then share their memory.

    Whoever asked for more streams than fit is told.

    The application itself is made in the worker, after gevent has patched the standard library.
    """
    capacity = settings.capacity
    if capacity.streams < settings.max_streams:
        server.log.warning(
            "MAX_STREAMS=%d cannot be had, %d is the most: only %d files may be open here (ulimit -Hn)",
            *(settings.max_streams, capacity.streams, capacity.open_files),
        )
    server.supervision = Supervision(server)
    importlib.import_module(application)
    gc.collect()
    gc.freeze()


def unfreeze(server: Any, worker: Any) -> None:
    """Undo the freeze: Python's own end of the process expects to collect everything."""
    _ = server, worker
    gc.unfreeze()
