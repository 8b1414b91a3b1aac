"""The ladder: settings, an application, a client."""

import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from backend import create_app
from backend.config import Settings

from ...service_process import ServiceProcess, wait_until  # noqa: TID252 - tests are no package

HERE = Path(__file__).parent


@pytest.fixture
def settings(tmp_path):
    return Settings(
        state_dir=str(tmp_path),
        version="1.2.3",
        commit="abc1234",
        build_time="2026-01-02T03:04:05Z",
        pod_name="back-7d9",
        pod_namespace="cats",
        pod_ips="10.0.0.7,fd00::7",
        node_name="worker",
        host_ip="127.0.0.1",
        service_account="default",
        container_name="back",
        cpu_request_millicores=50,
        memory_request_bytes=67108864,
    )


@pytest.fixture
def app(settings):
    return create_app(settings)


class FirstPacket:
    """A connection whose first packet came with this time to live."""

    def __init__(self, ttl):
        self.packet = bytes([0x45]) + bytes(7) + bytes([ttl]) + bytes(31)

    def getsockopt(self, *_):
        return self.packet


@pytest.fixture
def client(app):
    """Requests come from the node of the Pod; its kubelet's have `kube-probe` in their User-Agent."""
    client = app.test_client()
    client.environ_base |= {"gunicorn.socket": FirstPacket(64)}
    return client


class Server(ServiceProcess):
    """The backend, with one more endpoint of `slow_app.py`."""

    def ask(self, method, path, body=None, agent="test"):
        return requests.request(method, self.url + path, json=body, headers={"User-Agent": agent}, timeout=60)

    def get(self, path):
        return self.ask("GET", path)

    def fault(self, name, **values):
        answer = self.ask("POST", f"/faults/{name}", values)
        assert answer.status_code == 202, answer.text
        return answer.json()["fault"]

    def pod_status(self):
        return self.get("/api/house").json()["pods"][0]

    def worker(self):
        """Return the worker's process id: the main process has one child, or its burners come after it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def await_status(self, path, status, seconds=20):
        wait_until(lambda: self.status(path) == status, seconds)

    @contextmanager
    def in_flight(self, path):
        """Have a request under way; yields where its answer will be, an empty list when the connection is cut."""
        answers = []

        def request():
            with suppress(requests.RequestException):
                answers.append(self.get(path).text)

        thread = threading.Thread(target=request, daemon=True)
        thread.start()
        wait_until(lambda: "http_requests_in_flight 2.0" in self.get("/metrics").text)
        yield answers
        thread.join(timeout=10)


@contextmanager
def launch(log, application="slow_app:create_app()", **env):
    path = os.pathsep.join(map(str, (HERE, log.parent)))
    server = Server(
        "backend", log, application, STATE_DIR=str(log.parent), HOST_IP="127.0.0.1", PYTHONPATH=path, **env
    ).launch()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def serving():
    """Return what starts the server and awaits that it is ready: `with serving(log, **environment) as server`."""

    @contextmanager
    def serve(log, **env):
        with launch(log, **env) as server:
            server.await_status("/readyz", 200)
            yield server

    return serve


@pytest.fixture
def launching():
    """Return what starts the server: `with launching(log, application, **environment) as server`."""
    return launch
