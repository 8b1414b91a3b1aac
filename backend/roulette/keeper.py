"""What a process does for the roulette all the time: beats, what is due in the store, presence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import gevent

from backend.roulette.store import Away
from backend.roulette.streams import SLOTS

if TYPE_CHECKING:
    from backend.roulette.store import Store
    from backend.roulette.streams import Streams

BEAT_SECONDS = 5.0
TICK_SECONDS = 0.25
PRESENCE_SECONDS = 5.0
"""At most; presence that expires sooner is renewed four times before it does."""

log = logging.getLogger("backend")


class Keeper:
    """The greenlets of one worker process: made there, started there, stopped there."""

    def __init__(self, store: Store, streams: Streams, absent_seconds: float, drain_seconds: float) -> None:
        """Keep presence well within `absent_seconds`, and move all streams away in less than `drain_seconds`."""
        self.store, self.streams = store, streams
        self.here_every = round(min(PRESENCE_SECONDS, absent_seconds / 4) / TICK_SECONDS)
        self.move_seconds = min(2.0, drain_seconds / 2)
        self.away: str | None = None
        self.ticks = 0
        self._greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin."""
        self._greenlets = [gevent.spawn(self._beat), gevent.spawn(self._keep)]

    def stop(self) -> None:
        """End, and let go of the store."""
        greenlets, self._greenlets = self._greenlets, []
        gevent.killall(greenlets)
        self.store.close()

    def failed(self) -> str | None:
        """Return why this process should end: what it must do all the time, it does no more."""
        dead = any(greenlet.dead for greenlet in self._greenlets)
        return "beats and presence have stopped; the log has the traceback" if dead else None

    def _beat(self) -> None:
        while True:
            whole = self.move_seconds if self.streams.draining() else BEAT_SECONDS
            gevent.sleep(whole / SLOTS)
            self.streams.turn()

    def _keep(self) -> None:
        while True:
            gevent.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Do what is due; with the store away, streams are sent to where it may not be."""
        self.ticks += 1
        try:
            self.store.tick()
            if self.ticks % max(1, self.here_every) == 0:
                self.store.here(self.streams.visitors)
        except Away as error:
            self._tell(str(error))
            self.streams.move()
        else:
            self._tell(None)

    def _tell(self, away: str | None) -> None:
        if away and not self.away:
            log.warning("the shared memory is away", extra={"fields": {"reason": away}})
        if self.away and not away:
            log.info("the shared memory is back")
        self.away = away
