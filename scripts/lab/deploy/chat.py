"""Have a visitor of one backend Pod write to a visitor of another: what must work is that the Pods share their state.

The two are nobody: where one of them was paired with somebody real, it leaves again without a word.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import HTTPError

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 10.0
_TRIES = 3
_TEXT = "lab verify"


@dataclass(frozen=True)
class Visitor:
    """Somebody at one Pod, whose backend answers at ``url``; every call raises LabError where it is refused."""

    url: str
    token: str = ""

    def enter(self) -> Visitor:
        """Begin a visit."""
        return Visitor(self.url, str(self._call("POST", "/api/visitors", {"language": "en"})["visitor"]))

    def seek(self) -> None:
        """Wait for somebody."""
        self._call("POST", f"/api/visitors/{self.token}/chat", {"id": uuid.uuid4().hex})

    def say(self, chat: str, text: str) -> None:
        """Write a message."""
        body = {"id": uuid.uuid4().hex, "chat": chat, "text": text}
        self._call("POST", f"/api/visitors/{self.token}/messages", body)

    def leave(self) -> None:
        """End the visit."""
        self._call("DELETE", f"/api/visitors/{self.token}")

    def first(self, event: str) -> dict[str, Any]:
        """Return the data of the visitor's last event of this name, waiting for one; {} where none comes in time."""
        deadline = time.monotonic() + _SECONDS
        with contextlib.suppress(HTTPError):
            for name, data in self._events():
                if name == event:
                    return data
                if time.monotonic() > deadline:
                    break
        return {}

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        path = f"{self.url}/api/visitors/{self.token}/events"
        answer = urllib3.PoolManager(retries=False).request("GET", path, timeout=_SECONDS, preload_content=False)
        name = ""
        try:
            for line in _lines(answer):
                field, _, value = line.partition(":")
                if field == "event":
                    name = value.strip()
                elif field == "data":
                    yield name, json.loads(value)
        finally:
            answer.close()

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = urllib3.PoolManager(retries=False).request(method, self.url + path, json=body, timeout=_SECONDS)
        except HTTPError as error:
            raise LabError(f"the backend at {self.url} does not answer: {error}") from None
        if answer.status >= 300:  # noqa: PLR2004 - HTTP's own border
            raise LabError(f"the backend answered {answer.status}: {answer.data.decode(errors='replace')[:200]}")
        found: dict[str, Any] = json.loads(answer.data) if answer.data else {}
        return found


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[str]:
    rest = b""
    for chunk in answer.stream(65536):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() for line in whole)


def across(one: str, other: str) -> str:
    """Return what came of a message from a visitor at one address to a visitor at the other: ``delivered``, or why not.

    Raises LabError where one of the two refuses.
    """
    for _ in range(_TRIES):
        visitors = [Visitor(url).enter() for url in (one, other)]
        try:
            said = _talk(*visitors)
        finally:
            for each in visitors:
                with contextlib.suppress(LabError):
                    each.leave()
        if said:
            return said
    return "each time somebody else was there to be paired with"


def _talk(writer: Visitor, reader: Visitor) -> str:
    """Return what happened; empty where the two were not paired with each other."""
    for each in (writer, reader):
        each.seek()
    chat, other = (each.first("paired").get("chat") for each in (writer, reader))
    if chat is None or chat != other:
        return ""
    writer.say(chat, _TEXT)
    came = reader.first("message")
    return "delivered" if came.get("text") == _TEXT and not came.get("mine") else "the message did not come"
