"""The status of this Pod and of all: each reports itself, and any of them shows the whole."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import gevent
import msgspec
from gevent.lock import RLock

from backend import restarts
from backend.config import without_password
from backend.faults.manager import (
    Active,
    FaultManager,
)
from backend.identity import (
    Container,
    Identity,
)
from backend.probe_log import (
    Probe,
    ProbeLog,
)
from backend.replicas.errors import Unavailable
from backend.restarts import Life
from backend.roulette.census import Census
from backend.roulette.streams import Streams
from backend.shared_state import SharedState
from backend.state_files import StateFiles
from service_runtime.health import Health
from service_runtime.lifecycle import Lifecycle, Phase
from service_runtime.responses import encode

REPORT_SECONDS = 2.0
CACHE_SECONDS = 0.5
"""However many ask, the Pods are listed so often at most."""


class PodStatus(msgspec.Struct, frozen=True):
    """One Pod at one moment; `lives` are the starts of its container, the last one running."""

    pod: str
    namespace: str | None
    node: str | None
    ips: list[str]
    version: str
    colour: str
    started_at: datetime
    uptime_seconds: float
    at: datetime
    container: Container
    ready: bool
    phase: Literal["starting", "serving", "draining"]
    streams: int
    listening: str
    lives: list[Life]
    probes: list[Probe]
    faults: list[Active]


class StoreStatus(msgspec.Struct, frozen=True):
    """What the visitors' memory is; `reason` says why it cannot be used, `url` is without its password."""

    kind: Literal["memory", "redis"]
    ok: bool
    reason: str | None
    url: str | None


class House(msgspec.Struct, frozen=True):
    """The Pod that answers comes first; `census` is null while the shared memory is away."""

    answered_by: str
    census: Census | None
    store: StoreStatus
    pods: list[PodStatus]


@dataclass(frozen=True)
class OwnStatus:
    """The status of this Pod, read from its parts."""

    identity: Identity
    lifecycle: Lifecycle
    health: Health
    streams: Streams
    state_files: StateFiles
    probe_log: ProbeLog
    faults: FaultManager

    def read(self) -> PodStatus:
        whoami = self.identity.whoami(self.lifecycle.started_at, self.lifecycle.uptime)
        fields = msgspec.structs.asdict(whoami)
        del fields["service_account"]
        listeners = self.lifecycle.listeners
        return PodStatus(
            **fields,
            at=datetime.now(UTC),
            ready=self.health.report("readyz").ok,
            phase=self._phase(),
            streams=self.streams.count,
            listening=listeners.listening if listeners else self.identity.settings.listen,
            lives=restarts.read(self.state_files),
            probes=list(self.probe_log.probes),
            faults=self.faults.active(),
        )

    def _phase(self) -> Any:
        if self.lifecycle.phase is Phase.SERVING and not self.health.report("startupz").ok:
            return Phase.STARTING.value
        return self.lifecycle.phase.value


class ClusterStatus:
    """Reports this Pod to the others, and shows all."""

    def __init__(self, own: OwnStatus, shared: SharedState, redis_url: str | None) -> None:
        self.own, self.shared = own, shared
        self.url = redis_url and without_password(redis_url)
        self._lock = RLock()
        self._cached_at, self._cached = 0.0, b""

    def read(self) -> bytes:
        """Return the status of all Pods as JSON, not older than CACHE_SECONDS."""
        with self._lock:
            if not self._cached or time.monotonic() - self._cached_at > CACHE_SECONDS:
                self._cached = encode(self._collect(self.own.read()))
                self._cached_at = time.monotonic()
            return self._cached

    def _collect(self, own: PodStatus) -> House:
        """Return this Pod and the others; this Pod alone while Redis is unavailable."""
        census, pods, reason = None, [own], self.shared.check()
        if reason is None:
            try:
                reports = self.shared.pods.pods()
                census, pods = self.shared.census(), own_first(own, reports)
            except Unavailable as error:
                reason = str(error)
        store = StoreStatus(self.shared.kind, ok=reason is None, reason=reason, url=self.url)
        return House(own.pod, census, store, pods)

    def start(self) -> None:
        gevent.spawn(self._report_forever)

    def _report_forever(self) -> None:
        while True:
            # In a greenlet of its own: gevent logs what it raises, and the next report is made all the same.
            gevent.spawn(self.report).join()
            gevent.sleep(REPORT_SECONDS)

    def report(self) -> None:
        """Report this Pod to the others, and its memory to the next start of its container."""
        status = self.own.read()
        restarts.record_memory(self.own.state_files, status.container.memory)
        # The roulette's background tasks log an outage.
        with suppress(Unavailable):
            self.shared.pods.report(status.pod, encode(status))


def own_first(own: PodStatus, reports: dict[str, bytes]) -> list[PodStatus]:
    """Return this Pod, then the others by their names; one whose report another version wrote is left out."""
    others = [status for pod, report in sorted(reports.items()) if pod != own.pod and (status := _decode(report))]
    return [own, *others]


def _decode(report: bytes) -> PodStatus | None:
    try:
        return msgspec.json.decode(report, type=PodStatus)
    except msgspec.DecodeError:
        return None
