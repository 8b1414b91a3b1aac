"""A made-up service that does what a test scripts, request by request."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VISITOR = "0123456789abcdef0123456789abcdef"
HANG = None
"""In a stream: say nothing more until the test is over."""
CARD = {"seed": "s1", "name": "Minou", "breed": "siamese"}


@dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict = field(default_factory=dict)
    stream: list | None = None
    cut: bool = False
    """Take the request, then close without an answer."""


@dataclass
class Seen:
    method: str
    path: str
    body: object
    last_event_id: str | None


class Fake(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Seen] = []
        self.over = threading.Event()
        self.script: dict[str, deque] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will(self, route: str, *answers: Answer) -> None:
        """Answer so in turn; the last answer stays."""
        self.script[route] = deque(answers)

    def next(self, route: str) -> Answer:
        queue = self.script[route]
        return queue.popleft() if len(queue) > 1 else queue[0]

    def asked(self, route: str) -> list[Seen]:
        return [seen for seen in self.seen if f"{seen.method} {route_of(seen.path)}" == route]


def route_of(path: str) -> str:
    return path.partition("?")[0].removeprefix("/api/visitors").removeprefix(f"/{VISITOR}") or "/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.seen.append(Seen(self.command, self.path, body, self.headers.get("Last-Event-ID")))
        answer = self.server.next(f"{self.command} {route_of(self.path)}")
        self.close_connection = True
        if answer.cut:
            return
        self.send_response(answer.status)
        self.send_header("Connection", "close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        (self.play if answer.stream is not None else self.send)(answer)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

    def send(self, answer):
        data = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def play(self, answer):
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for step in [*answer.stream]:
            if step is HANG:
                self.server.over.wait(30)
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(step), step))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_words):
        """Say nothing."""


def frame(event: str, number: int | None = None, **data) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"event: {event}\n{head}data: {json.dumps(data)}\n\n".encode()


RETRY = b"retry: 20\n\n"
HELLO = frame("hello", pod="a", node=None, version="1", colour="#123456", store="redis", state="chat", chat="c1")
PAIRED = frame("paired", 1, chat="c1", house=False, cat=CARD, greeting=None, fact=None)


def message(number: int, text: str, *, mine: bool = False) -> bytes:
    return frame("message", number, chat="c1", id=f"m{number}", mine=mine, text=text, at=1700000000000)
