"""The roulette in one Redis 7 or Valkey, for any number of replicas.

What is accepted is as durable as Redis's own persistence. Notifications go through a channel of the visitor's Pod and
may be lost: the log in Redis is what counts.
"""

from collections.abc import Collection
from typing import Any, cast

import msgspec

from backend.replicas.redis_client import RedisClient
from backend.roulette.redis_scripts import RedisScripts
from backend.roulette.store import Entry, Event, Language, Limits, Listener, Receipt, State, UnknownVisitor, Visitor

_HEARTBEAT_BATCH = 250
_decode = msgspec.json.Decoder(Event).decode


class RedisStore:
    """The store as the process of one Pod uses it."""

    def __init__(self, client: RedisClient, scripts: RedisScripts, pod: str, limits: Limits) -> None:
        self._client, self._pod, self._limits = client, pod, limits
        self._run = scripts.run

    def listen(self, listener: Listener) -> None:
        def receive(data: bytes) -> None:
            dispatch(listener, data)

        self._client.subscribe(f"cats:pod:{self._pod}", receive, listener.resync)

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

    def connect(self, visitor: str, connection: str) -> None:
        self._run("connect", visitor, self._pod, connection)

    def heartbeat(self, visitors: Collection[str]) -> None:
        tokens = list(visitors)
        for start in range(0, len(tokens), _HEARTBEAT_BATCH):
            self._run("heartbeat", *tokens[start : start + _HEARTBEAT_BATCH])

    def read(self, visitor: str, after: int) -> list[Entry]:
        pipeline = self._client.redis.pipeline(transaction=False)
        pipeline.xrange(f"cats:log:{visitor}", f"({after}-0")
        pipeline.hmget(f"cats:v:{visitor}", "state", "paired")
        rows, (state, paired) = self._client.call(pipeline.execute)
        if state is None:
            raise UnknownVisitor
        entries = [Entry(int(number.partition(b"-")[0]), _decode(fields[b"e"])) for number, fields in rows]
        return _dropped_paired(paired, after, entries) + entries

    def tick(self) -> None:
        """Nobody is absent before Redis was reachable for as long: in an outage no presence could be renewed."""
        self._run("tick", int(self._client.reachable_for(self._limits.absent_seconds)))


def _dropped_paired(paired: bytes | None, after: int, entries: list[Entry]) -> list[Entry]:
    """Return the chat's beginning, `<number> <event>`, where it is requested and no longer in the log."""
    number, _, event = (paired or b"0 ").partition(b" ")
    if int(number) <= after or (entries and entries[0].number <= int(number)):
        return []
    return [Entry(int(number), _decode(event))]


def dispatch(listener: Listener, data: bytes) -> None:
    """Call the listener as the message says; lua/shared.lua lists them."""
    kind, visitor, *values = data.decode().split(" ")
    call: dict[str, Any] = {"w": listener.log_changed, "t": listener.typing, "r": listener.replaced}
    call[kind](visitor, *values)
