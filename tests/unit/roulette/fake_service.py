"""A service that answers as a test scripts it, request by request."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VISITOR = "0123456789abcdef0123456789abcdef"
HANG = None
"""In a stream: send nothing more until the test is over."""
CAT = {"seed": "s1", "name": "Minou", "breed": "siamese"}


@dataclass
class Answer:
    """A body that is no list is sent as JSON; status 0 closes the connection without an answer."""

    status: int = 200
    body: object = ()
    headers: dict = field(default_factory=dict)


@dataclass
class Request:
    route: str
    body: object
    last_event_id: str | None


class FakeService(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.answers: dict[str, deque] = {}

    def script(self, route: str, *answers: Answer) -> None:
        """Answer these in turn; the last one repeats."""
        self.answers[route] = deque(answers)

    def requests_to(self, route: str) -> list[Request]:
        return [request for request in self.requests if request.route == route]


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        path = self.path.partition("?")[0].removeprefix("/api/visitors").removeprefix(f"/{VISITOR}") or "/"
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        request = Request(f"{self.command} {path}", body, self.headers.get("Last-Event-ID"))
        self.server.requests.append(request)
        answers = self.server.answers[request.route]
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        if answer.status:
            self.send(answer)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

    def send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in answer.body if isinstance(answer.body, list) else [json.dumps(answer.body).encode()]:
            if chunk is HANG:
                self.server.closing.wait(30)
            else:
                self.wfile.write(chunk)

    def log_message(self, *_words):
        pass


def frame(event: str, number: int | None = None, **data) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"event: {event}\n{head}data: {json.dumps(data)}\n\n".encode()


def message(number: int, text: str, *, mine: bool = False) -> bytes:
    return frame("message", number, chat="c1", id=f"m{number}", mine=mine, text=text, at=1700000000000)


def stream(*chunks: bytes | None) -> Answer:
    return Answer(200, list(chunks))


def problem(status: int, kind: str = "about:blank", **headers: str) -> Answer:
    return Answer(status, {"type": kind, "status": status, "title": "no", "detail": "because"}, headers)


CUT = Answer(0)
RETRY = b"retry: 20\n\n"
HELLO = frame("hello", pod="a", node=None, version="1", colour="#123456", store="redis", state="chat", chat="c1")
PAIRED = frame("paired", 1, chat="c1", house=False, cat=CAT, greeting=None, fact=None)
REPLACED = frame("replaced")
