"""The state that replicas share, in this process's memory or in Redis."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from backend.config import Settings
from backend.replicas.command_bus import MemoryCommandBus, RedisCommandBus
from backend.replicas.pod_registry import MemoryPodRegistry, RedisPodRegistry
from backend.roulette.census import Census, memory_census, redis_census
from backend.roulette.memory_store import MemoryStore
from backend.roulette.store import Limits, Store


@dataclass
class SharedState:
    """`check` returns why the state cannot be used now, None where it can; never raises, within a second."""

    kind: Literal["memory", "redis"]
    store: Store
    census: Callable[[], Census]
    pods: MemoryPodRegistry | RedisPodRegistry
    commands: MemoryCommandBus | RedisCommandBus
    check: Callable[[], str | None]
    close: Callable[[], None]


def open_shared_state(settings: Settings) -> SharedState:
    limits = Limits(
        alone_seconds=settings.alone_seconds,
        absent_seconds=settings.absent_seconds,
        visitors=settings.max_visitors,
        chats=settings.max_chats,
    )
    if settings.redis_url is None:
        return in_memory(settings.pod, limits)
    return in_redis(settings.redis_url, settings.pod, limits)


def in_memory(pod: str, limits: Limits, clock: Callable[[], float] | None = None) -> SharedState:
    """Without a clock durations are those of the monotonic one, and messages have the computer's time."""
    store = MemoryStore(limits, clock or time.monotonic, clock or time.time)
    return SharedState(
        "memory",
        store,
        partial(memory_census, store),
        MemoryPodRegistry(clock or time.monotonic),
        MemoryCommandBus(pod),
        check=lambda: None,
        close=lambda: None,
    )


def in_redis(url: str, pod: str, limits: Limits, clock: Callable[[], float] | None = None) -> SharedState:
    """Connect on first use; without a clock the time is Redis's."""
    # Not above: without Redis its client's memory is better spent on streams.
    from backend.replicas.redis_client import RedisCheck, RedisClient  # noqa: PLC0415
    from backend.roulette.redis_scripts import RedisScripts  # noqa: PLC0415
    from backend.roulette.redis_store import RedisStore  # noqa: PLC0415

    client = RedisClient(url, clock or time.monotonic)
    scripts = RedisScripts(client, limits, clock)
    check = RedisCheck(url)

    def close() -> None:
        check.close()
        client.close()

    return SharedState(
        "redis",
        RedisStore(client, scripts, pod, limits, clock or time.monotonic),
        partial(redis_census, scripts),
        RedisPodRegistry(client, clock),
        RedisCommandBus(client, pod),
        check=check.run,
        close=close,
    )
