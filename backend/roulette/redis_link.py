"""The connections to Redis: bounded in number and time, and every way of its being away is `Away`."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    InvalidResponse,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.retry import Retry

from backend.roulette.store import Away

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

CONNECTIONS = 32
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
CHECK_SECONDS = 0.8
_LOST = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, InvalidResponse)
"""Whoever answers with what is no answer of Redis is not Redis: a Service's address may lead anywhere at first."""
_REFUSALS = ("MISCONF", "MASTERDOWN", "NOREPLICAS", "BUSY", "NOAUTH", "NOPERM")


def client(url: str, *, retries: int, seconds: float = ANSWER_SECONDS, connections: int = CONNECTIONS) -> Redis:
    """Return a client that connects when first used, and tries again so often on a broken connection.

    Once is safe: each of the store's steps may be repeated. A time-out is not tried again.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=ANSWER_SECONDS,
        socket_timeout=seconds,
        socket_connect_timeout=min(seconds, CONNECT_SECONDS),
        health_check_interval=30,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        protocol=2,
    )
    return Redis(connection_pool=pool)


class Link:
    """One Redis as this process sees it."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect to nothing yet."""
        self.client = client(url, retries=1)
        self._clock = clock
        self._since: float | None = None

    def do(self, action: Callable[[], T]) -> T:
        """Return what the action returns. Raises Away."""
        try:
            result = action()
        except RedisError as error:
            if isinstance(error, _LOST):
                self.lost()
            if isinstance(error, (*_LOST, OutOfMemoryError)) or str(error).startswith(_REFUSALS):
                raise Away(f"Redis is away: {error}") from error
            raise
        if self._since is None:
            self._since = self._clock()
        return result

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self.client.connection_pool.disconnect()

    def lost(self) -> None:
        """Note that Redis was out of reach."""
        self._since = None

    def steady(self, seconds: float) -> bool:
        """Tell whether Redis has been in reach for so long."""
        return self._since is not None and self._clock() - self._since >= seconds


class Probe:
    """Asks Redis to keep something, within a second, whatever hangs: a name server, a connection, Redis itself."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet."""
        self.client = client(url, retries=0, seconds=CHECK_SECONDS, connections=2)
        self._thread = threading.Thread()
        self._reason: str | None = None
        self._lock = threading.Lock()

    def ask(self) -> str | None:
        """Return why Redis cannot be used, None when it can."""
        with self._lock:
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._try, name="redis-probe", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(CHECK_SECONDS)
        return f"no answer within {CHECK_SECONDS} s" if thread.is_alive() else self._reason

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self.client.connection_pool.disconnect()

    def _try(self) -> None:
        try:
            self.client.set("cats:check", 1, ex=10)
        except RedisError as error:
            self._reason = str(error)
        else:
            self._reason = None
