"""The least that a chat over server-sent events can be: what the backend's `chat` is measured against.

No checks, no limits, no log to come back to: visitors are paired as they come, and a message goes to two queues.
"""

import itertools
import json
from collections.abc import Callable, Iterator

from gevent.queue import Empty, Queue

_numbers = itertools.count(1)
_queues: dict[str, Queue] = {}
_partners: dict[str, str] = {}
_waiting: list[str] = []


def app(environ: dict, start: Callable) -> list[bytes] | Iterator[bytes]:
    """Answer as much of the roulette as a load without faults asks for."""
    path = environ["PATH_INFO"].split("/")[3:]
    visitor, action = path[0] if path else "", path[1] if len(path) > 1 else ""
    if action == "events":
        start("200 OK", [("Content-Type", "text/event-stream")])
        return _events(visitor)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = json.loads(environ["wsgi.input"].read(length)) if length else {}
    data = json.dumps(_act(visitor, action, body)).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [data]


def _act(visitor: str, action: str, body: dict) -> dict:
    if not visitor:
        visitor = f"{next(_numbers):032x}"
        _queues[visitor] = Queue()
        return {"visitor": visitor, "cat": {"seed": "s", "name": "n"}}
    if action == "chat":
        return _seek(visitor)
    if action == "messages":
        for receiver in (visitor, _partners[visitor]):
            _send(receiver, "message", **body, mine=receiver == visitor, at=0)
    return {"id": body.get("id"), "number": 1, "repeated": False}


def _seek(visitor: str) -> dict:
    _waiting.append(visitor)
    if len(_waiting) > 1:
        pair = _waiting.pop(), _waiting.pop()
        for receiver, partner in (pair, pair[::-1]):
            _partners[receiver] = partner
            _send(receiver, "paired", chat=min(pair), house=False, cat={"seed": "s", "name": "n"})
    return {"state": "waiting"}


def _send(visitor: str, event: str, **data: object) -> None:
    frame = f"event: {event}\nid: {next(_numbers)}\ndata: {json.dumps(data)}\n\n"
    _queues[visitor].put(frame.encode())


def _events(visitor: str) -> Iterator[bytes]:
    yield b"retry: 1000\n\n"
    while True:
        try:
            yield _queues[visitor].get(timeout=5)
        except Empty:
            yield b'event: beat\ndata: {"pod":"bare"}\n\n'
