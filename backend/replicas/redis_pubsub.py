"""Subscription to a Redis channel; messages may be lost with a connection."""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

POLL_SECONDS = 0.5
PING_SECONDS = 2.0
SILENT_SECONDS = 6.0
_BACKOFF_MIN, _BACKOFF_MAX = 0.05, 2.0

log = logging.getLogger("backend")


class Subscription:
    """A thread (a greenlet, where gevent has patched them) that receives one channel's messages until closed.

    `on_subscribe` is called after each subscription, the first one too: messages before it were lost.
    """

    def __init__(
        self,
        redis: Redis,
        channel: str,
        receive: Callable[[bytes], None],
        on_subscribe: Callable[[], None],
        on_disconnect: Callable[[], None],
    ) -> None:
        self._redis, self._channel = redis, channel
        self._receive, self._on_subscribe, self._on_disconnect = receive, on_subscribe, on_disconnect
        self._closed = threading.Event()
        self._backoff = _BACKOFF_MIN
        self._thread = threading.Thread(target=self._run, name="redis-subscription", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(2 * POLL_SECONDS)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with PubSub(self._redis.connection_pool) as pubsub:
                    self._poll(pubsub)
            except RedisError:
                self._on_disconnect()
                self._closed.wait(self._backoff * random.uniform(0.5, 1))  # noqa: S311 - no secret
                self._backoff = min(2 * self._backoff, _BACKOFF_MAX)
        self._redis.close()
        self._redis.connection_pool.disconnect()

    def _poll(self, pubsub: PubSub) -> None:
        pubsub.subscribe(self._channel)
        received = pinged = time.monotonic()
        while not self._closed.is_set():
            message = pubsub.get_message(timeout=POLL_SECONDS)
            now = time.monotonic()
            if message:
                received = now
                self._handle(message)
            elif now - received > SILENT_SECONDS:
                raise RedisConnectionError("the subscription is silent")
            elif now - max(received, pinged) > PING_SECONDS:
                pinged = now
                pubsub.ping()

    def _handle(self, message: dict[str, Any]) -> None:
        try:
            if message["type"] == "subscribe":
                self._backoff = _BACKOFF_MIN
                self._on_subscribe()
            elif message["type"] == "message":
                self._receive(message["data"])
        except Exception:  # Whatever it is: without this thread the process would receive nothing, unnoticed.
            log.exception("a message from another process could not be handled")
