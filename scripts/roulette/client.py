"""A visitor of the roulette: enter, seek somebody, talk, go on."""

from __future__ import annotations

import random
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec
from urllib3.exceptions import HTTPError

from roulette.calls import Calls, Later, Patience, reason
from roulette.errors import GaveUp, NotInChat
from roulette.events import Card, Event, Left, Message, Move, Paired, Replaced, State, Waiting, decode
from roulette.sse import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from urllib3 import BaseHTTPResponse

_CHUNK = 65536


class Entered(msgspec.Struct, frozen=True):
    """The answer to somebody who enters."""

    visitor: str
    cat: Card


class Sought(msgspec.Struct, frozen=True):
    """The answer to somebody who seeks."""

    state: State


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a message: its number in the sender's log."""

    number: int
    repeated: bool


class Receipt(msgspec.Struct, frozen=True):
    """A message was accepted; `troubles` says why it took more than one try."""

    id: str
    number: int
    repeated: bool
    troubles: tuple[str, ...]


class Broken(Later):
    """A stream that was there ended."""


class Client:
    """One service, through its frontend or directly."""

    def __init__(
        self,
        url: str,
        *,
        patience: Patience | None = None,
        troubled: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        """`troubled` is told what was tried and what happened, each time that something must be tried again."""
        self._calls = Calls(url, patience or Patience(), troubled)

    def enter(self, language: Literal["fr", "en"] = "en") -> Visit:
        """Begin a visit. Raises Refused, GaveUp."""
        answer = self._calls.call("POST", "/api/visitors", {"language": language})
        entered = msgspec.json.decode(answer.data, type=Entered)
        return Visit(self._calls, entered.visitor, entered.cat)


class Visit:
    """One visitor. Every call raises UnknownVisitor when the visitor is none any more, Refused, and GaveUp."""

    def __init__(self, calls: Calls, visitor: str, cat: Card) -> None:
        """Take over a visit that was begun."""
        self.cat = cat
        self.chat: str | None = None
        """The chat that the visitor is in, as far as `events` has read."""
        self.last = 0
        """The number of the last event that was seen."""
        self._page = uuid.uuid4().hex
        self._calls, self._path = calls, f"/api/visitors/{visitor}"
        self._stream: BaseHTTPResponse | None = None
        self._over = False
        self._wait = 1.0

    @property
    def listening(self) -> bool:
        """Tell whether `events` has a stream at this moment, as far as is known."""
        return self._stream is not None

    def seek(self) -> State:
        """Leave the chat that there is, and be paired at once or wait."""
        answer = self._calls.call("POST", f"{self._path}/chat", {"id": uuid.uuid4().hex})
        return msgspec.json.decode(answer.data, type=Sought).state

    next = seek

    def say(self, text: str, *, chat: str | None = None) -> Receipt:
        """Say something, once, however often it must be sent. Raises NotInChat."""
        chat, made = chat or self._in_chat(), uuid.uuid4().hex
        answer = self._calls.call("POST", f"{self._path}/messages", {"id": made, "chat": chat, "text": text})
        accepted = msgspec.json.decode(answer.data, type=Accepted)
        return Receipt(made, accepted.number, accepted.repeated, answer.troubles)

    def typing(self) -> None:
        """Let the other one know. Raises NotInChat."""
        self._calls.call("POST", f"{self._path}/typing", {"chat": self._in_chat()})

    def leave(self) -> None:
        """Leave the chat, or stop waiting."""
        self._calls.call("DELETE", f"{self._path}/chat")

    def quit(self) -> None:
        """Leave for good; `events` ends."""
        self._over = True
        self._calls.call("DELETE", self._path)
        self.drop()

    def drop(self) -> None:
        """Break the stream, as a network would: `events` connects again."""
        stream = self._stream
        if stream is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
                stream.shutdown()

    def events(self) -> Generator[Event, None, None]:
        """Tell what happens, each event once and in order; ends after Replaced, and with `quit`.

        Whatever breaks the stream, it connects again after the last event seen. Raises UnknownVisitor, Refused, and
        GaveUp when there was no stream for `Patience.stream` seconds.
        """
        heard = time.monotonic()
        while not self._over:
            try:
                for event in self._listen():
                    heard = time.monotonic()
                    yield event
                    if isinstance(event, Replaced):
                        return
            except Later as later:
                if not self._over:
                    self._pause(later, heard)

    def _listen(self) -> Iterator[Event]:
        """Yield the events of one connection; raises Broken at its end, Later without one."""
        stream = self._calls.stream(f"{self._path}/events?page={self._page}", self.last)
        self._stream, parser = stream, Parser()
        try:
            while data := stream.read1(_CHUNK):
                for frame in parser.feed(data):
                    if (event := decode(frame)) is not None and self._is_new(event):
                        yield event
                        if isinstance(event, Move):
                            raise Broken("move", 0)
        except HTTPError as error:
            raise Broken(reason(error)) from error
        finally:
            self._wait = self._wait if parser.retry is None else parser.retry / 1000
            self._stream = None
            stream.close()
        raise Broken("it ended")

    def _is_new(self, event: Event) -> bool:
        """Keep where the visitor is; tells whether the event was not seen yet."""
        if isinstance(event, Waiting | Paired | Message | Left):
            if event.number <= self.last:
                return False
            self.last = event.number
        if isinstance(event, Paired):
            self.chat = event.chat
        elif isinstance(event, Left) and event.chat == self.chat:
            self.chat = None
        return True

    def _pause(self, later: Later, heard: float) -> None:
        wait = self._wait if later.seconds is None else later.seconds
        wait *= random.uniform(1, 1.5)  # noqa: S311 - so that a thousand do not come back at once
        silent = time.monotonic() - heard
        if silent + wait > self._calls.patience.stream:
            raise GaveUp("GET /events", silent, str(later)) from later
        self._calls.troubled("the stream" if isinstance(later, Broken) else "GET /events", str(later))
        time.sleep(wait)

    def _in_chat(self) -> str:
        if self.chat is None:
            raise NotInChat("there is no chat: seek one, and read the events until Paired")
        return self.chat
