"""Background tasks of one process: stream beats, what is due in the store, presence."""

import logging
import time
from collections.abc import Callable

import gevent

from backend.replicas.errors import Unavailable
from backend.roulette.store import Store
from backend.roulette.streams import SLOTS, Streams

BEAT_SECONDS = 5.0
TICK_SECONDS = 0.25
HEARTBEAT_SECONDS = 5.0
"""At most; presence that expires sooner is renewed four times before it does."""
PAUSE_SECONDS = 2.0
"""A tick that comes so late means that this process was stopped, or its computer asleep."""

log = logging.getLogger("backend")


class BackgroundTasks:
    """Renew presence well within `absent_seconds`, and move all streams in less than `drain_seconds`."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        absent_seconds: float,
        drain_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._streams, self._clock, self._absent_seconds = store, streams, clock, absent_seconds
        self._ticked_at = self._attentive_since = clock()
        self._ticks_per_heartbeat = max(1, round(min(HEARTBEAT_SECONDS, absent_seconds / 4) / TICK_SECONDS))
        self._move_seconds = min(2.0, drain_seconds / 2)
        self.outage: str | None = None
        """Why the store is unavailable, None while it is available."""
        self.full: str | None = None
        """Why the store accepts no more visitors, None while it does."""
        self.ticks = 0
        self.greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        self.greenlets = [gevent.spawn(self._beat), gevent.spawn(self._tick_forever)]

    def failed(self) -> str | None:
        """Return why this process should end: a task that must always run has ended."""
        dead = any(greenlet.dead for greenlet in self.greenlets)
        return "beats and presence have stopped; the log has the traceback" if dead else None

    def _beat(self) -> None:
        while True:
            turn_seconds = self._move_seconds if self._streams.draining() else BEAT_SECONDS
            gevent.sleep(turn_seconds / SLOTS)
            self._streams.turn()

    def _tick_forever(self) -> None:
        while True:
            gevent.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Do what is due; while the store is unavailable, send streams to where it may not be."""
        self.ticks += 1
        try:
            self.full = self._store.tick(judge_absence=self._judges_absence())
            if self.ticks % self._ticks_per_heartbeat == 0:
                self._heartbeat()
        except Unavailable as error:
            self._set_outage(str(error))
            self._streams.move()
        except Exception as error:  # noqa: BLE001 - whatever replicas share must not end them all at once
            self._set_outage(f"unforeseen: {error!r}", error)
        else:
            self._set_outage(None)

    def _judges_absence(self) -> bool:
        """Tell whether this process could have renewed presence for so long; nobody is absent by a gap of its own."""
        now = self._clock()
        if now - self._ticked_at > PAUSE_SECONDS:
            self._attentive_since = now
        self._ticked_at = now
        return now - self._attentive_since >= self._absent_seconds

    def _heartbeat(self) -> None:
        connections = self._streams.connections()
        for visitor, newer in self._store.heartbeat(connections).items():
            self._streams.replaced(visitor, connections[visitor], newer)

    def _set_outage(self, outage: str | None, error: Exception | None = None) -> None:
        if outage and not self.outage:
            log.warning("the shared memory is away", exc_info=error, extra={"fields": {"reason": outage}})
        if self.outage and not outage:
            log.info("the shared memory is back")
        self.outage = outage
