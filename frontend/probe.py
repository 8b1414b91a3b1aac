"""The I/O behind `hops`: resolve the backend's name, ask it two questions, each with a deadline."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from frontend.hops import Answer, Attempt, Hop, Kind, Unconnected, classify, fault_of
from frontend.upstream import Failure, Outgoing, exchange

if TYPE_CHECKING:
    from frontend.config import Config, Target
    from frontend.upstream import Names

LOOK_SECONDS = 2.5
MOMENT = 0.05
ANSWER_BYTES = 65_536
FRESH_SECONDS = 1.0


def try_backend(config: Config, names: Names) -> Attempt:
    """Resolve the name, then ask for `/version` and `/readyz`; never raises for what the network does."""
    target, end = config.target, time.monotonic() + LOOK_SECONDS
    try:
        addresses = names.addresses(target.host, target.port, LOOK_SECONDS)
    except socket.gaierror as error:
        return Attempt(target, fault=fault_of(error))
    try:
        version = ask(target, addresses[0], "/version", config, end)
        ready = ask(target, addresses[0], "/readyz", config, end)
    except Failure as error:
        return Attempt(target, addresses, fault=fault_of(error))
    return Attempt(target, addresses, version=version, ready=ready)


def ask(target: Target, address: str, path: str, config: Config, end: float) -> Answer:
    """GET a small JSON answer from one address, until `end`. Raises one of `Failure`."""
    connect = max(MOMENT, min(config.backend_connect_seconds, end - time.monotonic()))
    try:
        sock = socket.create_connection((address, target.port), connect)
    except OSError as error:
        raise Unconnected(error) from error
    read = max(MOMENT, min(config.backend_read_seconds, end - time.monotonic()))
    answer = exchange(target, sock, read, Outgoing("GET", path))
    body = b""
    with closing(answer):
        for piece in answer.pieces(4096):
            body += piece
            if len(body) > ANSWER_BYTES or time.monotonic() > end:
                raise TimeoutError("a body that drips or swells")
    return Answer(answer.status, json_object(body))


def json_object(body: bytes) -> dict[str, object] | None:
    """Return the JSON object in `body`, None when it is anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Watcher:
    """The state of the hop, looked at when somebody asks, and at most once a second however many ask."""

    def __init__(self, config: Config, names: Names) -> None:
        """Remember the settings; nothing is tried yet."""
        self._config = config
        self._names = names
        self._lock = threading.Lock()
        self._last: Hop | None = None
        self._until = 0.0

    def look(self) -> Hop:
        """Return the state of the hop, not older than a second when the call was made."""
        with self._lock:
            if self._last is None or time.monotonic() > self._until:
                attempt = try_backend(self._config, self._names)
                self._last = Hop(classify(attempt), attempt)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._last

    def blame(self, fault: Kind) -> Hop:
        """Return the hop for a request that has just failed with `fault`, with what the name resolves to now."""
        target = self._config.target
        try:
            addresses = self._names.addresses(target.host, target.port)
        except socket.gaierror as error:
            return Hop(fault_of(error), Attempt(target, fault=fault_of(error)))
        return Hop(fault, Attempt(target, addresses, fault=fault))
