"""The event streams that this process holds open.

A stream is a greenlet of the server that sleeps in `Stream.__next__` until there is something to write. It is lean,
since there are thousands: no timer (one wheel gives all their beats), no queue (what was said is in the store's log).
"""

from __future__ import annotations

import os
from itertools import chain, count, takewhile
from typing import TYPE_CHECKING, Any, Literal

from gevent.event import Event

from backend.roulette import sse
from backend.roulette.store import Away, StoreError, TooMany, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backend.roulette.store import Language, Store

SLOTS = 20
"""A beat is due when the wheel has turned by so many."""

Ending = Literal["replaced", "move"]


class Stream:
    """One visitor's stream as an iterable of bytes: the hello, then the log from `after` on, as it grows."""

    __slots__ = (
        *("hub", "visitor", "connection", "language", "after", "wake"),
        *("hello", "look", "chat", "beat", "ending", "ended", "environ"),
    )

    def __init__(self, hub: Streams, visitor: str, page: str | None, after: int) -> None:
        """Begin with everything after that entry to be looked at."""
        self.hub, self.visitor, self.after = hub, visitor, after
        self.connection = f"{page or os.urandom(8).hex()}.{hub.name}-{next(hub.numbers)}"
        self.language: Language = "en"
        self.hello: bytes | None = None
        self.environ: dict[str, Any] | None = None
        """The request's, if it can be let go of as soon as the stream runs: it is most of what a stream would take."""
        self.look, self.beat = True, False
        self.chat: str | None = None
        self.ending: Ending | None = None
        self.ended = False
        self.wake = Event()

    def __iter__(self) -> Iterator[bytes]:
        """Return itself: it can be gone through once."""
        return self

    def __next__(self) -> bytes:
        """Return what is to be written next; waits for it."""
        if self.hello:
            hello, self.hello = self.hello, None
            return hello
        if self.environ:
            self.environ.clear()
        while not self.ended:
            self.wake.clear()
            if told := self._told():
                return told
            if not self.ended:
                self.wake.wait()
        raise StopIteration

    def _told(self) -> bytes:
        if self.ending:
            return self._end(self.ending)
        news = self._news() if self.look else b""
        if self.ended:
            return news
        chat, self.chat = self.chat, None
        typing = sse.event("typing", sse.Typing(chat)) if chat else b""
        beat, self.beat = self.beat, False
        return news + typing + (self.hub.beat if beat else b"")

    def _news(self) -> bytes:
        self.look = False
        try:
            found = self.hub.store.read(self.visitor, self.after)
        except Away:
            return self._end("move")
        except Unknown:
            return self._end(None)
        self.after = found[-1].number if found else self.after
        return sse.entries(found, self.language)

    def _end(self, how: Ending | None) -> bytes:
        self.ended = True
        return sse.event(how, sse.Nothing()) if how else b""

    def end(self, how: Ending) -> None:
        """Tell the client so, and end."""
        self.ending = self.ending or how
        self.wake.set()

    def close(self) -> None:
        """Forget the stream; the server calls this at its end, whichever way it came."""
        self.ended = True
        self.hub.forget(self)


class Streams:
    """All streams of this process, by visitor; what a store calls when there is news."""

    def __init__(self, store: Store, pod: str, most: int, draining: Callable[[], bool] = lambda: False) -> None:
        """Hold at most so many; while `draining`, every turn of the wheel sends some to another Pod."""
        self.store, self.most, self.draining = store, most, draining
        self.beat = sse.event("beat", sse.Beat(pod))
        self.on_order: Callable[[bytes], None] = lambda _command: None
        self.name, self.numbers = os.urandom(4).hex(), count()
        """With these each connection has a name of its own, which tells the later of two in the same process."""
        self.count = 0
        self._of: dict[str, list[Stream]] = {}
        self._wheel: list[set[Stream]] = [set() for _ in range(SLOTS)]
        self._hand = 0
        store.listen(self)

    @property
    def visitors(self) -> list[str]:
        """Those who have a stream here."""
        return list(self._of)

    def open(self, visitor: str, page: str | None, after: int, hello: Callable[[Stream], bytes]) -> Stream:
        """Return a new stream, which takes the place of those opened before it; raise StoreError, TooMany among them.

        `page` tells a visitor's pages apart: a page is `replaced` by another one, never by a late request of its own.

        It is known here before the store tells others of it, and reads the log after that: nothing falls between.
        """
        if self.count >= self.most and visitor not in self._of:
            raise TooMany(f"This Pod holds {self.most} event streams, which is the most.", retry_after=2)
        stream = Stream(self, visitor, page, after)
        self._remember(stream)
        try:
            self.store.connect(visitor, stream.connection)
            stream.hello = hello(stream)
        except StoreError:
            self.forget(stream)
            raise
        for older in takewhile(lambda other: other is not stream, self._of[visitor]):
            older.end(_ending(older.connection, stream.connection))
        return stream

    def _remember(self, stream: Stream) -> None:
        self._of.setdefault(stream.visitor, []).append(stream)
        # Whoever comes during a drain is served until the wheel has turned once more.
        slot = self._hand - 1 if self.draining() else self.count
        self._wheel[slot % SLOTS].add(stream)
        self.count += 1

    def forget(self, stream: Stream) -> None:
        """Count a stream no more; again is harmless."""
        mine = self._of.get(stream.visitor, [])
        if stream not in mine:
            return
        mine.remove(stream)
        if not mine:
            del self._of[stream.visitor]
        for slot in self._wheel:
            slot.discard(stream)
        self.count -= 1

    def turn(self) -> None:
        """Turn the wheel by one slot: its streams beat or, in a drain, move."""
        draining = self.draining()
        for stream in self._wheel[self._hand]:
            if draining:
                stream.end("move")
            else:
                # What another process told may have been lost: with each beat the log is looked at.
                stream.look = stream.beat = True
                stream.wake.set()
        self._hand = (self._hand + 1) % SLOTS

    def move(self) -> None:
        """Send every stream elsewhere."""
        for stream in chain.from_iterable(self._of.values()):
            stream.end("move")

    def woken(self, visitor: str) -> None:
        """Have the visitor's log looked at."""
        for stream in self._of.get(visitor, ()):
            stream.look = True
            stream.wake.set()

    def missed(self) -> None:
        """Have every log looked at."""
        for visitor in self._of:
            self.woken(visitor)

    def typed(self, visitor: str, chat: str) -> None:
        """Pass on that the other one types."""
        for stream in self._of.get(visitor, ()):
            stream.chat = chat
            stream.wake.set()

    def replaced(self, visitor: str, connection: str, newer: str) -> None:
        """End the stream of that connection, if it is here."""
        for stream in self._of.get(visitor, ()):
            if stream.connection == connection and not _overtaken(newer, connection):
                stream.end(_ending(connection, newer))

    def ordered(self, command: bytes) -> None:
        """Do what another replica asks for."""
        self.on_order(command)


def _ending(connection: str, newer: str) -> Ending:
    """Say how a stream ends for a newer one: requests overtake one another, so the same page must come again."""
    return "move" if connection.partition(".")[0] == newer.partition(".")[0] else "replaced"


def _overtaken(newer: str, connection: str) -> bool:
    """Tell whether the store heard of two streams of this process in another order than they were opened."""
    (there, _, then), (here, _, now) = (name.rpartition(".")[2].partition("-") for name in (newer, connection))
    return there == here and int(then) < int(now)
