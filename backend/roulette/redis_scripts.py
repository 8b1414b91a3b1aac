"""The scripts in lua/, each one atomic step; lua/shared.lua says what is kept under which key."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.replicas.redis_client import RedisClient
from backend.roulette.store import ChatsFull, Limits, NotInChat, StoreError, TooMany, UnknownVisitor, VisitorsFull

_FOLDER = Path(__file__).with_name("lua")


class RedisScripts:
    """`clock` returns Unix seconds; without one the scripts use Redis's own time."""

    def __init__(self, client: RedisClient, limits: Limits, clock: Callable[[], float] | None = None) -> None:
        self._client, self._clock = client, clock
        shared = _limits(limits) + (_FOLDER / "shared.lua").read_text()
        paths = [path for path in _FOLDER.glob("*.lua") if path.stem != "shared"]
        register = client.redis.register_script
        self._scripts = {path.stem: register(_with_shared(path.read_text(), shared)) for path in paths}

    def run(self, name: str, *arguments: Any) -> list[Any]:
        """Return the script's reply after `ok`. Raises StoreError, Unavailable."""
        now = "" if self._clock is None else int(self._clock() * 1000)
        args = [now, secrets.token_hex(8), *arguments]
        reply: list[Any] = self._client.call(lambda: self._scripts[name](args=args))
        outcome, *values = reply
        if outcome != b"ok":
            raise _error(outcome, values)
        return values


def _with_shared(text: str, shared: str) -> str:
    """Put the shared functions before the text, but after a first line of flags."""
    first, _, others = text.partition("\n")
    return f"{first}\n{shared}{others}" if first.startswith("#!") else shared + text


def _limits(limits: Limits) -> str:
    values = {
        "alone": int(limits.alone_seconds * 1000),
        "absent": int(limits.absent_seconds * 1000),
        "period": int(limits.period_seconds * 1000),
        "arrive": int(limits.arrive_seconds * 1000),
        "away": int(limits.away_seconds * 1000),
        "actions": limits.actions,
        "visitors": limits.visitors,
        "pending": limits.pending,
        "chats": limits.chats,
        "entries": limits.log_entries,
        "log_bytes": limits.log_bytes,
    }
    return f"local LIMIT = {{ {', '.join(f'{name} = {value}' for name, value in values.items())} }}\n"


def _error(outcome: bytes, values: list[Any]) -> StoreError:
    if outcome == b"often":
        return TooMany(f"too many {values[0].decode()} in a short time", values[1])
    errors = {b"unknown": UnknownVisitor, b"elsewhere": NotInChat, b"full": VisitorsFull, b"chats": ChatsFull}
    return errors[outcome]()
