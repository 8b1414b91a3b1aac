from __future__ import annotations

import pytest

from lab.experiments.pods import Probe
from lab.experiments.timed.expectations import DELAY, MAX_DELAY, TOLERANCE
from lab.experiments.timed.liveness import LIVENESS
from lab.experiments.timed.probes import PROBES
from lab.experiments.timed.readiness import READINESS
from lab.experiments.timed.recorder import SHORT
from lab.experiments.timed.startup import START_UP
from lab.experiments.timed.termination import TERMINATION
from lab.experiments.timed.windows import failed, recovered


@pytest.mark.parametrize(
    ("probe", "hangs", "least", "most"),
    [
        pytest.param(Probe(period=1, failures=1), False, 0, 1, id="the first failure counts"),
        pytest.param(Probe(period=1, failures=3), False, 2, 3, id="three in a row, a second apart"),
        pytest.param(Probe(period=10, failures=3), False, 20, 30, id="the defaults"),
        pytest.param(Probe(period=2, timeout=2, failures=2), True, 4, 6, id="each waits for its timeout"),
        pytest.param(Probe(period=1, timeout=3, failures=2), True, 6, 7, id="a timeout longer than the period"),
    ],
)
def test_when_a_probe_has_failed_often_enough(probe, hangs, least, most):
    assert failed(probe, hangs=hangs) == (max(0, least - TOLERANCE), most + DELAY)


@pytest.mark.parametrize(
    ("probe", "least", "most"),
    [
        pytest.param(Probe(period=1, successes=1), 0, 1, id="one"),
        pytest.param(Probe(period=2, successes=3), 4 - TOLERANCE, 6, id="three"),
    ],
)
def test_when_a_probe_has_passed_often_enough(probe, least, most):
    assert recovered(probe) == (least, most + DELAY)


@pytest.mark.parametrize("experiment", [READINESS, LIVENESS, START_UP, PROBES, TERMINATION], ids=lambda it: it.name)
def test_on_any_machine_a_window_ends_before_the_wait_does(experiment):
    """What comes in the wait's last seconds is too late: a window that outlasts the wait could not disagree."""
    windows = [expect.within for expect in experiment.expects if expect.within]
    assert windows
    assert all(most + MAX_DELAY < SHORT for _, most in windows)
