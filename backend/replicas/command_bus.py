"""Commands from one Pod to another; `send` returns whether a process of that Pod received the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.replicas.redis_client import RedisClient


class MemoryCommandBus:
    """Reaches this Pod alone."""

    def __init__(self, pod: str) -> None:
        self._pod = pod
        self._receive: Callable[[bytes], None] | None = None

    def listen(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    def send(self, pod: str, command: bytes) -> bool:
        if pod != self._pod or self._receive is None:
            return False
        self._receive(command)
        return True


class RedisCommandBus:
    def __init__(self, client: RedisClient, pod: str) -> None:
        self._client, self._pod = client, pod

    def listen(self, receive: Callable[[bytes], None]) -> None:
        self._client.subscribe(_channel(self._pod), receive, on_subscribe=lambda: None)

    def send(self, pod: str, command: bytes) -> bool:
        """Publish the command. Raises Unavailable."""
        return bool(self._client.call(lambda: self._client.redis.publish(_channel(pod), command)))


def _channel(pod: str) -> str:
    return f"cats:commands:{pod}"
