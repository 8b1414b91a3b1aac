"""The whole house: every Pod as it reports itself, the visitors counted, the shared memory's health."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import gevent
import msgspec
from flask import Blueprint, Response
from gevent.lock import RLock

from backend import restarts
from backend.config import without_password
from backend.context import context
from backend.faults.manager import Active  # noqa: TC001 - msgspec reads the annotations
from backend.identity import Container  # noqa: TC001 - the same
from backend.probe_log import Probe  # noqa: TC001 - the same
from backend.restarts import Life  # noqa: TC001 - the same
from backend.roulette.store import Away, Census
from service_runtime.lifecycle import Phase
from service_runtime.responses import encode, json_bytes

if TYPE_CHECKING:
    from backend.context import Context

REPORT_SECONDS = 2.0
FRESH_SECONDS = 0.5
"""However many ask, the house is counted so often at most."""

routes = Blueprint("house", __name__)


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


class ClusterStatus:
    """Tells of this Pod and of the house."""

    def __init__(self) -> None:
        """Begin without having told anything."""
        self._lock = RLock()
        self._told: tuple[float, bytes] = (0.0, b"")

    def house(self, here: Context) -> bytes:
        """Return the house as JSON."""
        with self._lock:
            if not self._told[1] or time.monotonic() - self._told[0] > FRESH_SECONDS:
                told = encode(_house(here, self.status(here)))
                self._told = (time.monotonic(), told)
            return self._told[1]

    def status(self, here: Context) -> PodStatus:
        """Return how this Pod is."""
        who = here.identity.whoami(here.lifecycle.started_at, here.lifecycle.uptime)
        return PodStatus(
            pod=who.pod,
            namespace=who.namespace,
            node=who.node,
            ips=who.ips,
            version=who.version,
            colour=who.colour,
            started_at=who.started_at,
            uptime_seconds=who.uptime_seconds,
            at=datetime.now(UTC),
            container=who.container,
            ready=here.health.report("readyz").ok,
            phase=_phase(here),
            streams=here.streams.count,
            listening=here.lifecycle.listeners.listening if here.lifecycle.listeners else here.settings.listen,
            lives=restarts.read(here.probe_log.state_files),
            probes=list(here.probe_log.last),
            faults=here.faults.active(),
        )

    def start(self, here: Context) -> None:
        """Begin to tell the other Pods how this one is."""
        gevent.spawn(self._report, here)

    def _report(self, here: Context) -> None:
        while True:
            # In a greenlet of its own: gevent logs what it raises, and the next report is made all the same.
            gevent.spawn(self.report, here).join()
            gevent.sleep(REPORT_SECONDS)

    def report(self, here: Context) -> None:
        """Tell the other Pods, and this container's next life, how this one is."""
        status = self.status(here)
        restarts.record_memory(here.probe_log.state_files, status.container.memory)
        # The keeper of the streams says so in the log.
        with suppress(Away):
            here.store.report(here.settings.pod, encode(status))


def _phase(here: Context) -> Any:
    if here.lifecycle.phase is Phase.SERVING and not here.health.report("startupz").ok:
        return Phase.STARTING.value
    return here.lifecycle.phase.value


def _house(here: Context, own: PodStatus) -> House:
    """Put the house together; with the store away it is this Pod alone."""
    url = here.settings.redis_url and without_password(here.settings.redis_url)
    reason = here.store.check()
    try:
        if reason is None:
            census, pods = here.store.census(), neighbours(own, here.store.pods())
            return House(own.pod, census, StoreStatus(here.store.kind, ok=True, reason=None, url=url), pods)
    except Away as away:
        reason = str(away)
    return House(own.pod, None, StoreStatus(here.store.kind, ok=False, reason=reason, url=url), [own])


def neighbours(own: PodStatus, told: dict[str, bytes]) -> list[PodStatus]:
    """Return this Pod, then the others by their names; one whose report another version wrote is left out."""
    others = [status for pod, raw in sorted(told.items()) if pod != own.pod and (status := _read(raw))]
    return [own, *others]


def _read(raw: bytes) -> PodStatus | None:
    try:
        return msgspec.json.decode(raw, type=PodStatus)
    except msgspec.DecodeError:
        return None


@routes.get("/api/house")
def house() -> Response:
    """Show the whole house, always with 200."""
    body = context().cluster_status.house(context())
    return json_bytes(body)
