"""Relay of event streams to browsers: how many, until when, and how they end."""

import errno
import socket
import time
from collections.abc import Iterator
from weakref import WeakSet

from frontend.backend_client import REQUEST_ERRORS, BackendResponse

CHUNK_BYTES = 65_536
TCP_ESTABLISHED = 1
"""tcpi_state in Linux's struct tcp_info; anything else: the other side has closed."""
MOVE_EVENT = b"event: move\ndata: {}\n\n"
"""Tells the page to connect again at once."""


class EventStreams:
    """The open event streams of this process. One that is garbage-collected, after an error even, frees its place."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: WeakSet[EventStream] = WeakSet()
        self._closed = False

    def acquire(self) -> "EventStream | None":
        """Return a new stream; None when there are as many as the limit."""
        if len(self._open) >= self._limit:
            return None
        stream = EventStream(ended=self._closed)
        self._open.add(stream)
        return stream

    def end(self, seconds: float) -> None:
        """End the open streams one by one over `seconds`, so that their browsers reconnect one by one."""
        streams = list(self._open)
        for stream in streams:
            stream.end()
            time.sleep(seconds / len(streams))

    def close(self) -> None:
        """End the open streams at once, and any that still comes after its first event."""
        self._closed = True
        self.end(0)


class EventStream:
    def __init__(self, *, ended: bool) -> None:
        self._ended = ended
        self._response: BackendResponse | None = None

    def end(self) -> None:
        self._ended = True
        if self._response:
            self._response.abort()

    def relay(self, response: BackendResponse, browser: socket.socket | None) -> Iterator[bytes]:
        """Yield what comes, as it comes, until the backend ends, the browser disconnects or this stream is ended.

        Raises ConnectionResetError where the backend's body is truncated: the browser must see a broken connection.
        """
        self._response = response
        chunk = b""
        try:
            for chunk in response.chunks(CHUNK_BYTES):
                if is_disconnected(browser):
                    return
                yield chunk
                if self._ended:
                    break
        except REQUEST_ERRORS as error:
            if not self._ended:
                raise truncated(error) from error
        finally:
            response.close()
        if self._ended and chunk.endswith(b"\n\n"):
            yield MOVE_EVENT


def is_disconnected(browser: socket.socket | None) -> bool:
    if browser is None:
        return False
    return browser.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED


def truncated(error: Exception) -> ConnectionResetError:
    """Return the error at which gunicorn quietly closes the browser's connection."""
    return ConnectionResetError(errno.ECONNRESET, f"the backend's body is truncated: {error}")
