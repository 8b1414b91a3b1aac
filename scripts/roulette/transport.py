"""HTTP requests that are repeated until they are answered, within a time limit."""

import random
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from roulette.errors import GaveUp, NotInChat, Refused, RouletteError, UnknownVisitor

_RETRIED = frozenset({429, 500, 502, 503, 504})
_TOKEN_LENGTH = 32


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds."""

    call: float = 30.0
    """For a request with all its repetitions."""
    connect: float = 3.0
    answer: float = 10.0
    silence: float = 12.0
    """A stream without a byte for so long is dead; the service sends a beat every five seconds."""
    stream: float = 60.0
    """Without a stream for so long, `Visit.events` gives up."""
    backoff: float = 0.2
    """Before the first repetition; it doubles up to `backoff_max`."""
    backoff_max: float = 2.0


class Problem(msgspec.Struct, frozen=True):
    """The members of a problem document (RFC 9457) that are used here."""

    type: str = "about:blank"
    detail: str = ""


class Unavailable(Exception):
    """A repetition may succeed, after `retry_after` seconds where the service names a time."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Transport:
    """Connections to one service, pooled and shared between threads.

    `on_retry` is called with the request and the reason before each repetition.
    """

    def __init__(self, url: str, timeouts: Timeouts, on_retry: Callable[[str, str], None]) -> None:
        self.timeouts, self.on_retry = timeouts, on_retry
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=64, retries=False)

    def call(self, method: str, path: str, body: Any = None) -> tuple[bytes, tuple[str, ...]]:
        """Repeat the request until a 2xx answer; return its body, and why earlier attempts failed.

        Raises UnknownVisitor, NotInChat, Refused, GaveUp.
        """
        request, started = f"{method} {_without_token(path)}", time.monotonic()
        failures: list[str] = []
        try:
            while True:
                try:
                    response = self._send(request, method, path, self.timeouts.answer, json=body)
                    return response.data, tuple(failures)
                except Unavailable as error:
                    backoff = min(self.timeouts.backoff_max, self.timeouts.backoff * 2 ** min(len(failures), 10))
                    failures.append(str(error))
                    self.pause(request, error, backoff, started, self.timeouts.call)
        except RouletteError as error:
            error.failures = tuple(failures)
            raise

    def stream(self, path: str, after: int) -> urllib3.BaseHTTPResponse:
        """Open a stream of the events after number `after`; the caller closes it. Raises as `call`, and Unavailable."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
        return self._send("GET /events", "GET", path, self.timeouts.silence, headers=headers, preload_content=False)

    def pause(self, request: str, error: Unavailable, backoff: float, since: float, limit: float) -> None:
        """Sleep before a repetition. Raises GaveUp where that would end more than `limit` seconds after `since`."""
        seconds = backoff if error.retry_after is None else error.retry_after
        seconds *= random.uniform(1, 1.5)  # noqa: S311 - jitter, so that a thousand clients do not return at once
        elapsed = time.monotonic() - since
        if elapsed + seconds > limit:
            raise GaveUp(request, elapsed, str(error)) from error
        self.on_retry(request, str(error))
        time.sleep(seconds)

    def _send(self, request: str, method: str, path: str, read: float, **options: Any) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=self.timeouts.connect, read=read)
        try:
            response = self._pool.request(method, self._url + path, timeout=timeout, **options)
            data = b"" if response.status < HTTPStatus.MULTIPLE_CHOICES else response.data
        except HTTPError as error:
            raise Unavailable(describe(error)) from error
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _error(request, response.status, response.headers.get("Retry-After"), data)
        return response


def _error(request: str, status: int, retry_after: str | None, data: bytes) -> RouletteError | Unavailable:
    """Return what an answer other than 2xx means.

    An answer that is no problem document is not the roulette's: a dead Pod's address may belong to another server for
    a moment.
    """
    try:
        problem = msgspec.json.decode(data, type=Problem)
    except msgspec.DecodeError:
        return Unavailable(f"{status} {data[:80].decode(errors='replace')}".strip())
    if status in _RETRIED:
        seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
        return Unavailable(f"{status} {problem.detail}".strip(), seconds)
    kind = {"unknown-visitor": UnknownVisitor, "not-in-chat": NotInChat}.get(problem.type)
    return kind(f"{request}: {problem.detail}") if kind else Refused(request, status, problem.detail)


def describe(error: HTTPError) -> str:
    """Name the kind of a connection's error, without addresses that differ each time."""
    cause = error.args[-1] if error.args else error
    return f"{type(error).__name__} {type(cause).__name__}" if isinstance(cause, Exception) else type(error).__name__


def _without_token(path: str) -> str:
    """Return the path without the visitor's token, which is a secret."""
    return "/".join("…" if len(part) == _TOKEN_LENGTH else part for part in path.split("/"))
