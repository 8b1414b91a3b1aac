"""The faults that are on: each begins with its effect and ends with its undoing, at the latest when its time is up."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import gevent
import msgspec
from gevent.lock import RLock

from backend.faults.bounds import Caps
from backend.faults.catalogue import CATALOGUE, Crashing, Lesson, Name, Timed, Values
from backend.state_files import StateFiles

Undo = Callable[[], None]
Effect = Callable[[Any], Undo]
"""Does what the values say, and returns how that is undone; undoing twice is harmless."""

SLOW_START_FILE = "slow-start"
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
    undo: Undo | None


class FaultManager:
    """The faults of this process; `effects` has those that do more than be asked for where they matter."""

    def __init__(
        self,
        state_files: StateFiles,
        effects: Mapping[Name, Effect],
        caps: Callable[[], Caps],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state_files, self.effects, self.caps, self.clock = state_files, effects, caps, clock
        self._running: dict[Name, Running] = {}
        self._lock = RLock()
        """Effects and their undoing take time: one at a time, or an end would miss what is just beginning."""

    def resume(self) -> None:
        """Begin the slow start that was ordered before this container started; it happens once."""
        if values := self.state_files.take(SLOW_START_FILE, Timed):
            self._add("startup", values, values.seconds, None)

    def start(self, name: Name, values: Values) -> Active:
        """Begin a fault; one of the same name ends first. What its effect raises goes through, and nothing is on."""
        with self._lock:
            self.stop(name)
            log.warning("fault: %s begins", name, extra={"fields": {"fault": name, "values": values}})
            effect = self.effects.get(name)
            undo = effect(values) if effect else None
            # A slow start waits for the next container, as long as that takes.
            seconds = math.inf if name == "startup" or isinstance(values, Crashing) else values.seconds
            return self._add(name, values, seconds, undo)

    def _add(self, name: Name, values: Values, seconds: float, undo: Undo | None) -> Active:
        now = datetime.now(UTC)
        until = now + timedelta(seconds=seconds) if seconds < math.inf else None
        left = getattr(values, "probes", 0) or None
        active = Active(name, now, until, left, msgspec.structs.asdict(values), CATALOGUE[name].lesson)
        running = self._running[name] = Running(active, values, self.clock() + seconds, undo)
        if seconds < math.inf:
            gevent.spawn_later(seconds, self._end, running)
        return active

    def _end(self, running: Running) -> None:
        with self._lock:
            if self._running.get(running.active.name) is running:
                self.stop(running.active.name)

    def stop(self, name: Name | None = None) -> None:
        """End a fault, or all of them; one that is not on is no error."""
        with self._lock:
            for fault in [name] if name else list(self._running):
                if running := self._running.pop(fault, None):
                    if running.undo:
                        running.undo()
                    log.warning("fault: %s is over", fault, extra={"fields": {"fault": fault}})

    def on(self, name: Name) -> Running | None:
        """Return the fault if it is on; a slow start that waits for the next container is not."""
        running = self._running.get(name)
        if running and self.clock() >= running.ends:
            self._end(running)
            return None
        return None if running and name == "startup" and running.active.until is None else running

    def __bool__(self) -> bool:
        return bool(self._running)

    def active(self) -> list[Active]:
        """Return all of them, by their begin."""
        for name in list(self._running):
            self.on(name)
        return [running.active for running in self._running.values()]

    def count_probe(self, name: Name) -> None:
        """Count a probe that this fault has made fail; the last one ends it."""
        running = self.on(name)
        if running is None or running.active.left is None:
            return
        running.active = msgspec.structs.replace(running.active, left=running.active.left - 1)
        if running.active.left == 0:
            self._end(running)
