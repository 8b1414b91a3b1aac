"""A visitor of the roulette: enter, seek somebody, chat, go on."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec
from urllib3.exceptions import HTTPError

from roulette.errors import NotInChat
from roulette.events import Cat, Event, Left, Message, Move, Paired, Replaced, State, Waiting, decode
from roulette.sse import Parser
from roulette.transport import Timeouts, Transport, Unavailable, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from urllib3 import BaseHTTPResponse

_CHUNK_BYTES = 65536


class _Entered(msgspec.Struct, frozen=True):
    visitor: str
    cat: Cat


class _Sought(msgspec.Struct, frozen=True):
    state: State


class _Accepted(msgspec.Struct, frozen=True):
    number: int
    repeated: bool


class Receipt(msgspec.Struct, frozen=True):
    """A message was accepted as entry `number` of the sender's log; `failures` are why earlier attempts failed."""

    id: str
    number: int
    repeated: bool
    failures: tuple[str, ...]


class _Disconnected(Unavailable):
    """An open stream has ended."""


class Client:
    """One service, through its frontend or directly.

    `on_retry` is called with the request and the reason before each repetition.
    """

    def __init__(
        self,
        url: str,
        *,
        timeouts: Timeouts | None = None,
        on_retry: Callable[[str, str], None] = lambda _request, _reason: None,
    ) -> None:
        self._transport = Transport(url, timeouts or Timeouts(), on_retry)

    def enter(self, language: Literal["fr", "en"] = "en") -> Visit:
        """Begin a visit. Raises Refused, GaveUp."""
        data, _ = self._transport.call("POST", "/api/visitors", {"language": language})
        entered = msgspec.json.decode(data, type=_Entered)
        return Visit(self._transport, entered.visitor, entered.cat)


class Visit:
    """One visitor. Every call raises UnknownVisitor where the visitor no longer exists, Refused, and GaveUp."""

    def __init__(self, transport: Transport, visitor: str, cat: Cat) -> None:
        self.cat = cat
        self.chat: str | None = None
        """The chat that the visitor is in, as far as `events` has read."""
        self.last_number = 0
        """The number of the last event that `events` has read."""
        self._page = uuid.uuid4().hex
        self._transport, self._path = transport, f"/api/visitors/{visitor}"
        self._stream: BaseHTTPResponse | None = None
        self._ended = False
        self._reconnect_seconds = 1.0

    @property
    def connected(self) -> bool:
        """Whether `events` has an open stream, as far as is known."""
        return self._stream is not None

    def seek(self) -> State:
        """Leave the current chat, and be paired at once or wait."""
        data, _ = self._transport.call("POST", f"{self._path}/chat", {"id": uuid.uuid4().hex})
        return msgspec.json.decode(data, type=_Sought).state

    next = seek

    def say(self, text: str, *, chat: str | None = None) -> Receipt:
        """Send a message, which arrives once however often it is repeated. Raises NotInChat."""
        chat, message_id = chat or self._current_chat(), uuid.uuid4().hex
        body = {"id": message_id, "chat": chat, "text": text}
        data, failures = self._transport.call("POST", f"{self._path}/messages", body)
        accepted = msgspec.json.decode(data, type=_Accepted)
        return Receipt(message_id, accepted.number, accepted.repeated, failures)

    def typing(self) -> None:
        """Tell the partner that the visitor types. Raises NotInChat."""
        self._transport.call("POST", f"{self._path}/typing", {"chat": self._current_chat()})

    def leave(self) -> None:
        """Leave the chat, or stop waiting."""
        self._transport.call("DELETE", f"{self._path}/chat")

    def quit(self) -> None:
        """End the visit; `events` ends."""
        self._ended = True
        self._transport.call("DELETE", self._path)
        self.disconnect()

    def disconnect(self) -> None:
        """Break the stream as a network would: `events` connects again."""
        stream = self._stream
        if stream is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
                stream.shutdown()

    def events(self) -> Generator[Event, None, None]:
        """Yield each event once and in order; ends after Replaced, and with `quit`.

        Whatever breaks the stream, it connects again after the last event. Raises UnknownVisitor, Refused, and GaveUp
        after `Timeouts.stream` seconds without a stream.
        """
        last_event = time.monotonic()
        while not self._ended:
            try:
                for event in self._read_stream():
                    last_event = time.monotonic()
                    yield event
                    if isinstance(event, Replaced):
                        return
            except Unavailable as error:
                if not self._ended:
                    request = "the stream" if isinstance(error, _Disconnected) else "GET /events"
                    limit = self._transport.timeouts.stream
                    self._transport.pause(request, error, self._reconnect_seconds, last_event, limit)

    def _read_stream(self) -> Iterator[Event]:
        """Yield the events of one connection. Raises _Disconnected at its end, Unavailable without one."""
        stream = self._transport.stream(f"{self._path}/events?page={self._page}", self.last_number)
        self._stream, parser = stream, Parser()
        try:
            while data := stream.read1(_CHUNK_BYTES):
                for frame in parser.feed(data):
                    if (event := decode(frame)) is not None and self._is_new(event):
                        yield event
                        if isinstance(event, Move):
                            raise _Disconnected("move", 0)
        except HTTPError as error:
            raise _Disconnected(describe(error)) from error
        finally:
            if parser.retry is not None:
                self._reconnect_seconds = parser.retry / 1000
            self._stream = None
            stream.close()
        raise _Disconnected("it ended")

    def _is_new(self, event: Event) -> bool:
        """Return whether the event was not read before; keep its number and chat."""
        if isinstance(event, Waiting | Paired | Message | Left):
            if event.number <= self.last_number:
                return False
            self.last_number = event.number
        if isinstance(event, Paired):
            self.chat = event.chat
        elif isinstance(event, Left) and event.chat == self.chat:
            self.chat = None
        return True

    def _current_chat(self) -> str:
        if self.chat is None:
            raise NotInChat("there is no chat: seek one, and read the events until Paired")
        return self.chat
