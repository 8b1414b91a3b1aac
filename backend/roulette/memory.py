"""The roulette in this process's memory: for one replica, and gone with it.

No method yields to another greenlet before its work is done, so none sees half of it; the listener is called after.
"""

from __future__ import annotations

import math
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from backend.roulette.store import (
    Census,
    Entry,
    Left,
    Message,
    NotInChat,
    Paired,
    Said,
    TooMany,
    Unknown,
    Visitor,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from backend.roulette.store import Event, Language, Limits, Listener, State, Why

BUDGET = 16 * 2**20
"""Bytes, roughly, that all logs together may take before the busy ones are cut down to FEW entries."""
FEW = 6
REPORT_SECONDS = 10.0
FULL_RETRY = 5
"""Seconds after which it is worth asking again whether there is room."""
WINDOWS = 24
_ENTRY = 180  # bytes of an entry beside its text, its share of the ids included


@dataclass(slots=True, eq=False)
class _Guest:
    token: str
    cat: str
    language: Language
    seen: float
    state: State = "idle"
    chat: str | None = None
    """The latest chat, which may be over; `state` tells."""
    partner: _Guest | None = None
    house: str | None = None
    spoken: int = 0
    last: str | None = None
    """The cat of the last partner."""
    request: str | None = None
    connection: str | None = None
    since: float = 0.0
    charges: dict[str, tuple[float, int]] = field(default_factory=dict)
    """By what is done: when the window began, and how often it was done in it."""
    number: int = 0
    paired: Entry | None = None
    """The chat's beginning when it is no longer in the log: a page that is loaded anew needs it."""
    log: list[Event] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)
    """The numbers of the visitor's messages by their ids, in order."""
    told: set[str] = field(default_factory=set)


