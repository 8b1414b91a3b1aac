"""Expectations: what agrees with a prediction, in which time, and how both are worded."""

import pytest

from lab.experiments.pods import Probe
from lab.experiments.results import differs
from lab.experiments.texts import Text, Texts
from lab.experiments.timed import units
from lab.experiments.timed.expectations import (
    DELAY,
    DELAY_PER_PROCESS,
    MAX_DELAY,
    TOLERANCE,
    Between,
    Expect,
    Fact,
    OneOf,
    delay,
    failed,
    judge,
    near,
    recovered,
)

TEXT = {
    "asks": {"en": "asks", "fr": "demande"},
    "because": {"en": "because of {figure:.1f}", "fr": "à cause de {figure:.1f}"},
    "source": "https://source",
}


def judged(predicted, fact, processes=1.0, **more):
    expects = [Expect("id", "subject", predicted, lambda _: fact, values={"figure": 0.5}, **more)]
    (expectation,) = judge(expects, Texts("texts", {"id": TEXT}), None, processes)
    return expectation


@pytest.mark.parametrize(
    ("predicted", "value", "agrees"),
    [
        pytest.param("yes", "yes", True, id="the same word"),
        pytest.param("yes", "", False, id="no word"),
        pytest.param("yes", None, False, id="nothing"),
        pytest.param(Text("a", "b"), Text("a", "b"), True, id="the same text"),
        pytest.param(OneOf(("a", "b")), "b", True, id="one of several"),
        pytest.param(OneOf(("a", "b")), "c", False, id="none of several"),
        pytest.param(Between(1, 2, units.seconds), 1, True, id="the least"),
        pytest.param(Between(1, 2, units.seconds), 0.9, False, id="below"),
        pytest.param(Between(1, 2, units.seconds), None, False, id="no figure"),
        pytest.param(near(None, 0.2, units.seconds), 0.0, False, id="nothing to be near to"),
    ],
)
def test_what_agrees_with_a_prediction(predicted, value, agrees):
    assert judged(predicted, Fact(value)).agrees is agrees


@pytest.mark.parametrize(
    ("value", "at", "agrees"),
    [
        pytest.param("yes", 5.0, True, id="in time"),
        pytest.param("yes", 14.0, False, id="too late"),
        pytest.param("yes", 2.0, False, id="too early"),
        pytest.param("no", 5.0, False, id="something else"),
        pytest.param("", None, False, id="never"),
    ],
)
def test_what_happens_has_its_time_after_its_cause(value, at, agrees):
    expectation = judged("yes", Fact(value, at, cause=3.0), within=(1.0, 10.0))
    assert (expectation.agrees, expectation.within, expectation.at) == (agrees, (4.0, 13.0), at)


def test_a_window_ends_later_where_processes_take_turns():
    expectation = judged("yes", Fact("yes", 12.0), within=(1.0, 10.0), processes=3)
    assert (expectation.agrees, expectation.within) == (True, (1.0, 10.0 + 2 * DELAY_PER_PROCESS))
    assert (delay(0.2), delay(1000)) == (0, MAX_DELAY)


@pytest.mark.parametrize(
    ("predicted", "fact", "within", "expected"),
    [
        pytest.param("yes", Fact("137"), None, (Text("yes", "oui"), Text("137", "137")), id="words"),
        pytest.param(
            "yes",
            Fact("no", 4.5, 3.0),
            (1, 2),
            (
                Text("yes, 1.0 to 2.0 s after", "oui, 1,0 à 2,0\u00a0s après"),
                Text("no, 1.5 s after", "non, 1,5\u00a0s après"),
            ),
            id="words in time",
        ),
        pytest.param(
            Between(1, 2, units.seconds),
            Fact(1.26),
            None,
            (Text("1.0 s to 2.0 s", "1,0\u00a0s à 2,0\u00a0s"), Text("1.3 s", "1,3\u00a0s")),
            id="figures",
        ),
        pytest.param(
            OneOf(("a", "b")),
            Fact(None),
            None,
            (Text("a or b", "a ou b"), Text("nothing was seen", "rien n’a été vu")),
            id="several",
        ),
        pytest.param(
            near(None, 1, units.seconds),
            Fact(2.0),
            None,
            (Text("nothing was seen", "rien n’a été vu"), Text("2.0 s", "2,0\u00a0s")),
            id="near to nothing",
        ),
    ],
)
def test_how_both_are_worded(predicted, fact, within, expected):
    expectation = judged(predicted, fact, within=within)
    assert (expectation.predicted, expectation.measured) == expected


@pytest.mark.parametrize(
    ("within", "at", "processes", "agrees", "shown"),
    [
        pytest.param((0.0, 11.0), 5.0, 1.0, True, True, id="quiet"),
        pytest.param((0.0, 11.0), 12.0, 4.0, True, True, id="four processes: 4.5 s more than 11"),
        pytest.param((0.0, 11.0), 5.0, 21.0, True, True, id="in time on a busy machine too"),
        pytest.param((0.0, 11.0), 20.0, 21.0, False, False, id="0 to 41 s shows nothing"),
        pytest.param((0.0, 11.0), 42.0, 21.0, False, True, id="later than even that is a disagreement"),
    ],
)
def test_a_window_that_is_too_wide_shows_nothing(within, at, processes, agrees, shown):
    result = judged("yes", Fact("yes", at), processes, within=within)
    assert (result.agrees, result.shown, differs(result)) == (agrees, shown, not agrees and shown)
    assert ("too busy" in result.measured.en) is not shown


@pytest.mark.parametrize(("value", "shown"), [(80.0, False), (200.0, True)])
def test_a_range_that_is_too_wide_shows_nothing_by_what_lies_in_it(value, shown):
    result = judged(Between(4.7, 171.2, units.times, too_wide=True), Fact(value))
    assert (result.agrees, result.shown) == (False, shown)


def test_texts_are_filled_in_and_parts_may_depend_on_the_run():
    text = {**TEXT, "because": {"v1": {"en": "one", "fr": "un"}, "v2": {"en": "two", "fr": "deux"}}}
    expects = [
        Expect("a", str.upper, lambda run: run, Fact, text="shared", because=lambda run: run),
        Expect("left-out", "subject", "", Fact, when=lambda run: run != "v2"),
    ]
    (expectation,) = judge(expects, Texts("texts", {"shared": text}), "v2")
    assert (expectation.subject, expectation.because.fr, expectation.agrees) == ("V2", "deux", True)
    assert judged("", Fact()).because == Text("because of 0.5", "à cause de 0,5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(units.size(35.7 * 2**20), Text("35.7 MiB", "35,7\u00a0Mio"), id="size"),
        pytest.param(units.size(64 << 20), Text("64 MiB", "64\u00a0Mio"), id="whole"),
        pytest.param(
            units.exact_size(64_000_000), Text("64,000,000 bytes", "64\u202f000\u202f000\u00a0octets"), id="exact"
        ),
        pytest.param(units.exact_size(None), Text("no limit", "pas de limite"), id="no limit"),
        pytest.param(units.quota(3500), Text("3.5 ms of every 100 ms", "3,5\u00a0ms sur 100\u00a0ms"), id="quota"),
        pytest.param(units.cores(0.1534), Text("153m", "153m"), id="cores"),
        pytest.param(units.times(5), Text("5.0 times", "5,0 fois"), id="times"),
        pytest.param(units.percent(0.61), Text("61%", "61\u00a0%"), id="percent"),
    ],
)
def test_how_figures_are_written(text, expected):
    assert text == expected


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
