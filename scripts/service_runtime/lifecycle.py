"""The phases of a service process, and what its parts do when they change."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_runtime.listeners import Listeners


class Phase(Enum):
    """In the only order in which they happen."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Lifecycle:
    """The phase of this process; a process that drains never serves again.

    The worker sets `listeners` once it accepts connections, and calls the callbacks: `on_start` then, `on_drain` at
    the first signal to end (each in a greenlet of its own), `on_stop` when the drain is over.
    """

    def __init__(self, drain_seconds: float = 0.0) -> None:
        self.drain_seconds = drain_seconds
        self.phase = Phase.STARTING
        self.started_at = time.time()
        self.listeners: Listeners | None = None
        self.on_start: list[Callable[[], None]] = []
        self.on_drain: list[Callable[[], None]] = []
        self.on_stop: list[Callable[[], None]] = []

    def serve(self) -> None:
        if self.phase is Phase.STARTING:
            self.phase = Phase.SERVING

    def drain(self) -> None:
        """Make readiness fail from now on; requests are still answered."""
        self.phase = Phase.DRAINING

    @property
    def draining(self) -> bool:
        return self.phase is Phase.DRAINING

    @property
    def uptime(self) -> float:
        """Seconds since the application was made."""
        return time.time() - self.started_at
