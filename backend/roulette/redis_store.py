"""The roulette in one Redis 7 or Valkey, for any number of replicas.

What is accepted is as durable as Redis's own persistence. Notifications go through a channel of the visitor's Pod and
may be lost: the log in Redis is what counts.
"""

import time
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, cast

import msgspec

from backend.replicas.redis_client import RedisClient
from backend.roulette.redis_scripts import RedisScripts
from backend.roulette.store import Entry, Event, Language, Limits, Listener, Receipt, State, UnknownVisitor, Visitor

_HEARTBEAT_BATCH = 250
_CLOCK_TOLERANCE_MILLISECONDS = 3000
"""More than an answer may take."""
_decode = msgspec.json.Decoder(Event).decode


class RedisStore:
    """The store as the process of one Pod uses it."""

    def __init__(
        self,
        client: RedisClient,
        scripts: RedisScripts,
        pod: str,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._pod, self._limits, self._clock = client, pod, limits, clock
        self._run = scripts.run
        self._redis_time, self._redis_time_at = 0, 0.0
        """Redis's time in Unix milliseconds, and this process's own at that moment."""

    def listen(self, listener: Listener) -> None:
        def receive(data: bytes) -> None:
            dispatch(listener, data)

        self._client.subscribe(_channel(self._pod), receive, listener.resync)

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        self._run("enter", visitor, cat, language)

    def get(self, visitor: str) -> Visitor:
        fields = ("cat", "language", "state", "chat")
        values = self._client.call(lambda: self._client.redis.hmget(f"cats:v:{visitor}", *fields))
        cat, language, state, chat = (
            value.decode() if value is not None else None for value in cast("list[bytes | None]", values)
        )
        if cat is None:
            raise UnknownVisitor
        return Visitor(
            cat, cast("Language", language), cast("State", state), chat if state in ("chat", "house") else None
        )

    def seek(self, visitor: str, request: str) -> State:
        (state,) = self._run("seek", visitor, request)
        return cast("State", state.decode())

    def leave(self, visitor: str) -> None:
        self._run("leave", visitor)

    def quit(self, visitor: str) -> None:
        self._run("quit", visitor)

    def say(self, visitor: str, chat: str, message: str, text: str) -> Receipt:
        number, repeated, bot, turn = self._run("say", visitor, chat, message, text)
        return Receipt(number, bool(repeated), bot.decode() or None, turn)

    def bot_say(self, visitor: str, chat: str, message: str, text: str) -> None:
        self._run("bot_say", visitor, chat, message, text)

    def typing(self, visitor: str, chat: str) -> None:
        self._run("typing", visitor, chat)

    def connect(self, visitor: str, connection: str) -> Callable[[], None]:
        pod, former = (value.decode() for value in self._run("connect", visitor, self._pod, connection))

        def notify_replaced() -> None:
            if former and former != connection:
                message = f"r {visitor} {former} {connection}"
                self._client.call(lambda: self._client.redis.publish(_channel(pod), message))

        return notify_replaced

    def disconnect(self, visitor: str, connection: str) -> None:
        self._run("disconnect", visitor, connection)

    def away(self, visitor: str, page: str) -> None:
        self._run("away", visitor, page)

    def heartbeat(self, connections: Mapping[str, str]) -> dict[str, str]:
        newer: dict[str, str] = {}
        items = list(connections.items())
        for start in range(0, len(items), _HEARTBEAT_BATCH):
            batch = items[start : start + _HEARTBEAT_BATCH]
            (changed,) = self._run("heartbeat", self._pod, *chain.from_iterable(batch))
            values = [value.decode() for value in changed]
            newer |= dict(zip(values[::2], values[1::2], strict=True))
        return newer

    def read(self, visitor: str, after: int) -> list[Entry]:
        pipeline = self._client.redis.pipeline(transaction=False)
        pipeline.xrange(f"cats:log:{visitor}", f"({after}-0")
        pipeline.hmget(f"cats:v:{visitor}", "state", "paired", "number")
        rows, (state, paired, latest) = self._client.call(pipeline.execute)
        if state is None:
            raise UnknownVisitor
        if after > int(latest or 0) and after:
            return self.read(visitor, 0)
        entries = [Entry(int(number.partition(b"-")[0]), _decode(fields[b"e"])) for number, fields in rows]
        return _dropped_paired(paired, after, entries) + entries

    def tick(self, *, judge_absence: bool = True) -> str | None:
        """Nobody is absent before Redis was reachable for as long: in an outage no presence could be renewed.

        The same holds where its clock did not go as this process's did: it was set, or the computer slept, or another
        Redis answers.
        """
        asked_at, judges = self._clock(), judge_absence and self._client.reachable_for(self._limits.absent_seconds)
        expected = self._redis_time + int((asked_at - self._redis_time_at) * 1000)
        now, full, used, most = self._run("tick", expected + _CLOCK_TOLERANCE_MILLISECONDS if judges else 0)
        if abs(int(now) - expected) > _CLOCK_TOLERANCE_MILLISECONDS:
            self._client.mark_unreachable()
        self._redis_time, self._redis_time_at = int(now), asked_at
        return f"Redis is full: {used / 2**20:.0f} of {most / 2**20:.0f} MiB" if full else None


def _dropped_paired(paired: bytes | None, after: int, entries: list[Entry]) -> list[Entry]:
    """Return the chat's beginning, `<number> <event>`, where it is requested and no longer in the log."""
    number, _, event = (paired or b"0 ").partition(b" ")
    if int(number) <= after or (entries and entries[0].number <= int(number)):
        return []
    return [Entry(int(number), _decode(event))]


def _channel(pod: str) -> str:
    return f"cats:pod:{pod}"


def dispatch(listener: Listener, data: bytes) -> None:
    """Call the listener as the message says; lua/shared.lua lists them."""
    kind, visitor, *values = data.decode().split(" ")
    call: dict[str, Any] = {"w": listener.log_changed, "t": listener.typing, "r": listener.replaced}
    call[kind](visitor, *values)
