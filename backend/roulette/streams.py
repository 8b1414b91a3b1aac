"""The event streams that this process holds open.

A stream is a greenlet of the server that sleeps in `Stream.__next__` until there is something to write. It is lean,
since there are thousands: no timer (one wheel gives all their beats), no queue (the events are in the store's log).
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, count, takewhile
from typing import Any, Literal

from gevent.event import Event

from backend.replicas.errors import Unavailable
from backend.roulette import sse
from backend.roulette.store import Language, Store, TooMany, UnknownVisitor

STREAMS_PER_VISITOR = 3
"""The newest, and those that it replaces while they end."""
SLOTS = 20
"""Each stream beats once in a turn of the wheel, which has so many slots."""

Ending = Literal["replaced", "move"]


class Stream:
    """One visitor's stream as an iterable of bytes: the hello, then the log from `after` on, as it grows."""

    __slots__ = (
        *("_streams", "visitor", "connection", "language", "_after", "wake"),
        *("hello", "read_log", "typing_chat", "beat", "ending", "_ended", "environ", "socket", "notify_replaced"),
    )

    def __init__(self, streams: "Streams", visitor: str, connection: str, after: int) -> None:
        self._streams, self.visitor, self.connection, self._after = streams, visitor, connection, after
        self.language: Language = "en"
        self.hello: bytes | None = None
        self.environ: dict[str, Any] | None = None
        """The request's, cleared as soon as the stream runs: it is most of what a stream would take."""
        self.socket: socket.socket | None = None
        self.notify_replaced: Callable[[], None] | None = None
        """Set once this is the visitor's connection."""
        self.read_log, self.beat = True, False
        self.typing_chat: str | None = None
        self.ending: Ending | None = None
        self._ended = False
        self.wake = Event()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Wait for what is to be written next, and return it."""
        if self.hello:
            hello, self.hello = self.hello, None
            return hello
        if self.environ:  # the server asks again: the hello was written
            self.environ.clear()
            self._streams.replace_older(self)
        while not self._ended:
            self.wake.clear()
            if data := self._pending():
                return data
            if not self._ended:
                self.wake.wait()
        raise StopIteration

    def end(self, ending: Ending) -> None:
        """Send this as the last event."""
        self.ending = self.ending or ending
        self.wake.set()

    def abort(self) -> None:
        """End at once, though the peer may not read what was written."""
        self._ended = True
        self.wake.set()
        if self.socket:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Remove the stream; the server calls this at its end, whatever the cause."""
        self._ended = True
        self._streams.remove(self)

    def _pending(self) -> bytes:
        if self.ending:
            return self._end(self.ending)
        entries = self._new_entries() if self.read_log else b""
        if self._ended:
            return entries
        chat, self.typing_chat = self.typing_chat, None
        typing = sse.event("typing", sse.Typing(chat)) if chat else b""
        beat, self.beat = self.beat, False
        return entries + typing + (self._streams.beat_event if beat else b"")

    def _new_entries(self) -> bytes:
        self.read_log = False
        try:
            entries = self._streams.store.read(self.visitor, self._after)
        except Unavailable:
            return self._end("move")
        except UnknownVisitor:
            return self._end(None)
        self._after = entries[-1].number if entries else self._after
        return sse.entries(entries, self.language)

    def _end(self, ending: Ending | None) -> bytes:
        self._ended = True
        return sse.event(ending, sse.Nothing()) if ending else b""


