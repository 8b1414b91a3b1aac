"""The frontend as it really runs: a process of gunicorn's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

COMMAND = [sys.executable, "-m", "gunicorn", "-c", "python:frontend.gunicorn_conf", "frontend:create_app()"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def status(url: str) -> int:
    try:
        return requests.get(url, timeout=5).status_code
    except requests.ConnectionError:
        return 0


@dataclass
class Served:
    """A frontend that serves."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def worker(self) -> int:
        """The id of the one worker's process."""
        main = self.process.pid
        return int(Path(f"/proc/{main}/task/{main}/children").read_text())


Serve = Callable[..., Served]


def start(backend: str, log: Path, settings: dict[str, str]) -> Served:
    """Start a frontend on a free port; returns when it is ready."""
    port = free_port()
    all_settings = {"BIND": "127.0.0.1", "PORT": str(port), "BACKEND_URL": backend, **settings}
    with log.open("wb") as out:
        process = subprocess.Popen(COMMAND, env={**os.environ, **all_settings}, stdout=out, stderr=subprocess.STDOUT)
    served = Served(process, f"http://127.0.0.1:{port}", log)
    until(lambda: status(f"{served.url}/readyz") == 200)
    return served
