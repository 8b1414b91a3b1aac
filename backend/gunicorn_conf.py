"""gunicorn's settings: `python3 -m gunicorn -c python:backend.gunicorn_conf 'backend:create_app()'`.

One worker a Pod: readiness and counts live in the process, replicas are how it scales.
"""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from typing import Any

from backend.config import ConfigError, load
from backend.state_files import StateFiles
from backend.supervision import Supervision, oom_kills

try:
    _settings = load()
except ConfigError as error:
    sys.stderr.write(f"backend: {error}\n")
    sys.exit(2)

bind = _settings.listen
workers = 1
worker_class = "backend.worker.DrainingWorker"
# Streams, and what is asked beside them.
worker_connections = _settings.max_streams + 1600
# Idle connections are gone when the default drain of five seconds is over.
keepalive = 5
timeout = 30
# gunicorn kills what still runs after this; the kubelet does so after GRACE_SECONDS.
graceful_timeout = max(1, int(_settings.grace_seconds - 2))
# The heartbeat file: memory where there is some, so that a read-only root file system works.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a private file in it
accesslog = None
logger_class = "backend.gunicorn_logger.JsonLogger"
loglevel = _settings.log_level
# An administration socket in the home directory, and its thread: nothing here uses it.
control_socket_disable = True
proc_name = "backend"


def on_starting(server: Any) -> None:
    """Take up supervision, and load the application's modules before the fork: the processes then share their memory.

    The application itself is made in the worker, after gevent has patched the standard library.
    """
    server.supervision = Supervision(server, StateFiles(_settings.state_dir, _settings.pod), oom_kills)
    importlib.import_module("backend.app")
    gc.collect()
    gc.freeze()


def on_exit(server: Any) -> None:
    """Write how the container's life ends."""
    server.supervision.end()


def post_worker_init(worker: Any) -> None:
    """Start what runs all the time; the application is there, and serves as soon as this is done."""
    state = worker.wsgi.extensions["backend"]
    state.keeper.start()
    state.cluster_status.start(state)


def worker_exit(server: Any, worker: Any) -> None:
    """Undo the freeze: Python's own end of the process expects to collect everything."""
    _ = server, worker
    gc.unfreeze()
