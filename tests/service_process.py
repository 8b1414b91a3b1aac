"""One of the two services as it runs in a container: a process of gunicorn's."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import requests


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


class ServiceProcess:
    def __init__(self, name, log=os.devnull, application=None, **settings):
        self.name, self.log, self.port, self.process = name, Path(log), unused_port(), None
        self.application = application or f"{name}:create_app()"
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"BIND": "127.0.0.1", "PORT": str(self.port), **settings}

    def launch(self):
        """Start it, without waiting until it is ready."""
        command = [sys.executable, "-m", "gunicorn", "-c", f"python:{self.name}.gunicorn_conf", self.application]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=os.environ | self.settings, stdout=log, stderr=log)
        return self

    def start(self):
        """Start it; returns when it is ready."""
        self.launch()
        wait_until(self._is_ready)
        return self

    def _is_ready(self):
        assert self.process.poll() is None, f"{self.name} ended at its start"
        return self.status("/readyz") == 200

    def status(self, path):
        """Return the status of a GET; 0 when the connection fails."""
        with suppress(requests.ConnectionError):
            return requests.get(self.url + path, timeout=30).status_code
        return 0

    def kill(self):
        """End it the way a node that dies would."""
        if self.process is None:
            return
        pid = self.process.pid
        with suppress(FileNotFoundError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.process = None
