"""Fixtures, from a fake backend to an application wired to it to a client."""

import pytest

from frontend import create_app
from frontend.config import Settings

from ...service_process import ServiceProcess, unused_port  # noqa: TID252 - tests are no package
from .servers import FakeBackend, RawServer


@pytest.fixture
def fake():
    """A healthy backend."""
    with FakeBackend().serve() as backend:
        yield backend


@pytest.fixture
def connect():
    """Build an application wired to a URL, and return a client of it."""

    def build(url, **settings):
        timeouts = {"backend_connect_seconds": 0.5, "backend_read_seconds": 0.5}
        return create_app(Settings(backend_url=url, pod_name="front-1", **timeouts | settings)).test_client()

    return build


@pytest.fixture
def client(fake, connect):
    return connect(fake.url)


@pytest.fixture
def closed_port():
    return unused_port()


@pytest.fixture
def raw_server():
    """Start a server of raw replies; it ends with the test."""
    servers = []

    def start(*replies, **options):
        servers.append(RawServer(*replies, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def run_frontend(tmp_path):
    """Start a frontend under gunicorn, wired to a URL; it ends with the test."""
    processes = []

    def start(backend_url, **settings):
        processes.append(ServiceProcess("frontend", tmp_path / "log", BACKEND_URL=backend_url, **settings))
        return processes[-1].start()

    yield start
    for process in processes:
        process.kill()
