"""The roulette in this process's memory: for one replica, lost with it.

No method yields to another greenlet before its work is done, so none sees half of it; the listener is called after.
"""

import secrets
import time
from collections.abc import Callable, Mapping

from backend.roulette.memory_log import LogBudget, VisitorLog
from backend.roulette.memory_session import Session
from backend.roulette.store import (
    ChatsFull,
    Entry,
    Event,
    Language,
    Left,
    Limits,
    Listener,
    Message,
    Paired,
    Receipt,
    State,
    TooMany,
    UnknownVisitor,
    Visitor,
    VisitorsFull,
    Waiting,
    Why,
)


class MemoryStore:
    """`clock` gives seconds that no setting of the computer's time changes, `wall` Unix seconds."""

    def __init__(
        self, limits: Limits, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self.sessions: dict[str, Session] = {}
        self.findable: dict[str, Session] = {}
        """Those with a stream who wait or chat with a bot."""
        self._pending: dict[str, Session] = {}
        """Those who have had no stream yet, the oldest first."""
        self.chats = 0
        self._limits, self._clock, self._wall = limits, clock, wall
        self._log_budget = LogBudget()
        self._listener: Listener | None = None
        self._changed: dict[str, None] = {}

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        if visitor in self.sessions:
            return
        while self._pending and (
            len(self._pending) >= self._limits.pending or len(self.sessions) >= self._limits.visitors
        ):
            self._remove(next(iter(self._pending.values())), "gone")
        if len(self.sessions) >= self._limits.visitors:
            raise VisitorsFull
        session = Session(visitor, cat, language, self._clock(), VisitorLog(self._log_budget, self._limits))
        self.sessions[visitor] = self._pending[visitor] = session

    def get(self, visitor: str) -> Visitor:
        session = self._session(visitor)
        return Visitor(session.cat, session.language, session.state, session.chat if session.in_chat else None)

    def seek(self, visitor: str, request: str) -> State:
        session = self._session(visitor)
        if session.request == request:
            return session.state
        if self.chats - session.in_chat >= self._limits.chats:
            raise ChatsFull
        if retry_after := session.count_action("seek", self._clock(), self._limits):
            raise TooMany("too many chats in a short time", retry_after)
        self._end_chat(session, "next")
        session.log.clear()
        session.request = request
        session.state, session.waiting_since = "waiting", self._clock()
        if not self._be_found(session):
            self._append(session, Waiting())
        self._notify()
        return session.state

    def leave(self, visitor: str) -> None:
        session = self._session(visitor)
        if session.state == "waiting":
            session.log.clear()
        elif session.in_chat and session.chat:
            self._append(session, Left(session.chat, "you"))
        self._end_chat(session, "left")
        self._notify()

    def quit(self, visitor: str) -> None:
        session = self.sessions.get(visitor)
        if session:
            self._remove(session, "left")
            self._notify()

    def say(self, visitor: str, chat: str, message: str, text: str) -> Receipt:
        session = self._session(visitor)
        if session.chat == chat and message in session.log.sent:
            return Receipt(session.log.sent[message], repeated=True, bot=session.bot, turn=session.turn(message))
        session.require(chat, "chat", "house")
        if retry_after := session.count_action("say", self._clock(), self._limits):
            raise TooMany("too many messages in a short time", retry_after)
        at = int(self._wall() * 1000)
        if session.bot:
            session.bot_turns += 1
        self._append(session, Message(chat, message, mine=True, text=text, at=at))
        session.log.sent[message] = session.log.number
        if session.partner:
            self._append(session.partner, Message(chat, message, mine=False, text=text, at=at))
        receipt = Receipt(session.log.number, repeated=False, bot=session.bot, turn=session.bot_turns)
        self._notify()
        return receipt

    def bot_say(self, visitor: str, chat: str, message: str, text: str) -> None:
        session = self._session(visitor)
        if session.chat == chat and message in session.log.bot_messages:
            return
        session.require(chat, "house")
        session.log.bot_messages.add(message)
        self._append(session, Message(chat, message, mine=False, text=text, at=int(self._wall() * 1000)))
        self._notify()

    def typing(self, visitor: str, chat: str) -> None:
        session = self._session(visitor)
        session.require(chat, "chat", "house")
        if session.partner and self._listener and not session.count_action("typing", self._clock(), self._limits):
            self._listener.typing(session.partner.token, chat)

    def connect(self, visitor: str, connection: str) -> Callable[[], None]:
        session = self._session(visitor)
        former, session.connection = session.connection, connection
        session.last_seen = self._clock()
        self._pending.pop(visitor, None)
        self._be_found(session)
        self._notify()

        def notify_replaced() -> None:
            if former and former != connection and self._listener:
                self._listener.replaced(visitor, former, connection)

        return notify_replaced

    def disconnect(self, visitor: str, connection: str) -> None:
        session = self.sessions.get(visitor)
        if session and session.connection == connection:
            session.connection = None
            self.findable.pop(visitor, None)

    def away(self, visitor: str, page: str) -> None:
        session = self._session(visitor)
        connection = session.connection or ""
        if connection.startswith(f"{page}."):
            self.disconnect(visitor, connection)
            session.last_seen = self._clock() - self._limits.absent_seconds + self._limits.away_seconds
            if self._listener:
                self._listener.replaced(visitor, connection, f"{page}.away")

    def heartbeat(self, connections: Mapping[str, str]) -> dict[str, str]:
        now, newer = self._clock(), {}
        for visitor, connection in connections.items():
            session = self.sessions.get(visitor)
            if session is None:
                continue
            if session.connection is None:  # a newer stream has failed
                self.connect(visitor, connection)
            elif session.connection != connection:
                newer[visitor] = session.connection
            session.last_seen = now
        return newer

    def read(self, visitor: str, after: int) -> list[Entry]:
        return self._session(visitor).log.read(after)

    def tick(self, *, judge_absence: bool = True) -> str | None:
        now = self._clock()
        for session in list(self.sessions.values()) if judge_absence else ():
            pending = session.token in self._pending
            if now - session.last_seen > (self._limits.arrive_seconds if pending else self._limits.absent_seconds):
                self._remove(session, "gone")
        for session in list(self.sessions.values()):
            alone = session.state == "waiting" and now - session.waiting_since >= self._limits.alone_seconds
            if alone and self.chats < self._limits.chats:
                self._end_wait(session)
        self._notify()
        return None

    def _session(self, visitor: str) -> Session:
        session = self.sessions.get(visitor)
        if session is None:
            raise UnknownVisitor
        return session

    def _draw_partner(self, session: Session, *, last_too: bool = False) -> Session | None:
        """Draw a findable visitor, the last partner only where `last_too`.

        There are hardly more than three candidates: any two others would have been paired already.
        """
        candidates = [
            other
            for other in self.findable.values()
            if other is not session and (last_too or (other.cat != session.last_cat and other.last_cat != session.cat))
        ]
        return secrets.choice(candidates) if candidates else None

    def _be_found(self, session: Session, *, last_too: bool = False) -> bool:
        """Let a visitor with a stream who wants a partner be found, or pair it at once; return whether it was paired.

        A chat with a bot is kept when its visitor comes back and nobody else is there.
        """
        if session.connection is None or session.state not in ("waiting", "house"):
            return False
        if other := self._draw_partner(session, last_too=last_too):
            self._pair(session, other)
            return True
        self.findable[session.token] = session
        return False

    def _end_wait(self, session: Session) -> None:
        if self._be_found(session) or self._be_found(session, last_too=True):
            return
        chat, bot = secrets.token_hex(8), secrets.token_hex(5)
        session.state, session.chat, session.bot, session.bot_turns = "house", chat, bot, 0
        self.chats += 1
        self._append(session, Paired(chat, bot, house=True))

    def _pair(self, first: Session, second: Session) -> None:
        chat = secrets.token_hex(8)
        for session, partner in ((first, second), (second, first)):
            if session.state == "house":
                self._end_chat(session, "next")
                session.log.clear()
            self.findable.pop(session.token, None)
            session.state, session.chat, session.partner, session.last_cat = "chat", chat, partner, partner.cat
            self._append(session, Paired(chat, partner.cat, house=False))
        self.chats += 1

    def _end_chat(self, session: Session, why: Why) -> None:
        """Make the visitor idle, whatever its state; a partner is told why."""
        if session.in_chat:
            self.chats -= 1
        if session.partner and session.chat:
            self._append(session.partner, Left(session.chat, why))
            session.partner.state, session.partner.partner = "idle", None
        self.findable.pop(session.token, None)
        session.state, session.partner, session.bot, session.bot_turns = "idle", None, None, 0

    def _remove(self, session: Session, why: Why) -> None:
        self._end_chat(session, why)
        session.log.clear()
        del self.sessions[session.token]
        self._pending.pop(session.token, None)
        self._changed[session.token] = None

    def _append(self, session: Session, event: Event) -> None:
        session.log.append(event)
        self._changed[session.token] = None

    def _notify(self) -> None:
        changed, self._changed = self._changed, {}
        if self._listener:
            for visitor in changed:
                self._listener.log_changed(visitor)
