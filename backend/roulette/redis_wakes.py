"""What the other processes, and Redis's scripts, tell this one: hints, which may be lost with a connection."""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from backend.roulette.redis_link import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.roulette.store import Listener

LOOK_SECONDS = 0.5
PING_SECONDS = 2.0
SILENT_SECONDS = 6.0
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 2.0

log = logging.getLogger("backend")


class Wakes:
    """A thread (a greenlet, where gevent has patched them) that listens to one channel until closed."""

    def __init__(self, url: str, channel: str, listener: Listener, lost: Callable[[], None]) -> None:
        """Begin at once; each subscription, the first one too, is followed by `missed`, each loss by `lost`."""
        self._client = client(url, retries=0, connections=1)
        self._channel = channel
        self._listener = listener
        self._lost = lost
        self._closed = threading.Event()
        self._wait = _FIRST_WAIT
        self._thread = threading.Thread(target=self._run, name="redis-wakes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._thread.join(2 * LOOK_SECONDS)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with PubSub(self._client.connection_pool) as pubsub:
                    self._listen(pubsub)
            except RedisError:
                self._lost()
                self._closed.wait(self._wait * random.uniform(0.5, 1))  # noqa: S311 - no secret
                self._wait = min(2 * self._wait, _LONGEST_WAIT)
        self._client.close()
        self._client.connection_pool.disconnect()

    def _listen(self, pubsub: PubSub) -> None:
        pubsub.subscribe(self._channel)
        heard = asked = time.monotonic()
        while not self._closed.is_set():
            message = pubsub.get_message(timeout=LOOK_SECONDS)
            now = time.monotonic()
            if message:
                heard = now
                self._take_safely(message)
            elif now - heard > SILENT_SECONDS:
                raise RedisConnectionError("the subscription is silent")
            elif now - max(heard, asked) > PING_SECONDS:
                asked = now
                pubsub.ping()

    def _take_safely(self, message: dict[str, Any]) -> None:
        """Take one message; whatever is wrong with it, the next ones are listened to."""
        try:
            self._take(message)
        except Exception:  # Whatever it is: without this thread all streams here would be deaf, and nobody would know.
            log.exception("a message from another process could not be taken")

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._wait = _FIRST_WAIT
            self._listener.missed()
        elif message["type"] == "message":
            take(self._listener, message["data"])


def take(listener: Listener, data: bytes) -> None:
    """Call the listener as the message says; lua/prelude.lua lists them."""
    kind, _, rest = data.partition(b" ")
    if kind == b"o":
        listener.ordered(rest)
        return
    visitor, _, what = rest.decode().partition(" ")
    if kind == b"w":
        listener.woken(visitor)
    elif kind == b"t":
        listener.typed(visitor, what)
    elif kind == b"r":
        connection, _, newer = what.partition(" ")
        listener.replaced(visitor, connection, newer)
