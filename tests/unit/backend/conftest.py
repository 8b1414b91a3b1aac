"""The ladder: settings, an application, a client."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend import create_app
from backend.config import Settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        state_dir=str(tmp_path),
        version="1.2.3",
        commit="abc1234",
        build_time="2026-01-02T03:04:05Z",
        pod_name="back-7d9",
        pod_namespace="cats",
        pod_ips="10.0.0.7,fd00::7",
        node_name="worker",
        service_account="default",
        container_name="back",
        cpu_request_millicores=50,
        memory_request_bytes=67108864,
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def port():
    return free_port()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    def __init__(self, process, port):
        self.process, self.port = process, port

    def get(self, path, timeout=10):
        return self.ask("GET", path, timeout=timeout)

    def ask(self, method, path, body=None, *, timeout=10, agent="test"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"User-Agent": agent} | ({} if body is None else {"Content-Type": "application/json"})
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def fault(self, name, **values):
        status, body, _ = self.ask("POST", f"/faults/{name}", values)
        assert status == 202, body
        return json.loads(body)["fault"]

    def status(self):
        """Return the Pod's own status."""
        return json.loads(self.get("/api/house")[1])["pods"][0]

    def worker(self):
        """Return the worker's process id: the main process has one child, or its burners come after it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def await_status(self, path, status, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(ConnectionRefusedError):
                if self.get(path)[0] == status:
                    return
            time.sleep(0.01)
        pytest.fail(f"{path} did not answer {status} within {seconds} s")

    @contextmanager
    def in_flight(self, path):
        """Have a request under way; yields where its answer will be, an empty list when the connection is cut."""
        answers = []

        def request():
            with suppress(OSError, http.client.HTTPException):
                answers.append(self.get(path, timeout=60)[:2])

        thread = threading.Thread(target=request, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while b"http_requests_in_flight 2.0" not in self.get("/metrics")[1]:
            assert time.monotonic() < deadline, "no request is under way"
            time.sleep(0.01)
        yield answers
        thread.join(timeout=10)


@contextmanager
def start(log, app, port, **env):
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.gunicorn_conf", app]
    own = {
        "PORT": str(port),
        "STATE_DIR": str(log.parent),
        "BIND": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, HERE, log.parent))),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=os.environ | own | env, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def serve(log, **env):
    port = free_port()
    with start(log, "slow_app:create_app()", port, **env) as process:
        server = Server(process, port)
        server.await_status("/readyz", 200, seconds=20)
        yield server


@pytest.fixture
def starting():
    """Return what starts the real server: `with starting(log, app, port, **environment) as process`."""
    return start


@pytest.fixture(scope="session")
def serving():
    """Return what starts the real server and awaits that it is ready: `with serving(log, **environment) as server`."""
    return serve
