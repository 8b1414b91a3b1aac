"""Registry of Pods: each reports its status, which is listed for ten seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.replicas.redis_client import RedisClient

TTL_SECONDS = 10.0
_KEY = "cats:reports"
_KEY_SECONDS = 3600
_PRUNE_SECONDS = 60.0


class MemoryPodRegistry:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reports: dict[str, tuple[float, bytes]] = {}

    def report(self, pod: str, status: bytes) -> None:
        self._reports[pod] = (self._clock(), status)

    def pods(self) -> dict[str, bytes]:
        oldest = self._clock() - TTL_SECONDS
        self._reports = {pod: report for pod, report in self._reports.items() if report[0] > oldest}
        return {pod: status for pod, (_, status) in self._reports.items()}


class RedisPodRegistry:
    """`clock` returns Unix seconds; without one Redis's own time is used, which all replicas share.

    Both methods raise Unavailable.
    """

    def __init__(self, client: RedisClient, clock: Callable[[], float] | None = None) -> None:
        self._client, self._clock = client, clock

    def report(self, pod: str, status: bytes) -> None:
        report = f"{self._now()}:".encode() + status
        self._client.call(lambda: self._client.redis.hset(_KEY, pod, report))
        self._client.call(lambda: self._client.redis.expire(_KEY, _KEY_SECONDS))

    def pods(self) -> dict[str, bytes]:
        now, current, outdated = self._now(), {}, []
        reports = self._client.call(lambda: self._client.redis.hgetall(_KEY))
        for pod, report in cast("dict[bytes, bytes]", reports).items():
            at, _, status = report.partition(b":")
            if now - float(at) < TTL_SECONDS:
                current[pod.decode()] = status
            elif now - float(at) > _PRUNE_SECONDS:
                outdated.append(pod)
        if outdated:
            self._client.call(lambda: self._client.redis.hdel(_KEY, *outdated))
        return current

    def _now(self) -> float:
        if self._clock:
            return self._clock()
        seconds, microseconds = self._client.call(self._client.redis.time)
        return float(seconds) + microseconds / 1e6
