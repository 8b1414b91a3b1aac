"""The background tasks: an unforeseen error ends them, and /livez says so; an outage does not."""

import gevent
import pytest

from backend.replicas.errors import Unavailable
from backend.roulette.background import BackgroundTasks
from backend.roulette.memory_store import MemoryStore
from backend.roulette.store import Limits
from backend.roulette.streams import Streams


@pytest.fixture
def start():
    started = []

    def starting(error):
        class FailingStore(MemoryStore):
            def tick(self):
                raise error

        store = FailingStore(Limits())
        started.append(BackgroundTasks(store, Streams(store, "pod", 10), 20.0, 5.0))
        started[0].start()
        return started[0]

    yield starting
    gevent.killall(started[0].greenlets)


def wait_until(condition):
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.05)


def test_an_unforeseen_error_is_reported(start, capsys):
    background = start(ValueError("unforeseen"))
    assert background.failed() is None
    wait_until(background.failed)
    assert "unforeseen" in capsys.readouterr().err


def test_an_outage_ends_nothing(start):
    background = start(Unavailable("away"))
    wait_until(lambda: background.ticks >= 3)
    assert (background.failed(), background.outage) == (None, "away")
