"""HTTP client of the backend: connects with retries, one connection a request.

A Service then chooses a Pod for each request, and no request meets a kept connection that a stopping Pod has just
closed: such a request is lost or must be sent twice.
"""

import contextlib
import random
import socket
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse

import msgspec

from frontend.config import Address, Settings
from frontend.resolver import Resolver

RETRY_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between rounds of connecting: in all longer than a Service needs to drop a Pod that is gone."""
RESENDS = 2
CONNECT_BUDGET = 3
"""All rounds together last at most this many times `BACKEND_CONNECT_SECONDS`."""

REQUEST_ERRORS = (OSError, HTTPException)
"""What sending a request and reading its response raise."""


class ConnectError(OSError):
    """No connection came about, so nothing was sent; `cause` is the operating system's error."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(*cause.args)
        self.cause = cause


class BackendRequest(msgspec.Struct, frozen=True):
    """A request to the backend; `path` is quoted and includes the query."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def is_repeatable(self) -> bool:
        """GET is safe (RFC 9110 9.2.1)."""
        return self.method == "GET" and not self.body


class BackendResponse:
    """A response whose headers have come and whose body has not; owns its connection."""

    def __init__(self, sock: socket.socket, response: HTTPResponse) -> None:
        self._sock = sock
        self._response = response
        self.status = response.status
        self.headers = response.headers.items()
        self.content_type = response.headers.get("Content-Type", "")

    @property
    def remaining_bytes(self) -> int | None:
        """How many bytes are still to come, where the backend has said so."""
        return self._response.length

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield what each read gives, `size` bytes at most. Raises REQUEST_ERRORS when the body is truncated."""
        while chunk := self._response.read1(size):
            yield chunk
        if self._response.length:
            raise ConnectionResetError("the body ends too early")

    def abort(self) -> None:
        """Shut the connection down, though another greenlet may be reading from it."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._response.close()
        self._sock.close()


class BackendClient:
    def __init__(self, settings: Settings, resolver: Resolver) -> None:
        self._address = settings.backend_address
        self._connect_seconds = settings.backend_connect_seconds
        self._read_seconds = settings.backend_read_seconds
        self._resolver = resolver

    def send(self, request: BackendRequest) -> BackendResponse:
        """Send a request, and return once the response's headers have come.

        A failed connection is always tried again, as nothing was sent; one that breaks before the response only when
        the request is repeatable. Each read may wait `BACKEND_READ_SECONDS`. Raises REQUEST_ERRORS.
        """
        for remaining in range(RESENDS if request.is_repeatable else 0, -1, -1):
            sock = self._connect()
            try:
                return send_over(sock, request, self._address, self._read_seconds)
            except ConnectionError:
                if not remaining:
                    raise
        raise AssertionError("the last try returns or raises")

    def resolve(self) -> tuple[str, ...]:
        """Resolve the backend's name. Raises socket.gaierror."""
        return self._resolver.resolve_stale(self._address.host, self._address.port)

    def _connect(self) -> socket.socket:
        """Connect, in several rounds over all addresses. Raises ConnectError, or socket.gaierror for the name."""
        self.resolve()  # the time for connecting starts afterwards
        deadline = time.monotonic() + CONNECT_BUDGET * self._connect_seconds
        for pause in (*RETRY_PAUSES, None):
            try:
                return self._connect_once(deadline)
            except ConnectError:
                if pause is None or time.monotonic() + pause >= deadline:
                    raise
                time.sleep(pause)
        raise AssertionError("the last round returns or raises")

    def _connect_once(self, deadline: float) -> socket.socket:
        """Try each address once, in random order, until one connects."""
        addresses = self.resolve()
        last_error: OSError = TimeoutError("no time left")
        for address in random.sample(addresses, len(addresses)):
            seconds = min(self._connect_seconds, deadline - time.monotonic())
            if seconds <= 0:
                break
            try:
                return connect(address, self._address.port, seconds)
            except OSError as error:
                last_error = error
        raise ConnectError(last_error) from last_error


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
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def send_over(sock: socket.socket, request: BackendRequest, address: Address, read_seconds: float) -> BackendResponse:
    """Send one request over a connection, which is closed when no response comes. Raises REQUEST_ERRORS."""
    sock.settimeout(read_seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = HTTPConnection(address.host, address.port)
    connection.sock = sock
    headers = {**request.headers, "Connection": "close"}
    try:
        connection.request(request.method, request.path, request.body or None, headers)
        return BackendResponse(sock, connection.getresponse())
    except BaseException:
        sock.close()
        raise
