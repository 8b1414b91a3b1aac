"""A message across two Pods, tried against a backend that does what a test wants."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lab.deploy import chat
from lab.errors import LabError

CARD = {"seed": "s", "name": "Minou"}


class Backend(ThreadingHTTPServer):
    """Pairs two visitors who come one after the other, but the first ``strangers`` pairs with somebody else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.visitors: list[str] = []
        self.messages: list[str] = []
        self.left: list[str] = []
        self.strangers, self.loses, self.refuses = 0, False, False

    def events(self, visitor: str) -> list[tuple[str, dict[str, Any]]]:
        number = self.visitors.index(visitor)
        chat = f"chat-{number // 2}" if number // 2 >= self.strangers else f"stranger-{number}"
        message = {"chat": chat, "id": "m", "text": "".join(self.messages[-1:]), "mine": False, "at": 0}
        sent = [("message", message)] if self.messages and not self.loses else []
        return [("paired", {"chat": chat, "house": False, "cat": CARD}), *sent]


class Handler(BaseHTTPRequestHandler):
    server: Backend

    def do_GET(self) -> None:
        after = int(self.headers.get("Last-Event-ID") or 0)
        events = enumerate(self.server.events(self.path.split("/")[3]), start=1)
        hello = json.dumps({"pod": "back", "version": "1", "store": "memory", "state": "idle"})
        frames = [f"event: hello\ndata: {hello}\n\n"]
        frames += [f"id: {n}\nevent: {name}\ndata: {json.dumps(data)}\n\n" for n, (name, data) in events if n > after]
        self.answer(200, "retry: 20\n\n" + "".join(frames))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refuses:
            self.answer(503, "Redis is away")
        elif self.path == "/api/visitors":
            self.server.visitors.append(f"v{len(self.server.visitors)}")
            self.answer(201, json.dumps({"visitor": self.server.visitors[-1], "cat": CARD}))
        else:
            self.server.messages += [body["text"]] if self.path.endswith("/messages") else []
            self.answer(202, json.dumps({"state": "waiting", "number": 2, "repeated": False}))

    def do_DELETE(self) -> None:
        self.server.left.append(self.path.split("/")[3])
        self.answer(204, "")

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def backend() -> Iterator[Backend]:
    with Backend() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("strangers", "result", "messages"),
    [
        pytest.param(0, "delivered", 1, id="paired at once"),
        pytest.param(1, "delivered", 1, id="paired with strangers first"),
        pytest.param(99, "each time somebody else was there to be paired with", 0, id="strangers only"),
    ],
)
def test_a_message_is_delivered_to_no_stranger_and_all_leave(backend, strangers, result, messages) -> None:
    backend.strangers = strangers
    assert chat.across(backend.url, backend.url) == result
    assert backend.messages == ["lab verify"] * messages
    assert sorted(backend.left) == backend.visitors


def test_a_message_that_does_not_come_is_told(backend) -> None:
    backend.loses = True
    assert chat.across(backend.url, backend.url, 0.5) == "the message did not come"


def test_a_refusal_is_told(backend) -> None:
    backend.refuses = True
    with pytest.raises(LabError, match=r"given up .* last seen: 503 Redis is away"):
        chat.across(backend.url, backend.url, 0.5)
    with pytest.raises(LabError, match="NewConnectionError"):
        chat.across("http://127.0.0.1:1", backend.url, 0.5)
