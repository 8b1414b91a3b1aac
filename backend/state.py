"""What one application holds, and how a request finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from backend.config import Settings
    from backend.faults.effects import Effects
    from backend.faults.running import Faults
    from backend.health import Health
    from backend.house import Watch
    from backend.identity import Identity
    from backend.lifecycle import Lifecycle
    from backend.metrics import Metrics
    from backend.probes import Probes
    from backend.roulette.keeper import Keeper
    from backend.roulette.store import Store
    from backend.roulette.streams import Streams

KEY = "backend"


@dataclass(frozen=True)
class State:
    """The parts of one application; two applications in one process share none of them."""

    settings: Settings
    lifecycle: Lifecycle
    health: Health
    identity: Identity
    metrics: Metrics
    store: Store
    streams: Streams
    keeper: Keeper
    probes: Probes
    effects: Effects
    faults: Faults
    watch: Watch


def state() -> State:
    """Return the state of the application that answers the current request."""
    return cast("State", current_app.extensions[KEY])
