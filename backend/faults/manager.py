"""The faults that are on: each begins with its effect and ends with its undoing, at the latest when its time is up."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import gevent
import msgspec
from gevent.lock import RLock

from backend.faults.catalogue import CATALOGUE, Crashing, Lesson, Name, Timed, Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.faults.bounds import Caps
    from backend.state_files import StateFiles

Undo = Callable[[], None]
Effect = Callable[[Any], Undo]
"""Does what the values say, and returns how that is undone; undoing twice is harmless."""

FILE = "slow-start"
log = logging.getLogger("backend")


class Active(msgspec.Struct, frozen=True):
    """A fault that is on: until when, and how many probes still fail; null is "does not end that way"."""

    name: Name
    since: datetime
    until: datetime | None
    left: int | None
    values: dict[str, int | float]
    lesson: Lesson


@dataclass
class Running:
    """A fault that is on, here: `ends` is a `time.monotonic()`."""

    active: Active
    values: Any
    ends: float
    undo: Undo


def described(name: Name, values: Values, seconds: float) -> Active:
    """Return the fault as it is when it begins now, for so long."""
    now = datetime.now(UTC)
    until = now + timedelta(seconds=seconds) if seconds < math.inf else None
    left = getattr(values, "probes", 0) or None
    return Active(name, now, until, left, msgspec.structs.asdict(values), CATALOGUE[name].lesson)


def length(name: Name, values: Values) -> float:
    """Return for how many seconds a fault lasts; a slow start waits for the next container, as long as that takes."""
    return math.inf if name == "startup" or isinstance(values, Crashing) else values.seconds


class FaultManager:
    """The faults of this process."""

    def __init__(
        self,
        state_files: StateFiles,
        effects: Mapping[Name, Effect],
        caps: Callable[[], Caps],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any; `effects` are what those do that are more than a question to be asked here."""
        self.state_files, self.effects, self.caps, self.clock = state_files, effects, caps, clock
        self._running: dict[Name, Running] = {}
        self._lock = RLock()
        """Effects and their undoing take time: one at a time, or an end would miss what is just beginning."""

    def resume(self) -> None:
        """Begin the slow start that was ordered before this container started; it happens once."""
        if values := self.state_files.take(FILE, Timed):
            self._keep("startup", values, values.seconds, _nothing)

    def start(self, name: Name, values: Values) -> Active:
        """Begin a fault; one of the same name ends first. What its effect raises goes through, and nothing is on."""
        with self._lock:
            self.stop(name)
            log.warning("fault: %s begins", name, extra={"fields": {"fault": name, "values": values}})
            undo = self.effects.get(name, _no_effect)(values)
            return self._keep(name, values, length(name, values), undo)

    def _keep(self, name: Name, values: Values, seconds: float, undo: Undo) -> Active:
        running = Running(described(name, values, seconds), values, self.clock() + seconds, undo)
        self._running[name] = running
        if seconds < math.inf:
            gevent.spawn_later(seconds, self._over, running)
        return running.active

    def _over(self, running: Running) -> None:
        with self._lock:
            if self._running.get(running.active.name) is running:
                self.stop(running.active.name)

    def stop(self, name: Name | None = None) -> None:
        """End a fault, or all of them; one that is not on is no error."""
        with self._lock:
            for fault in [name] if name else list(self._running):
                if running := self._running.pop(fault, None):
                    running.undo()
                    log.warning("fault: %s is over", fault, extra={"fields": {"fault": fault}})

    def on(self, name: Name) -> Running | None:
        """Return the fault if it is on; a slow start that waits for the next container is not."""
        running = self._running.get(name)
        if running and self.clock() >= running.ends:
            self._over(running)
            return None
        return None if running and name == "startup" and running.active.until is None else running

    def __bool__(self) -> bool:
        """Tell whether any is there."""
        return bool(self._running)

    def active(self) -> list[Active]:
        """Return all that are there, by their begin."""
        for name in list(self._running):
            self.on(name)
        return [running.active for running in self._running.values()]

    def probed(self, name: Name) -> None:
        """Count a probe that this fault has made fail; the last one ends it."""
        running = self.on(name)
        if running is None or running.active.left is None:
            return
        running.active = msgspec.structs.replace(running.active, left=running.active.left - 1)
        if running.active.left == 0:
            self._over(running)


def _nothing() -> None:
    """There is nothing to undo."""


def _no_effect(_values: Values) -> Undo:
    return _nothing
