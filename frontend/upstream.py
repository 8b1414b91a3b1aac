"""The I/O towards the backend: names, connections that are tried again, one request each.

Each request has a connection of its own. A Service then chooses a Pod each time, and no request ever meets a
connection that a stopping Pod has just closed: such a request is lost or must be sent twice, and both are wrong.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING

import msgspec

from frontend.connectivity import Unconnected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from frontend.config import Config, Target

RESOLVE_SECONDS = 3.0
FRESH_SECONDS = 1.0
RECENT_SECONDS = 10.0
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between rounds of connecting: in all longer than a Service needs to forget a Pod that is gone."""
REPEATS = 2
PATIENCE = 3
"""All rounds together last at most this many times `BACKEND_CONNECT_SECONDS`."""

Failure = (OSError, HTTPException)
"""What sending a request and reading its answer raise."""


class Outgoing(msgspec.Struct, frozen=True):
    """A request to the backend; `path` is quoted and includes the query."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def repeatable(self) -> bool:
        """Tell whether sending it twice is harmless: GET is safe (RFC 9110 9.2.1)."""
        return self.method == "GET" and not self.body


class Names:
    """The addresses of names: looked up once a second, one look-up at a time for each however many ask."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._pool = ThreadPoolExecutor(4)
        self._asked: dict[tuple[str, int], tuple[Future[tuple[str, ...]], float]] = {}
        self._known: dict[tuple[str, int], tuple[tuple[str, ...], float]] = {}

    def addresses(self, host: str, port: int, seconds: float = RESOLVE_SECONDS) -> tuple[str, ...]:
        """Return the name's addresses; raises socket.gaierror, EAI_AGAIN when no answer comes in time."""
        try:
            return self._look_up(host, port).result(seconds)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None

    def at_once(self, host: str, port: int) -> tuple[str, ...]:
        """Return what the last look-up gave where that is recent, while the next one goes on; else as `addresses`.

        A request does not wait for the name server then, nor for a busy process to come round to its answer; and a
        name server that is silent fails no request (RFC 8767 calls it serving stale data).
        """
        future = self._look_up(host, port)
        addresses, since = self._known.get((host, port), ((), 0.0))
        if addresses and not answered(future) and time.monotonic() - since < RECENT_SECONDS:
            return addresses
        try:
            return self.addresses(host, port)
        except socket.gaierror as error:
            if addresses and error.errno == socket.EAI_AGAIN:
                return addresses
            raise

    def _look_up(self, host: str, port: int) -> Future[tuple[str, ...]]:
        """Return the look-up under way, or the last one while it is fresh, or a new one."""
        future, since = self._asked.get((host, port), (None, 0.0))
        if future is None or (future.done() and time.monotonic() - since > FRESH_SECONDS):
            future = self._pool.submit(self._answer, host, port)
            self._asked[host, port] = (future, time.monotonic())
        return future

    def _answer(self, host: str, port: int) -> tuple[str, ...]:
        addresses = look_up(host, port)
        self._known[host, port] = (addresses, time.monotonic())
        return addresses


def answered(future: Future[tuple[str, ...]]) -> bool:
    """Tell whether a look-up is over and has found something."""
    return future.done() and future.exception() is None


def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name, each once."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


class Upstream:
    """The backend as it is reached from here."""

    def __init__(self, config: Config, names: Names) -> None:
        """Remember the settings; nothing is tried yet."""
        self._target = config.target
        self._connect_seconds = config.backend_connect_seconds
        self._read_seconds = config.backend_read_seconds
        self._names = names

    def send(self, outgoing: Outgoing) -> Exchange:
        """Send a request, and return once the answer's headers have come.

        A connection that is not made is tried again, for nothing was sent; one that breaks before the answer only
        when the request may be sent twice. Each read may wait `BACKEND_READ_SECONDS`. Raises one of `Failure`.
        """
        for left in range(REPEATS if outgoing.repeatable else 0, -1, -1):
            sock = self.connected()
            try:
                return exchange(self._target, sock, self._read_seconds, outgoing)
            except ConnectionError:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def connected(self) -> socket.socket:
        """Connect, in several rounds over all addresses. Raises Unconnected, or socket.gaierror for the name."""
        self.warm()
        end = time.monotonic() + PATIENCE * self._connect_seconds
        for pause in (*PAUSES, None):
            try:
                return self.round(end)
            except Unconnected:
                if pause is None or time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)
        raise AssertionError("the last round returns or raises")

    def warm(self) -> None:
        """Know the name before the time for connecting begins. Raises socket.gaierror."""
        self._names.at_once(self._target.host, self._target.port)

    def round(self, end: float) -> socket.socket:
        """Try each address once, in any order, until one connects."""
        addresses = self._names.at_once(self._target.host, self._target.port)
        failed: OSError = TimeoutError("no time left")
        for address in random.sample(addresses, len(addresses)):
            seconds = min(self._connect_seconds, end - time.monotonic())
            if seconds <= 0:
                break
            try:
                return connect(address, self._target.port, seconds)
            except OSError as error:
                failed = error
        raise Unconnected(failed) from failed


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """Connect to an address, without the look-up that `socket.create_connection` makes. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        sock.settimeout(seconds)
        sock.connect((address, port))
    except TimeoutError:
        # A busy process sees the time run out before it sees the connection that the kernel has made meanwhile.
        if is_connected(sock):
            return sock
        sock.close()
        raise
    except BaseException:
        sock.close()
        raise
    return sock


def is_connected(sock: socket.socket) -> bool:
    """Tell whether there is another side."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


class Exchange:
    """An answer whose headers have come and whose body has not, and its connection."""

    def __init__(self, sock: socket.socket, response: HTTPResponse) -> None:
        """Own both: closing this closes them."""
        self._sock = sock
        self._response = response
        self.status = response.status
        self.headers = response.headers.items()
        self.is_stream = response.headers.get("Content-Type", "").startswith("text/event-stream")

    @property
    def length(self) -> int | None:
        """How many bytes are still to come, where the backend said so."""
        return self._response.length

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield what each read gives, `size` bytes at most. Raises one of `Failure` when the body stops halfway."""
        while piece := self._response.read1(size):
            yield piece
        if self._response.length:
            raise ConnectionResetError("the body ends too early")

    def cut(self) -> None:
        """End the connection now, though somebody may be reading from it."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; again is harmless."""
        self._response.close()
        self._sock.close()


def exchange(target: Target, sock: socket.socket, seconds: float, outgoing: Outgoing) -> Exchange:
    """Send one request over a connection; the connection is closed when no answer comes. Raises one of `Failure`."""
    sock.settimeout(seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = HTTPConnection(target.host, target.port)
    connection.sock = sock
    headers = {**outgoing.headers, "Connection": "close"}
    try:
        connection.request(outgoing.method, outgoing.path, outgoing.body or None, headers)
        return Exchange(sock, connection.getresponse())
    except BaseException:
        sock.close()
        raise
