"""The I/O behind `hops`: resolve the backend's name, ask it two questions, each with a deadline."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from frontend.connectivity import (
    UNCONNECTED,
    Answer,
    Attempt,
    Hop,
    Kind,
    PodSeen,
    Unconnected,
    classify,
    classify_ready,
    failed,
    fault_of,
)
from frontend.upstream import Failure, Outgoing, connect, exchange

if TYPE_CHECKING:
    from frontend.config import Config, Target
    from frontend.upstream import Names

LOOK_SECONDS = 2.5
MOMENT = 0.05
ANSWER_BYTES = 65_536
FRESH_SECONDS = 1.0
KNOWN_SECONDS = 5.0
POD_NAME_SECONDS = 0.5
POD_SECONDS = 1.0
MOST_PODS = 10


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
    seconds = max(MOMENT, min(config.backend_connect_seconds, end - time.monotonic()))
    try:
        sock = connect(address, target.port, seconds)
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
        self._pods = Pods(config, names)
        self._lock = threading.Lock()
        self._last: Hop | None = None
        self._looked = 0.0

    def look(self) -> Hop:
        """Return the state of the hop, not older than a second when the call was made."""
        with self._lock:
            if self._last is None or time.monotonic() > self._looked + FRESH_SECONDS:
                attempt = self._pods.ask(try_backend(self._config, self._names))
                self._last = Hop(classify(attempt), attempt)
                self._looked = time.monotonic()
            return self._last

    def blame(self, fault: Kind) -> Hop:
        """Return the hop for a request that has just failed with `fault`: at once, from what is known already."""
        last, target = self._last, self._config.target
        if last and last.attempt.fault is fault and time.monotonic() < self._looked + KNOWN_SECONDS:
            return last
        try:
            addresses = self._names.addresses(target.host, target.port)
        except socket.gaierror as error:
            return Hop(fault_of(error), Attempt(target, fault=fault_of(error)))
        return Hop(fault, Attempt(target, addresses, fault=fault))


class Pods:
    """The Pods behind the Service, asked directly when it gives no connection."""

    def __init__(self, config: Config, names: Names) -> None:
        """Know of none yet."""
        self._config = config
        self._names = names
        self._pool = ThreadPoolExecutor(MOST_PODS)
        self._found = False
        self._puzzled_at: float | None = None

    def ask(self, attempt: Attempt) -> Attempt:
        """Return the attempt, with what the Pods say where that tells more."""
        if attempt.fault not in UNCONNECTED or attempt.target.is_address:
            return attempt
        addresses = self.addresses(attempt.target.pods)
        if addresses is None:
            return attempt
        end = time.monotonic() + POD_SECONDS
        pods = tuple(self._pool.map(lambda address: self.one(address, end), addresses[:MOST_PODS]))
        return msgspec.structs.replace(attempt, pods=pods, puzzling=self.puzzling(pods))

    def addresses(self, target: Target) -> tuple[str, ...] | None:
        """Return the Pods' addresses; None where there is no headless Service.

        CoreDNS does not know a headless Service without Pods (NXDOMAIN), so one that was there counts as there.
        """
        try:
            addresses = self._names.addresses(target.host, target.port, POD_NAME_SECONDS)
        except socket.gaierror as error:
            return () if self._found and error.errno != socket.EAI_AGAIN else None
        self._found = True
        return addresses

    def one(self, address: str, end: float) -> PodSeen:
        """Ask one Pod whether it is ready."""
        try:
            ready = ask(self._config.target, address, "/readyz", self._config, end)
        except Failure as error:
            return PodSeen(address, fault_of(error))
        return PodSeen(address, classify_ready(ready), failed(ready))

    def puzzling(self, pods: tuple[PodSeen, ...]) -> float:
        """Return for how long a Pod has been fine behind a Service that gives no connection."""
        if not any(pod.outcome in {Kind.OK, Kind.REDIS_AWAY} for pod in pods):
            self._puzzled_at = None
            return 0.0
        self._puzzled_at = self._puzzled_at or time.monotonic()
        return time.monotonic() - self._puzzled_at
