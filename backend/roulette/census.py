"""Counts over all replicas."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

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


def memory_census(store: MemoryStore) -> Census:
    waiting = sum(session.state == "waiting" for session in store.sessions.values())
    cats = [session.cat for session in islice(store.findable.values(), _WINDOWS)]
    return Census(len(store.sessions), waiting, store.chats, cats)


def redis_census(scripts: RedisScripts) -> Census:
    """Count in Redis. Raises Unavailable."""
    visitors, waiting, chats, cats = scripts.run("census")
    return Census(visitors, waiting, chats, [cat.decode() for cat in cats])
