"""Cached name resolution: one look-up a second for each name, however many requests need it."""

import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor

RESOLVE_SECONDS = 3.0
FRESH_SECONDS = 1.0
STALE_SECONDS = 10.0

Addresses = tuple[str, ...]


class Resolver:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4)
        self._lookups: dict[tuple[str, int], tuple[Future[Addresses], float]] = {}
        self._cache: dict[tuple[str, int], tuple[Addresses, float]] = {}

    def resolve(self, host: str, port: int, seconds: float = RESOLVE_SECONDS) -> Addresses:
        """Return the name's addresses; raises socket.gaierror, EAI_AGAIN when no answer comes in time."""
        try:
            return self._lookup(host, port).result(seconds)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None

    def prefetch(self, host: str, port: int) -> None:
        """Start a look-up, so that its result is there before the first request needs it."""
        self._lookup(host, port)

    def resolve_stale(self, host: str, port: int) -> Addresses:
        """Return the last addresses where they are recent, while the next look-up runs; else as `resolve`.

        A slow or silent name server then delays and fails no request (RFC 8767 calls it serving stale data).
        """
        future = self._lookup(host, port)
        addresses, cached_at = self._cache.get((host, port), ((), 0.0))
        succeeded = future.done() and future.exception() is None
        if addresses and not succeeded and time.monotonic() - cached_at < STALE_SECONDS:
            return addresses
        try:
            return self.resolve(host, port)
        except socket.gaierror as error:
            if addresses and error.errno == socket.EAI_AGAIN:
                return addresses
            raise

    def _lookup(self, host: str, port: int) -> Future[Addresses]:
        """Return the look-up under way, or the last one while it is fresh, or a new one."""
        future, started_at = self._lookups.get((host, port), (None, 0.0))
        if future is None or (future.done() and time.monotonic() - started_at > FRESH_SECONDS):
            future = self._pool.submit(self._getaddrinfo, host, port)
            self._lookups[host, port] = (future, time.monotonic())
        return future

    def _getaddrinfo(self, host: str, port: int) -> Addresses:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = tuple(dict.fromkeys(str(row[4][0]) for row in rows))
        self._cache[host, port] = (addresses, time.monotonic())
        return addresses
