"""gunicorn's settings: `python3 -m gunicorn -c python:backend.gunicorn_conf 'backend:create_app()'`."""

from typing import Any

from backend import cgroup, restarts
from backend.config import load
from backend.faults import sigterm
from backend.probe_log import ProbeLog
from backend.state_files import StateFiles
from service_runtime import gunicorn_settings

_settings = gunicorn_settings.load_or_exit("backend", load)
_state_files = StateFiles(_settings.state_dir, _settings.pod)
_oom_kills_before = cgroup.oom_kills()

globals().update(gunicorn_settings.common("backend", _settings))
timeout = 30


def on_starting(server: Any) -> None:
    restarts.record_start(_state_files, ProbeLog(_state_files).latest)
    sigterm.install(server)
    gunicorn_settings.supervise(server, "backend.app", _settings)


def on_exit(server: Any) -> None:
    oom = (cgroup.oom_kills() or 0) > (_oom_kills_before or 0)
    restarts.record_end(_state_files, server.supervision.exit_code, oom=oom)
