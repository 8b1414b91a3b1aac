"""The background tasks: what replicas share ends none of them, and nobody is absent by a gap of this process's own."""

import gevent
import pytest

from backend.replicas.errors import Unavailable
from backend.roulette.background import BackgroundTasks
from backend.roulette.memory_store import MemoryStore
from backend.roulette.store import Limits, UnknownVisitor
from backend.roulette.streams import Streams


def tasks(store, clock):
    return BackgroundTasks(store, Streams(store, "pod", 10), 20.0, 5.0, clock)


@pytest.mark.parametrize(
    ("error", "outage"), [(Unavailable("away"), "away"), (ValueError("new"), "unforeseen: ValueError('new')")]
)
def test_no_error_of_the_store_ends_the_tasks(clock, error, outage):
    class FailingStore(MemoryStore):
        failing = True

        def tick(self, **_):
            if self.failing:
                raise error

    store = FailingStore(Limits())
    background = tasks(store, clock)
    background.start()
    with gevent.Timeout(10):
        while background.ticks < 3:
            gevent.sleep(0.05)
    assert (background.failed(), background.outage) == (None, outage)
    store.failing = False
    background.tick()
    assert background.outage is None
    gevent.killall(background.greenlets)
    assert background.failed()


@pytest.mark.parametrize(("pause", "remains"), [(0.25, False), (60, True)])
def test_nobody_is_absent_by_a_pause_of_this_process(clock, pause, remains):
    """Absent for 19 s before it, and for 1 s after it."""
    store = MemoryStore(Limits(absent_seconds=20), clock)
    store.enter("a", "cat-a", "en")
    store.connect("a", "stream")
    background = tasks(store, clock)

    def run(seconds):
        for _ in range(int(seconds / 0.25)):
            clock.advance(0.25)
            background.tick()

    run(19)
    clock.advance(pause)
    background.tick()
    run(1)
    if remains:
        assert store.get("a")
        run(18.75)
        assert store.get("a"), "20 s of this process's own attention are not over"
        run(0.5)
    with pytest.raises(UnknownVisitor):
        store.get("a")
