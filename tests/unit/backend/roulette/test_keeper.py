"""What keeps time in a process: when it has ended for a reason nobody foresaw, Kubernetes learns of it."""

from __future__ import annotations

import gevent
import pytest

from backend.roulette.keeper import Keeper
from backend.roulette.memory import MemoryStore
from backend.roulette.store import Away, Limits
from backend.roulette.streams import Streams


class Failing(MemoryStore):
    """A store whose every tick raises."""

    def __init__(self, error):
        super().__init__(Limits())
        self.error = error

    def tick(self):
        raise self.error


@pytest.fixture
def keeper(request):
    store = Failing(request.param)
    made = Keeper(store, Streams(store, "pod", 10), 20.0, 5.0)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("keeper", [pytest.param(ValueError("unforeseen"), id="bug")], indirect=True)
def test_a_bug_that_ends_it_is_told(keeper, capsys):
    """/livez asks for this, so the container starts anew instead of living on without beats."""
    assert keeper.failed() is None
    with gevent.Timeout(5):
        while not keeper.failed():
            gevent.sleep(0.05)
    assert "unforeseen" in capsys.readouterr().err


@pytest.mark.parametrize("keeper", [pytest.param(Away("away"), id="away")], indirect=True)
def test_an_outage_is_outlived(keeper):
    with gevent.Timeout(5):
        while keeper.ticks < 3:
            gevent.sleep(0.05)
    assert (keeper.failed(), keeper.away) == (None, "away")
    keeper.stop()
    assert keeper.failed() is None
