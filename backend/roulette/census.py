"""Counts over all replicas."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from backend.roulette.memory_store import MemoryStore
    from backend.roulette.redis_scripts import RedisScripts

_WINDOWS = 24


class Census(msgspec.Struct, frozen=True):
    """How many there are, in all replicas; `windows` are the cats (24 at most) of those who can be found right now."""

    visitors: int
    waiting: int
    chats: int
    windows: list[str]


class CensusTaker(Protocol):
    def take(self) -> Census:
        """Count. Raises Unavailable."""


class MemoryCensus:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def take(self) -> Census:
        findable = self._store.findable.values()
        waiting = sum(session.state == "waiting" for session in findable)
        cats = [session.cat for session in islice(findable, _WINDOWS)]
        return Census(len(self._store.sessions), waiting, self._store.chats, cats)


class RedisCensus:
    def __init__(self, scripts: RedisScripts) -> None:
        self._scripts = scripts

    def take(self) -> Census:
        visitors, waiting, chats, cats = self._scripts.run("census")
        return Census(visitors, waiting, chats, [cat.decode() for cat in cats])