class MemoryStore:
    """A `Store` of dictionaries."""

    kind: Literal["memory", "redis"] = "memory"

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.time,
        choose: Callable[[Sequence[_Guest]], _Guest] = secrets.choice,
    ) -> None:
        """Begin empty; `clock` tells Unix seconds, `choose` draws one of several."""
        self._limits = limits
        self._clock = clock
        self._choose = choose
        self._guests: dict[str, _Guest] = {}
        self._findable: dict[str, _Guest] = {}
        self._chats = 0
        self._kept = 0
        self._reports: dict[str, tuple[float, bytes]] = {}
        self._listener: Listener | None = None
        self._fresh: dict[str, None] = {}

    def listen(self, listener: Listener) -> None:
        """Call this listener from now on."""
        self._listener = listener

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        """Let a visitor in, idle; again changes nothing. Raises TooMany."""
        if visitor in self._guests:
            return
        if len(self._guests) >= self._limits.visitors:
            raise TooMany("the house is full", FULL_RETRY)
        self._guests[visitor] = _Guest(visitor, cat, language, self._clock())

    def who(self, visitor: str) -> Visitor:
        """Return what is known of a visitor."""
        guest = self._guest(visitor)
        chat = guest.chat if guest.state in ("chat", "house") else None
        return Visitor(guest.cat, guest.language, guest.state, chat)

    def seek(self, visitor: str, request: str) -> State:
        """Leave what there is, and be paired at once or wait."""
        guest = self._guest(visitor)
        if guest.request == request:
            return guest.state
        own = guest.state in ("chat", "house")
        if self._chats - own >= self._limits.chats:
            raise TooMany("there are as many chats as may be", FULL_RETRY)
        if wait := self._charge(guest, "seek"):
            raise TooMany("too many chats in a short time", wait)
        self._step_out(guest, "next")
        self._empty(guest)
        guest.request = request
        other = self._find(guest)
        if other:
            self._pair(guest, other)
        else:
            self._wait(guest)
        self._tell()
        return guest.state

    def leave(self, visitor: str) -> None:
        """Leave the chat, or stop waiting; idle changes nothing."""
        guest = self._guest(visitor)
        if guest.state == "waiting":
            self._empty(guest)
        elif guest.state != "idle" and guest.chat:
            self._append(guest, Left(guest.chat, "you"))
        self._step_out(guest, "left")
        self._tell()

    def quit(self, visitor: str) -> None:
        """Forget the visitor."""
        guest = self._guests.get(visitor)
        if guest:
            self._forget(guest, "left")
            self._tell()

    def say(self, visitor: str, chat: str, message: str, text: str) -> Said:
        """Append a message to both logs. Raises NotInChat, TooMany."""
        guest = self._guest(visitor)
        if guest.chat == chat and message in guest.said:
            return Said(guest.said[message], repeated=True, house=guest.house, count=_count(guest, message))
        _demand(guest, chat, "chat", "house")
        if wait := self._charge(guest, "say"):
            raise TooMany("too many messages in a short time", wait)
        at = int(self._clock() * 1000)
        if guest.house:
            guest.spoken += 1
        self._append(guest, Message(chat, message, mine=True, text=text, at=at))
        guest.said[message] = guest.number
        if guest.partner:
            self._append(guest.partner, Message(chat, message, mine=False, text=text, at=at))
        said = Said(guest.number, repeated=False, house=guest.house, count=guest.spoken)
        self._tell()
        return said

    def answer(self, visitor: str, chat: str, message: str, text: str) -> None:
        """Let the house cat of this chat say something; the same id again changes nothing. Raises NotInChat."""
        guest = self._guest(visitor)
        if guest.chat == chat and message in guest.told:
            return
        _demand(guest, chat, "house")
        guest.told.add(message)
        self._append(guest, Message(chat, message, mine=False, text=text, at=int(self._clock() * 1000)))
        self._tell()

    def typing(self, visitor: str, chat: str) -> None:
        """Tell the other one that the visitor types, if not too often. Raises NotInChat."""
        guest = self._guest(visitor)
        _demand(guest, chat, "chat", "house")
        if guest.partner and self._listener and not self._charge(guest, "typing"):
            self._listener.typed(guest.partner.token, chat)

    def connect(self, visitor: str, connection: str) -> None:
        """From now on the visitor's stream is this connection; an older one is told `replaced`."""
        guest = self._guest(visitor)
        older, guest.connection = guest.connection, connection
        guest.seen = self._clock()
        if older and older != connection and self._listener:
            self._listener.replaced(visitor, older, connection)

    def here(self, visitors: Collection[str]) -> None:
        """Say that these visitors' streams are open."""
        now = self._clock()
        for visitor in visitors:
            if guest := self._guests.get(visitor):
                guest.seen = now

    def read(self, visitor: str, after: int) -> list[Entry]:
        """Return the entries with higher numbers, in order."""
        guest = self._guest(visitor)
        before = guest.number - len(guest.log)
        start = max(0, after - before)
        first = [guest.paired] if guest.paired and guest.paired.number > after else []
        return first + [Entry(before + place, event) for place, event in enumerate(guest.log[start:], start + 1)]

    def tick(self) -> None:
        """Do what is due: the end for those absent, house cats for those alone."""
        now = self._clock()
        for guest in [guest for guest in self._guests.values() if now - guest.seen > self._limits.absent_seconds]:
            self._forget(guest, "gone")
        for guest in list(self._findable.values()):
            if guest.state == "waiting" and now - guest.since >= self._limits.alone_seconds:
                self._settle(guest)
        self._tell()

    def census(self) -> Census:
        """Count."""
        waiting = sum(guest.state == "waiting" for guest in self._findable.values())
        windows = [guest.cat for guest in list(self._findable.values())[:WINDOWS]]
        return Census(len(self._guests), waiting, self._chats, windows)

    def report(self, pod: str, status: bytes) -> None:
        """Keep what a Pod says of itself for ten seconds."""
        self._reports[pod] = (self._clock(), status)

    def pods(self) -> dict[str, bytes]:
        """Return what the Pods last said of themselves, by their names."""
        oldest = self._clock() - REPORT_SECONDS
        self._reports = {pod: (at, status) for pod, (at, status) in self._reports.items() if at > oldest}
        return {pod: status for pod, (_, status) in self._reports.items()}

    def order(self, pod: str, command: bytes) -> bool:
        """Pass a command on to this process, if that Pod is the one that reports here."""
        if self._listener is None or pod not in self.pods():
            return False
        self._listener.ordered(command)
        return True

    def check(self) -> str | None:
        """Return None: memory is always there."""
        return None

    def close(self) -> None:
        """Call nobody any more."""
        self._listener = None

    def _guest(self, visitor: str) -> _Guest:
        guest = self._guests.get(visitor)
        if guest is None:
            raise Unknown("there is no such visitor, or no more")
        return guest

    def _charge(self, guest: _Guest, what: str) -> int:
        """Count something that the visitor does; return 0, or, uncounted, in how many seconds it may be done again."""
        now, length = self._clock(), self._limits.window_seconds
        begun, count = guest.charges.get(what, (now, 0))
        if not 0 <= now - begun < length:
            begun, count = now, 0
        if count >= self._limits.per_window:
            return max(1, math.ceil(begun + length - now))
        guest.charges[what] = begun, count + 1
        return 0

    def _find(self, guest: _Guest, *, again: bool = False) -> _Guest | None:
        """Draw one who can be found, the last partner only when `again`. There are hardly more than three to look at.

        (Any two others would have been paired already.)
        """
        others = [other for other in self._findable.values() if other is not guest]
        fit = [other for other in others if again or (other.cat != guest.last and other.last != guest.cat)]
        return self._choose(fit) if fit else None

    def _settle(self, guest: _Guest) -> None:
        """Find company for one who has waited long enough."""
        if self._chats >= self._limits.chats:
            return
        other = self._find(guest) or self._find(guest, again=True)
        if other:
            self._pair(guest, other)
        else:
            self._house(guest)

    def _wait(self, guest: _Guest) -> None:
        guest.state, guest.since = "waiting", self._clock()
        self._findable[guest.token] = guest
        self._append(guest, Waiting())

    def _house(self, guest: _Guest) -> None:
        guest.state, guest.chat, guest.house, guest.spoken = "house", secrets.token_hex(8), secrets.token_hex(5), 0
        self._chats += 1
        self._append(guest, Paired(guest.chat, guest.house, house=True))

    def _pair(self, one: _Guest, two: _Guest) -> None:
        chat = secrets.token_hex(8)
        for guest, other in ((one, two), (two, one)):
            if guest.state == "house":
                self._step_out(guest, "next")
                self._empty(guest)
            self._findable.pop(guest.token, None)
            guest.state, guest.chat, guest.partner, guest.last = "chat", chat, other, other.cat
            self._append(guest, Paired(chat, other.cat, house=False))
        self._chats += 1

    def _step_out(self, guest: _Guest, why: Why) -> None:
        """End what the visitor is in, whatever it is; a partner learns why."""
        if guest.state in ("chat", "house"):
            self._chats -= 1
        if guest.partner and guest.chat:
            self._append(guest.partner, Left(guest.chat, why))
            guest.partner.state, guest.partner.partner = "idle", None
        self._findable.pop(guest.token, None)
        guest.state, guest.partner, guest.house, guest.spoken = "idle", None, None, 0

    def _forget(self, guest: _Guest, why: Why) -> None:
        self._step_out(guest, why)
        self._empty(guest)
        del self._guests[guest.token]
        self._fresh[guest.token] = None

    def _empty(self, guest: _Guest) -> None:
        self._kept -= sum(map(_cost, guest.log))
        guest.paired, guest.log, guest.said, guest.told = None, [], {}, set()

    def _append(self, guest: _Guest, event: Event) -> None:
        guest.number += 1
        guest.log.append(event)
        self._kept += _cost(event)
        while len(guest.log) > (self._limits.log_entries if self._kept <= BUDGET else FEW):
            self._drop(guest)
        self._fresh[guest.token] = None

    def _drop(self, guest: _Guest) -> None:
        oldest = guest.log.pop(0)
        self._kept -= _cost(oldest)
        if isinstance(oldest, Paired):
            guest.paired = Entry(guest.number - len(guest.log), oldest)
        elif isinstance(oldest, Message) and oldest.mine:
            del guest.said[oldest.id]
        elif isinstance(oldest, Message):
            guest.told.discard(oldest.id)

    def _tell(self) -> None:
        """Wake the streams whose logs have changed."""
        fresh, self._fresh = self._fresh, {}
        if self._listener:
            for visitor in fresh:
                self._listener.woken(visitor)


def _count(guest: _Guest, message: str) -> int:
    """Return how often the visitor had spoken to the house cat with that message."""
    later = len(guest.said) - 1 - list(guest.said).index(message)
    return guest.spoken - later if guest.house else 0


def _cost(event: Event) -> int:
    return _ENTRY + sys.getsizeof(event.text) if isinstance(event, Message) else _ENTRY


def _demand(guest: _Guest, chat: str, *states: State) -> None:
    if guest.chat != chat or guest.state not in states:
        raise NotInChat("the visitor is not, or no longer, in that chat")
