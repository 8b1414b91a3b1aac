"""The kubelet's probes as this Pod has answered them, kept across restarts of the container."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from service_runtime.health import ProbeKind  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.state_files import StateFiles

KEPT = 60
FILE = "probes"

KUBELET = "kube-probe/"
"""How the kubelet's HTTP probes name themselves, before its version:
https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes
"""


class Probe(msgspec.Struct, frozen=True):
    """One probe and its answer; `reason` is null when it passed."""

    at: datetime
    kind: ProbeKind
    status: int
    reason: str | None = None


class ProbeLog:
    """The last probes, oldest first."""

    def __init__(self, state_files: StateFiles) -> None:
        """Begin with those that the containers before this one have answered."""
        self.state_files = state_files
        self.on_probe: Callable[[ProbeKind], None] = lambda _kind: None
        self.last = deque(read(state_files), maxlen=KEPT)

    def add(self, kind: ProbeKind, status: int, reason: str | None) -> None:
        """Keep one more, and write all: a few kilobytes, about once a second."""
        self.last.append(Probe(datetime.now(UTC), kind, status, reason))
        self.state_files.write(FILE, list(self.last))
        self.on_probe(kind)


def read(state_files: StateFiles) -> list[Probe]:
    """Return the probes that were written."""
    return state_files.read(FILE, list[Probe]) or []


def last_seen(state_files: StateFiles) -> datetime | None:
    """Return when the last probe was answered: a container that ended without a word was alive then."""
    probes = read(state_files)
    return probes[-1].at if probes else None
