"""Where the process is in its life: starting, serving, draining."""

from __future__ import annotations

import time
from enum import Enum


class Phase(Enum):
    """The three states, in the only order in which they happen."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Lifecycle:
    """The phase of this process; a process that drains never serves again."""

    def __init__(self) -> None:
        """Begin as starting."""
        self.phase = Phase.STARTING
        self.started_at = time.time()

    def serve(self) -> None:
        """Say that starting is over."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.SERVING

    def drain(self) -> None:
        """Say that the process is about to end: readiness fails from now on, requests are still answered."""
        self.phase = Phase.DRAINING

    @property
    def uptime(self) -> float:
        """Seconds since the application was made."""
        return time.time() - self.started_at
