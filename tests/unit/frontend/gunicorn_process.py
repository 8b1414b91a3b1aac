"""The frontend as it runs in a container: a process of gunicorn's."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

COMMAND = [sys.executable, "-m", "gunicorn", "-c", "python:frontend.gunicorn_conf", "frontend:create_app()"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def status_of(url):
    try:
        return requests.get(url, timeout=5).status_code
    except requests.ConnectionError:
        return 0


@dataclass
class Frontend:
    process: subprocess.Popen
    url: str
    log: Path


def start_frontend(backend_url, log, **settings):
    """Start a frontend on a free port; returns when it is ready."""
    port = str(free_port())
    environ = {**os.environ, "BIND": "127.0.0.1", "PORT": port, "BACKEND_URL": backend_url, **settings}
    with log.open("wb") as out:
        process = subprocess.Popen(COMMAND, env=environ, stdout=out, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: status_of(f"{url}/readyz") == 200)
    return Frontend(process, url, log)
