"""Event streams on their way to browsers: how many, until when, and how they end."""

from __future__ import annotations

import errno
import socket
import time
from typing import TYPE_CHECKING
from weakref import WeakSet

from frontend.upstream import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frontend.upstream import Exchange

PIECE_BYTES = 65_536
ESTABLISHED = 1
"""tcpi_state in Linux's struct tcp_info; anything else: the other side has closed."""
SILENT_MILLISECONDS = 20_000
"""A browser that has acknowledged nothing for so long has gone: four beats of the backend."""
MOVE = b"event: move\ndata: {}\n\n"
"""Tells the page to connect again at once."""


class Streams:
    """The event streams of this process. One that is dropped anywhere, by an error even, frees its place."""

    def __init__(self, limit: int) -> None:
        """Begin with none of `limit`."""
        self._limit = limit
        self._taken: WeakSet[Stream] = WeakSet()
        self._closing = False

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._taken)

    def take(self) -> Stream | None:
        """Take a place; None when all are taken."""
        if len(self._taken) >= self._limit:
            return None
        stream = Stream(ended=self._closing)
        self._taken.add(stream)
        return stream

    def end(self, seconds: float) -> None:
        """End those that are open, one after the other over `seconds`: their browsers come back elsewhere."""
        leaving = list(self._taken)
        for stream in leaving:
            stream.end()
            time.sleep(seconds / len(leaving))

    def close(self) -> None:
        """End all of them at once, and any that still comes after its first event."""
        self._closing = True
        self.end(0)


class Stream:
    """One event stream's place, and its relay."""

    def __init__(self, *, ended: bool) -> None:
        """Hold a place; nothing flows yet."""
        self._ended = ended
        self._exchange: Exchange | None = None

    def end(self) -> None:
        """Let the browser go to another Pod."""
        self._ended = True
        if self._exchange:
            self._exchange.cut()

    def relay(self, exchange: Exchange, browser: socket.socket | None) -> Iterator[bytes]:
        """Yield what comes, as it comes, until the backend ends, the browser has gone or this Pod goes.

        Raises ConnectionResetError where the backend stops halfway: the browser must see a cut connection.
        """
        self._exchange = exchange
        notice_silence(browser)
        last = b""
        try:
            for last in exchange.pieces(PIECE_BYTES):
                if gone(browser):
                    return
                yield last
                if self._ended:
                    break
        except Failure as error:
            if not self._ended:
                raise halfway(error) from error
        finally:
            exchange.close()
        if self._ended and last.endswith(b"\n\n"):
            yield MOVE


def notice_silence(browser: socket.socket | None) -> None:
    """Have Linux end a connection whose other side no longer acknowledges what is sent (tcp(7), TCP_USER_TIMEOUT).

    It would take a quarter of an hour otherwise, and so long the visitor would count as present.
    """
    if browser is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        browser.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MILLISECONDS)


def gone(browser: socket.socket | None) -> bool:
    """Tell whether the other side has closed its connection."""
    if browser is None:
        return False
    return browser.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED


def halfway(error: Exception) -> ConnectionResetError:
    """Return the error at which gunicorn quietly cuts the browser's connection."""
    return ConnectionResetError(errno.ECONNRESET, f"the backend stopped halfway: {error}")
