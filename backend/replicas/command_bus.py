"""Commands from one Pod to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.replicas.redis_client import RedisClient


class CommandBus(Protocol):
    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Call this with each command to this Pod."""

    def send(self, pod: str, command: bytes) -> bool:
        """Return whether a process of that Pod received the command. Raises Unavailable."""


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
        return bool(self._client.call(lambda: self._client.redis.publish(_channel(pod), command)))


def _channel(pod: str) -> str:
    return f"cats:commands:{pod}"
