"""The connections of a worker: how long each phase of a request may take, and who is closed when there are too many.

A connection waits from its start, and again from each answer, until a whole request is there. Only those that wait are
ever closed to make room, the one that has waited longest first: a probe, whose request comes at once, always gets in.
"""

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.unreader import SocketUnreader

from service_runtime.http_errors import BODY_TOO_LARGE, HEAD_TOO_LARGE, TOO_MANY, TOO_SLOW, Refused

IDLE_SECONDS = 5.0
"""Until a request's first byte; less than the default drain, so that no idle connection outlasts it."""
HEAD_SECONDS, BODY_SECONDS = 5.0, 10.0
"""From the first byte to the end of the headers, and from there to the end of the body."""
WRITE_SECONDS = 12.0
"""For each write to be taken by the kernel: a slower reader is gone. A read ends with its phase, which is shorter."""
STOPPING_SECONDS = 1.0
"""For any of them, once the drain is over."""

HEAD_BYTES, BODY_BYTES = 32_768, 65_536
WIRE_BYTES = 4 * BODY_BYTES
"""A body as it comes in chunks, whose sizes count too."""
BUFFERED_BYTES = 16 * 2**20
"""Of all requests that are not complete together."""

RESERVED = 64
"""Connections beyond the limit that may wait: of these only probes are answered."""


class Connection:
    """`refused` is why it is ended, None while it may go on."""

    __slots__ = ("answering", "in_body", "received", "refused", "seconds", "since", "sock")

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.since, self.seconds = 0.0, IDLE_SECONDS
        self.received = 0
        self.answering = self.in_body = False
        self.refused: Refused | None = None


class Connections:
    """`waiting` is in the order in which their phases began."""

    def __init__(self, limit: int) -> None:
        self.limit, self.count, self.answering, self.buffered = limit, 0, 0, 0
        self.waiting: dict[Connection, None] = {}
        self.stopping = False

    def open(self, sock: Any) -> Connection:
        """Take up a new connection; where there are too many, another one goes."""
        connection = Connection(sock)
        self.count += 1
        self.wait(connection)
        if self.count > self.limit + RESERVED:
            self._shed()
        return connection

    def close(self, connection: Connection) -> None:
        self.count -= 1
        self._leave(connection)

    def wait(self, connection: Connection, seconds: float = IDLE_SECONDS) -> None:
        """Begin a phase in which the request is not complete."""
        self._leave(connection)
        connection.since, connection.seconds = time.monotonic(), seconds
        self.waiting[connection] = None

    def wait_for_body(self, connection: Connection) -> None:
        self.wait(connection, BODY_SECONDS)
        connection.in_body = True

    def answer(self, connection: Connection) -> None:
        """Begin the answer to a complete request: from now on nothing but its own greenlet ends the connection."""
        self._leave(connection)
        connection.answering = True
        self.answering += 1

    @property
    def is_full(self) -> bool:
        """Tell whether more requests are being answered than may be."""
        return self.answering > self.limit

    def receive(self, connection: Connection, size: int) -> None:
        """Count bytes of a request. Raises Refused when they are too many."""
        if not connection.received and not connection.in_body:
            self.wait(connection, HEAD_SECONDS)
        connection.received += size
        self.buffered += size
        if connection.received > (WIRE_BYTES if connection.in_body else HEAD_BYTES):
            raise Refused(BODY_TOO_LARGE if connection.in_body else HEAD_TOO_LARGE)
        if self.buffered > BUFFERED_BYTES:
            self._shed()

    def expire(self) -> None:
        """End those whose phase has taken too long."""
        now = time.monotonic()
        most = STOPPING_SECONDS if self.stopping else BODY_SECONDS
        for connection in list(self.waiting):
            if now - connection.since > min(connection.seconds, most):
                self._end(connection, TOO_SLOW)

    def _shed(self) -> None:
        self._end(next(iter(self.waiting)), TOO_MANY)

    def _end(self, connection: Connection, status: int) -> None:
        """Have the greenlet that reads from it find the end."""
        connection.refused = Refused(status, silent=not (connection.received or connection.in_body))
        self._leave(connection)
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RD)

    def _leave(self, connection: Connection) -> None:
        self.waiting.pop(connection, None)
        self.buffered -= connection.received
        self.answering -= connection.answering
        connection.received, connection.answering, connection.in_body = 0, False, False


class RequestUnreader(SocketUnreader):  # type: ignore[misc] # gunicorn ships no types
    """Reads requests from a connection, within its limits; `head` is how the current one began."""

    def __init__(self, connection: Connection, connections: Connections) -> None:
        super().__init__(connection.sock)
        self.connection, self.connections = connection, connections
        self.head = b""

    def chunk(self, size_hint: int | None = None) -> bytes:
        data: bytes = b"" if self.connection.refused else super().chunk(size_hint)
        if not data or self.connection.refused:
            return b""
        if not self.connection.received:
            self.head = data
        self.connections.receive(self.connection, len(data))
        return data
