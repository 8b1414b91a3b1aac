"""Requests that are repeated until they are answered, within a time; nothing here knows what a visitor is."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from roulette.errors import GaveUp, NotInChat, Refused, RouletteError, UnknownVisitor

if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers that may be another one a little later: a limit, an error, or nobody there who could answer."""
_ERRORS = 300


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds."""

    call: float = 30.0
    """A request is given up after this, its repetitions included."""
    connect: float = 3.0
    answer: float = 10.0
    silence: float = 12.0
    """A stream that says nothing for so long is dead: a living one says something every five seconds."""
    stream: float = 60.0
    """A stream that cannot be had for so long is given up."""
    pause: float = 0.2
    """Between the first tries; it doubles up to `pauses_most`, and varies, so that a thousand do not come at once."""
    pauses_most: float = 2.0


class Answer(msgspec.Struct, frozen=True):
    """What came with a 2xx answer, and why it took more than one try."""

    data: bytes
    troubles: tuple[str, ...]


class Problem(msgspec.Struct, frozen=True):
    """A problem document, as far as a program needs it."""

    type: str = "about:blank"
    detail: str = ""


class Later(Exception):
    """It may work in so many seconds; the text says why not now."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        """Keep the seconds; None: as many as one likes."""
        super().__init__(why)
        self.seconds = seconds


class Calls:
    """The way to one service: connections are kept and shared; safe between threads."""

    def __init__(self, url: str, patience: Patience, troubled: Callable[[str, str], None]) -> None:
        """`troubled` is told what was tried and what happened, each time that something must be tried again."""
        self.patience, self.troubled = patience, troubled
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=64, retries=False)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Send it until a 2xx answer comes. Raises UnknownVisitor, NotInChat, Refused, GaveUp."""
        what, troubles = f"{method} {_hidden(path)}", Troubles(self.patience.call)
        while True:
            try:
                return Answer(self._once(method, path, body), tuple(troubles.seen))
            except RouletteError as error:
                error.troubles = tuple(troubles.seen)
                raise
            except Later as later:
                pause = troubles.pause(what, later, self.patience)
                self.troubled(what, str(later))
                time.sleep(pause)

    def _once(self, method: str, path: str, body: Any) -> bytes:
        timeout = urllib3.Timeout(connect=self.patience.connect, read=self.patience.answer)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        payload = None if body is None else msgspec.json.encode(body)
        try:
            answer = self._pool.request(method, self._url + path, body=payload, headers=headers, timeout=timeout)
        except HTTPError as error:
            raise Later(reason(error)) from error
        check(f"{method} {_hidden(path)}", answer.status, answer.headers.get("Retry-After"), answer.data)
        return answer.data

    def stream(self, path: str, after: int) -> urllib3.BaseHTTPResponse:
        """Open a stream of events after this one; it is the caller's to close. Raises as `call`, and Later."""
        timeout = urllib3.Timeout(connect=self.patience.connect, read=self.patience.silence)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
        try:
            answer = self._pool.request(
                "GET", self._url + path, headers=headers, timeout=timeout, preload_content=False
            )
            if answer.status < _ERRORS:
                return answer
            data = answer.data
        except HTTPError as error:
            raise Later(reason(error)) from error
        check("GET /events", answer.status, answer.headers.get("Retry-After"), data)
        raise Refused("GET /events", answer.status, "an answer without a meaning here")


class Troubles:
    """What was in the way, and how long one may still try."""

    def __init__(self, seconds: float) -> None:
        """Begin."""
        self.seen: list[str] = []
        self._seconds, self._began = seconds, time.monotonic()

    def pause(self, what: str, later: Later, patience: Patience) -> float:
        """Return how many seconds to wait before the next try; raises GaveUp when they would be too many."""
        self.seen.append(str(later))
        own = min(patience.pauses_most, patience.pause * 2 ** min(len(self.seen) - 1, 10))
        pause = (own if later.seconds is None else later.seconds) * random.uniform(1, 1.5)  # noqa: S311 - no secret
        spent = time.monotonic() - self._began
        if spent + pause > self._seconds:
            error = GaveUp(what, spent, str(later))
            error.troubles = tuple(self.seen)
            raise error from later
        return pause


def check(what: str, status: int, retry_after: str | None, data: bytes) -> None:
    """Raise what an answer means: nothing for 2xx, Later where it may get better, else UnknownVisitor and so on.

    What is no problem+json is not the roulette's: a dead Pod's address may lead to another server for a moment.
    """
    if status < _ERRORS:
        return
    problem = _problem(data)
    if problem is None:
        raise Later(f"{status} {data[:80].decode(errors='replace')}".strip())
    if status in AGAIN:
        seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
        raise Later(f"{status} {problem.detail}".strip(), seconds)
    for kind, error in (("unknown-visitor", UnknownVisitor), ("not-in-chat", NotInChat)):
        if problem.type == kind:
            raise error(f"{what}: {problem.detail}")
    raise Refused(what, status, problem.detail)


def _problem(data: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(data, type=Problem)
    except msgspec.DecodeError:
        return None


def reason(error: HTTPError) -> str:
    """Say an error of the connection in few words, without addresses that differ each time."""
    inner = error.args[-1] if error.args else error
    return f"{type(error).__name__} {type(inner).__name__}" if isinstance(inner, Exception) else type(error).__name__


def _hidden(path: str) -> str:
    """Return the path without the visitor's secret."""
    parts = path.split("/")
    return "/".join("…" if len(part) == 32 else part for part in parts)  # noqa: PLR2004 - a token's length
