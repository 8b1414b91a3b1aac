"""Connections to Redis, bounded in number and time; raises Unavailable whatever Redis does not do."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError
from redis.retry import Retry

from backend.replicas.errors import Full, Unavailable
from backend.replicas.redis_pubsub import Subscription

T = TypeVar("T")

CONNECTIONS = 32
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
CHECK_SECONDS = 0.8
_MEANINGS = {
    "loading": "it still reads its data",
    "read only": "it is a replica, which takes no writes",
    "misconf": "it cannot write to its disk",
    "noreplicas": "it has too few replicas to take writes",
    "masterdown": "it is a replica without its master",
    "busy": "it is busy with a script",
    "authentication": "it wants a password",
    "noauth": "it wants a password",
    "wrongpass": "the password is wrong",
    "noperm": "its user may not do this",
    "clusterdown": "it is a cluster that is not up",
    "moved": "it is a cluster; one server is needed",
    "crossslot": "it is a cluster; one server is needed",
    "unknown command": "a command was taken away from it",
    "wrongtype": "another program's data is where the roulette's would be",
}
"""By a word of Redis's error, which begins with its code in most cases; redis-py drops some of the codes."""


def connect(url: str, *, retries: int, seconds: float = ANSWER_SECONDS, connections: int = CONNECTIONS) -> Redis:
    """Return a client that connects on first use and repeats a command `retries` times on a broken connection.

    One retry is safe: each of the commands here may be repeated. A time-out is not retried.
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


class RedisClient:
    """One Redis as this process sees it."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self.redis = connect(url, retries=1)
        self._reachable_since: float | None = None
        self._subscriptions: list[Subscription] = []

    def call(self, action: Callable[[], T]) -> T:
        """Return what the action returns. Raises Unavailable; Full where there is no memory for a write."""
        try:
            result = action()
        except OutOfMemoryError as error:
            raise Full(f"Redis is full: {error}") from error
        except RedisError as error:
            self.mark_unreachable()
            raise Unavailable(f"Redis is away: {explain(error)}") from error
        if self._reachable_since is None:
            self._reachable_since = self._clock()
        return result

    def reachable_for(self, seconds: float) -> bool:
        """Return whether Redis has been reachable for so long."""
        return self._reachable_since is not None and self._clock() - self._reachable_since >= seconds

    def subscribe(self, channel: str, receive: Callable[[bytes], None], on_subscribe: Callable[[], None]) -> None:
        """Receive the channel's messages from now on; `on_subscribe` is called whenever some may have been lost."""
        redis = connect(self._url, retries=0, connections=1)
        self._subscriptions.append(Subscription(redis, channel, receive, on_subscribe, self.mark_unreachable))

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()
        self.redis.connection_pool.disconnect()

    def mark_unreachable(self) -> None:
        """Begin anew the time for which Redis has been reachable."""
        self._reachable_since = None


def explain(error: RedisError) -> str:
    """Return Redis's words, and what they mean where that is known."""
    words = str(error)
    meaning = next((meaning for word, meaning in _MEANINGS.items() if word in words.lower()), None)
    return f"{meaning} ({words})" if meaning else words


class RedisCheck:
    """Writes to Redis within a second, whatever hangs: name resolution, a connection, Redis itself."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url, retries=0, seconds=CHECK_SECONDS, connections=2)
        self._thread = threading.Thread()
        self._reason: str | None = None
        self._lock = threading.Lock()

    def run(self) -> str | None:
        """Return why Redis cannot be used, None where it can."""
        with self._lock:
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write, name="redis-check", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(CHECK_SECONDS)
        return f"no answer within {CHECK_SECONDS} s" if thread.is_alive() else self._reason

    def close(self) -> None:
        self._redis.connection_pool.disconnect()

    def _write(self) -> None:
        try:
            self._redis.set("cats:check", 1, ex=10)
        except OutOfMemoryError:  # it is there, and the roulette's own state says that it is full
            self._reason = None
        except RedisError as error:
            self._reason = explain(error)
        else:
            self._reason = None
