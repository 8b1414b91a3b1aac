"""Gunicorn's settings: `python3 -m gunicorn -c python:frontend.gunicorn_conf 'frontend:create_app()'`.

One worker a Pod: replicas are how it scales.
"""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from typing import Any

from frontend.config import ConfigError, load
from frontend.supervision import supervise

try:
    _config = load()
except ConfigError as error:
    sys.stderr.write(f"frontend: {error}\n")
    sys.exit(2)

MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it

bind = _config.bind_address
workers = 1
worker_class = "frontend.worker.LeavingWorker"
# Streams, and what is asked beside them.
worker_connections = _config.max_streams + 1600
# The heartbeat's file: in memory, so that a read-only root works.
worker_tmp_dir = str(MEMORY) if MEMORY.is_dir() else None
control_socket_disable = True
keepalive = 5
timeout = 60
# Gunicorn ends what still runs after this; the kubelet after GRACE_SECONDS.
graceful_timeout = max(1, int(_config.grace_seconds - 2))
logger_class = "frontend.logs.JsonLogger"
loglevel = _config.log_level
accesslog = "-"
proc_name = "frontend"


def on_starting(server: Any) -> None:
    """Have the container end with its worker, and load the modules before the fork: both processes share them then.

    The application itself is made in the worker, after gevent has patched the standard library.
    """
    supervise(server)
    importlib.import_module("frontend.app")
    gc.collect()
    gc.freeze()


def worker_exit(server: Any, worker: Any) -> None:
    """Undo the freeze: Python's own end of the process expects to collect everything."""
    _ = server, worker
    gc.unfreeze()
