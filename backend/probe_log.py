"""The kubelet's probes as this Pod has answered them, kept across restarts of the container."""

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from backend.state_files import StateFiles
from service_runtime.probes import ProbeKind

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 60
FILE = "probes"


class Probe(msgspec.Struct, frozen=True):
    """One probe and its answer; `reason` is null when it passed."""

    at: datetime
    kind: ProbeKind
    status: int
    reason: str | None = None


class ProbeLog:
    """The last probes, oldest first, those of earlier containers included."""

    def __init__(self, state_files: StateFiles) -> None:
        self.state_files = state_files
        self.on_probe: Callable[[ProbeKind], None] = lambda _kind: None
        self.probes = deque(state_files.read(FILE, list[Probe]) or [], maxlen=KEPT)

    def add(self, kind: ProbeKind, status: int, reason: str | None) -> None:
        self.probes.append(Probe(datetime.now(UTC), kind, status, reason))
        # A few kilobytes, about once a second.
        self.state_files.write(FILE, list(self.probes))
        self.on_probe(kind)

    @property
    def latest(self) -> datetime | None:
        """When the last probe was answered: a container that recorded no end was alive then."""
        return self.probes[-1].at if self.probes else None
