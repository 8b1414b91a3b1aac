"""A message across two Pods, tried against a made-up backend of one's own."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from lab.deploy import chat
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Backend:
    """Pairs whoever seeks with the other; what it does wrong is chosen by a test."""

    def __init__(self) -> None:
        self.visitors: list[str] = []
        self.said: list[str] = []
        self.left: list[str] = []
        self.strangers, self.loses, self.refuses = 0, False, False

    def events(self, token: str, after: int) -> str:
        mine = self.visitors.index(token)
        paired = f"chat-{mine // 2}" if mine // 2 >= self.strangers else f"stranger-{mine}"
        card = {"seed": "s", "name": "Minou"}
        told: list[tuple[str, dict[str, Any]]] = [("paired", {"chat": paired, "house": False, "cat": card})]
        if self.said and not self.loses:
            told.append(("message", {"chat": paired, "id": "m", "text": self.said[-1], "mine": False, "at": 0}))
        frames = [
            f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
            for number, (name, data) in enumerate(told, 1)
            if number > after
        ]
        return "retry: 20\n\n" + "".join(frames)


@pytest.fixture
def backend() -> Iterator[tuple[Backend, str]]:
    made = Backend()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            after = int(self.headers.get("Last-Event-ID") or 0)
            self.answer(200, made.events(self.path.split("/")[3], after))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if made.refuses:
                self.answer(503, "Redis is away")
            elif self.path == "/api/visitors":
                made.visitors.append(f"v{len(made.visitors)}")
                card = {"seed": "s", "name": "Minou"}
                self.answer(201, json.dumps({"visitor": made.visitors[-1], "cat": card}))
            else:
                made.said += [body["text"]] if self.path.endswith("/messages") else []
                self.answer(202, json.dumps({"state": "waiting", "number": 2, "repeated": False}))

        def do_DELETE(self) -> None:
            made.left.append(self.path.split("/")[3])
            self.answer(204, "")

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_message_is_delivered_and_both_leave(backend: tuple[Backend, str]) -> None:
    made, url = backend
    assert chat.across(url, url) == "delivered"
    assert sorted(made.left) == ["v0", "v1"]


def test_nothing_is_said_to_a_stranger(backend: tuple[Backend, str]) -> None:
    made, url = backend
    made.strangers = 1
    assert chat.across(url, url) == "delivered"
    assert (made.said, sorted(made.left)) == (["lab verify"], ["v0", "v1", "v2", "v3"])
    made.strangers = 99
    assert chat.across(url, url) == "each time somebody else was there to be paired with"
    assert len(made.said) == 1


def test_a_message_that_does_not_come_is_told(backend: tuple[Backend, str]) -> None:
    made, url = backend
    made.loses = True
    assert chat.across(url, url, 0.5) == "the message did not come"


def test_a_refusal_is_told(backend: tuple[Backend, str]) -> None:
    made, url = backend
    made.refuses = True
    with pytest.raises(LabError, match=r"given up .* last seen: 503 Redis is away"):
        chat.across(url, url, 0.5)
    with pytest.raises(LabError, match="NewConnectionError"):
        chat.across("http://127.0.0.1:1", url, 0.5)
