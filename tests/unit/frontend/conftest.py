"""The ladder: a fake backend (a real HTTP server in a thread), an application wired to it, a client."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from frontend import create_app

from .gunicorn_process import Serve, Served, start
from .streaming_backend import Tap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

VERSION = {"name": "k8-chatroulette-back", "version": "1.2.3", "colour": "#aa5500"}


@dataclass
class Fake:
    """A backend that answers what a test puts into `answers`, and remembers what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    hold: dict[str, threading.Event] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reply(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, {"Content-Type": "application/json", **headers}, raw)


def handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.seen.append((self.command, self.path, dict(self.headers), body))
            path = self.path.partition("?")[0]
            status, headers, raw = fake.answers.get(path, (404, {}, b"{}"))
            if path in fake.hold and "Content-Length" not in headers:
                fake.hold[path].wait(20)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.send_body(path, raw)
            self.close_connection = True

        def send_body(self, path: str, raw: bytes) -> None:
            if "Transfer-Encoding" not in fake.answers.get(path, (0, {}, b""))[1]:
                self.wfile.write(raw)
                return
            for line in raw.splitlines(keepends=True):
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                self.wfile.flush()
                fake.hold[path + "#next"].wait(20)
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A healthy backend."""
    fake = Fake()
    fake.reply("/version", VERSION)
    fake.reply("/readyz", {"name": "readyz", "ok": True, "checks": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(fake))
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    for event in fake.hold.values():
        event.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def connect() -> Callable[..., FlaskClient]:
    """Build an application wired to a URL, and return a client of it."""

    def build(url: str, **settings: str) -> FlaskClient:
        quick = {"BACKEND_CONNECT_SECONDS": "0.5", "BACKEND_READ_SECONDS": "0.5"}
        return create_app({**quick, "BACKEND_URL": url, "POD_NAME": "front-1", **settings}).test_client()

    return build


@pytest.fixture
def client(fake: Fake, connect: Callable[..., FlaskClient]) -> FlaskClient:
    return connect(fake.url)


@pytest.fixture
def tap() -> Iterator[Tap]:
    """A backend of event streams."""
    tap = Tap()
    yield tap
    tap.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start frontends under gunicorn, wired to a URL; they end with the test."""
    started: list[Served] = []

    def start_one(backend: str, **settings: str) -> Served:
        started.append(start(backend, tmp_path / f"log-{len(started)}", settings))
        return started[-1]

    yield start_one
    for served in started:
        served.process.kill()
        served.process.wait()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


Listening = Callable[[bytes | None], AbstractContextManager[int]]


@pytest.fixture
def listening() -> Listening:
    """Return a context manager of a port which sends some bytes then hangs up, or with None keeps silent."""
    return listener


@contextmanager
def listener(say: bytes | None) -> Iterator[int]:
    """Accept connections on a port, and send `say` then hang up, or with None keep silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                held.append(connection)
                if say is not None:
                    connection.recv(4096)
                    connection.sendall(say)
                    connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()
