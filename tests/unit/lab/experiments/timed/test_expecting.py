from __future__ import annotations

import pytest

from lab.experiments.pods import Probe
from lab.experiments.texts import Text
from lab.experiments.timed import liveness_judged, probes, startup, termination
from lab.experiments.timed.expecting import (
    EARLY,
    LATE,
    MOST,
    TURN,
    Expect,
    Fact,
    judge,
    late,
    later,
    noticed,
    recovered,
    said,
)
from lab.experiments.timed.recorder import SHORT


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
def test_when_a_probe_that_fails_is_noticed(probe, hangs, least, most):
    assert noticed(probe, hangs=hangs) == (max(0, least - EARLY), most + LATE)


@pytest.mark.parametrize(
    ("probe", "least", "most"),
    [
        pytest.param(Probe(period=1, successes=1), 0, 1, id="one"),
        pytest.param(Probe(period=2, successes=3), 4 - EARLY, 6, id="three"),
    ],
)
def test_when_a_probe_that_passes_is_noticed(probe, least, most):
    assert recovered(probe) == (least, most + LATE)


def test_what_follows_is_later():
    assert later((1.0, 2.0), least=-0.5, most=3) == (0.5, 5.0)


ASKS = Text(en="?", fr=" ?")
TIMED = Expect("it", "cat", ASKS, "happens", ASKS, "https://kubernetes.io", (1.0, 3.0))
PLAIN = Expect("it", "cat", ASKS, "0", ASKS, "https://kubernetes.io")


@pytest.mark.parametrize(
    ("expect", "fact", "agrees"),
    [
        pytest.param(TIMED, Fact("happens", 12.0, 10.0), True, id="in time"),
        pytest.param(TIMED, Fact("happens", 11.0, 10.0), True, id="at the first moment"),
        pytest.param(TIMED, Fact("happens", 10.9, 10.0), False, id="too early"),
        pytest.param(TIMED, Fact("happens", 13.1, 10.0), False, id="too late"),
        pytest.param(TIMED, Fact("refused", 12.0, 10.0), False, id="something else, in time"),
        pytest.param(TIMED, Fact("happens"), False, id="without a time"),
        pytest.param(TIMED, Fact(""), False, id="not at all"),
        pytest.param(PLAIN, Fact("0"), True, id="the value"),
        pytest.param(PLAIN, Fact("1"), False, id="another value"),
        pytest.param(PLAIN, Fact(""), False, id="no value"),
    ],
)
def test_judging(expect, fact, agrees):
    (found,) = judge([expect], {"it": fact})
    assert found.agrees is agrees


def test_a_crowd_makes_all_later_and_nothing_earlier():
    slow, early = Fact("happens", 10 + 3 + 2 * TURN, 10.0), Fact("happens", 10.9, 10.0)
    assert [judge([TIMED], {"it": slow}, crowd)[0].agrees for crowd in (1.0, 2.9, 3.0)] == [False, False, True]
    assert not judge([TIMED], {"it": early}, crowd=3.0)[0].agrees
    assert judge([TIMED], {"it": slow}, crowd=0.1)[0].within == (11.0, 13.0)


@pytest.mark.parametrize(
    ("crowd", "more"),
    [
        pytest.param(0.1, 0, id="idle"),
        pytest.param(1, 0, id="one a core"),
        pytest.param(5, 4 * TURN, id="five"),
        pytest.param(21, MOST, id="just the most"),
        pytest.param(500, MOST, id="beyond"),
    ],
)
def test_a_crowd_gives_so_much_time_and_no_more(crowd, more):
    assert late(crowd) == more


EXPECTED = {
    "liveness": liveness_judged.expected(liveness_judged.LIVENESS, liveness_judged.GRACE),
    "startup": startup.expected(startup.STARTUP, startup.LIVENESS, startup.READINESS),
    "probes": probes.expected(probes.PROBE),
    "termination": termination.expected(
        termination.READINESS, termination.DRAIN, termination.REQUEST, termination.SHORT_GRACE
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_in_any_crowd_a_window_ends_before_the_wait_does(name):
    """What comes in the wait's last seconds is too late: a window that outlasts the wait could not disagree."""
    timed = [one for one in EXPECTED[name] if one.within]
    assert timed
    for one in timed:
        at = one.within[1] + MOST + 1
        assert at < SHORT
        (found,) = judge([one], {one.id: Fact(one.value, at)}, crowd=500)
        assert not found.agrees


def test_what_was_not_looked_at_disagrees():
    (found,) = judge([PLAIN], {})
    assert not found.agrees
    assert found.measured == Text(en="nothing was seen", fr="rien n’a été vu")


def test_both_sides_are_said_in_both_languages_and_in_seconds_since_the_cause():
    (found,) = judge([TIMED], {"it": Fact("happens", 12.34, 10.0)})
    assert found.predicted == Text(
        en="happens, 1.0 to 3.0 s after", fr="se produit, 1,0 à 3,0\N{NO-BREAK SPACE}s après"
    )
    assert found.measured == Text(en="happens, 2.3 s after", fr="se produit, 2,3\N{NO-BREAK SPACE}s après")
    assert found.within == (11.0, 13.0)
    assert found.at == 12.34


def test_figures_are_said_as_they_are():
    assert said("137") == Text(en="137", fr="137")