class Streams:
    """All streams of this process, by visitor; the store's listener."""

    def __init__(self, store: Store, pod: str, max_streams: int, draining: Callable[[], bool] = lambda: False) -> None:
        """While `draining`, every turn of the wheel sends streams to another Pod."""
        self.store, self.draining = store, draining
        self.beat_event = sse.event("beat", sse.Beat(pod))
        self.count = 0
        self._max_streams = max_streams
        self._process, self._numbers = os.urandom(4).hex(), count()
        self._by_visitor: dict[str, list[Stream]] = {}
        self._wheel: list[set[Stream]] = [set() for _ in range(SLOTS)]
        self._slot = 0
        store.listen(self)

    @property
    def visitors(self) -> list[str]:
        return list(self._by_visitor)

    def connections(self) -> dict[str, str]:
        """Return the connection of each visitor that has one here."""
        return {
            visitor: stream.connection
            for visitor, streams in self._by_visitor.items()
            for stream in streams
            if stream.notify_replaced and not stream.ending
        }

    def open(self, visitor: str, page: str | None, after: int, hello: Callable[[Stream], bytes]) -> Stream:
        """Return a new stream, which replaces those opened before it. Raises StoreError, TooMany, Unavailable.

        `page` tells a visitor's pages apart: a page is `replaced` by another one, never by a late request of its own.
        The stream is registered here before the store notifies others of it, and reads the log after that: no entry
        is missed in between.
        """
        own = self._by_visitor.get(visitor, [])
        while own and (len(own) >= STREAMS_PER_VISITOR or self.count >= self._max_streams):
            own[0].abort()
            self.remove(own[0])
        if self.count >= self._max_streams:
            raise TooMany(f"This Pod holds {self._max_streams} event streams, which is the most.", retry_after=2)
        # The number says which of two connections of this process is the later one.
        connection = f"{page or os.urandom(8).hex()}.{self._process}-{next(self._numbers)}"
        stream = Stream(self, visitor, connection, after)
        self._add(stream)
        try:
            stream.notify_replaced = self.store.connect(visitor, stream.connection)
            stream.hello = hello(stream)
        except BaseException:
            self.remove(stream)
            raise
        return stream

    def replace_older(self, stream: Stream) -> None:
        """End the visitor's other streams, here and elsewhere: this one has been written to."""
        for older in takewhile(lambda other: other is not stream, self._by_visitor.get(stream.visitor, ())):
            older.end(_ending(older.connection, stream.connection))
        if stream.notify_replaced:
            with suppress(Unavailable):  # the other process learns it with its next heartbeat
                stream.notify_replaced()

    def _add(self, stream: Stream) -> None:
        self._by_visitor.setdefault(stream.visitor, []).append(stream)
        # A stream opened during a drain is served until the wheel has turned once more.
        slot = self._slot - 1 if self.draining() else self.count
        self._wheel[slot % SLOTS].add(stream)
        self.count += 1

    def remove(self, stream: Stream) -> None:
        """Repeated, it changes nothing."""
        streams = self._by_visitor.get(stream.visitor, [])
        if stream not in streams:
            return
        streams.remove(stream)
        if not streams:
            del self._by_visitor[stream.visitor]
        for slot in self._wheel:
            slot.discard(stream)
        self.count -= 1
        if stream.notify_replaced:
            with suppress(Unavailable):  # presence expires all the same
                self.store.disconnect(stream.visitor, stream.connection)

    def turn(self) -> None:
        """Turn the wheel by one slot: its streams beat or, in a drain, move."""
        draining = self.draining()
        for stream in self._wheel[self._slot]:
            if draining:
                stream.end("move")
            else:
                # Notifications from another process may have been lost: with each beat the log is read.
                stream.read_log = stream.beat = True
                stream.wake.set()
        self._slot = (self._slot + 1) % SLOTS

    def move(self) -> None:
        """Send every stream to another Pod."""
        for stream in chain.from_iterable(self._by_visitor.values()):
            stream.end("move")

    def log_changed(self, visitor: str) -> None:
        for stream in self._by_visitor.get(visitor, ()):
            stream.read_log = True
            stream.wake.set()

    def resync(self) -> None:
        for visitor in self._by_visitor:
            self.log_changed(visitor)

    def typing(self, visitor: str, chat: str) -> None:
        for stream in self._by_visitor.get(visitor, ()):
            stream.typing_chat = chat
            stream.wake.set()

    def replaced(self, visitor: str, connection: str, newer: str) -> None:
        for stream in self._by_visitor.get(visitor, ()):
            if stream.connection == connection and not _opened_before(newer, connection):
                stream.end(_ending(connection, newer))


def _ending(connection: str, newer: str) -> Ending:
    """Return how a stream ends for a newer one: requests overtake one another, so the same page must reconnect."""
    return "move" if connection.partition(".")[0] == newer.partition(".")[0] else "replaced"


def _opened_before(connection: str, other: str) -> bool:
    """Return whether both are of this process and the store saw them in another order than they were opened in."""
    (process, _, number), (other_process, _, other_number) = (
        name.rpartition(".")[2].partition("-") for name in (connection, other)
    )
    return process == other_process and int(number) < int(other_number)
