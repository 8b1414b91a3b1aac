"""Expectations that are figures, and how figures are said in both languages."""

from __future__ import annotations

import pytest

from lab.experiments.texts import Text
from lab.experiments.timed import figures
from lab.experiments.timed.expecting import TURN
from lab.experiments.timed.figures import Ask

ASK = Ask("id", "subject", Text("asks", "demande"), Text("because", "parce que"), "source")


@pytest.mark.parametrize(
    ("found", "agrees"),
    [
        pytest.param(1.0, True, id="the least"),
        pytest.param(2.0, True, id="the most"),
        pytest.param(0.9, False, id="below"),
        pytest.param(2.1, False, id="above"),
        pytest.param(None, False, id="nothing seen"),
    ],
)
def test_a_figure_lies_between_two(found, agrees):
    judged = ASK.within(1, 2, found, figures.seconds)
    assert judged.agrees is agrees
    assert judged.predicted == Text("1.0 s to 2.0 s", "1,0\u00a0s à 2,0\u00a0s")


@pytest.mark.parametrize(
    ("value", "at", "agrees"),
    [
        pytest.param("yes", 5.0, True, id="in time"),
        pytest.param("yes", 11.0, False, id="too late"),
        pytest.param("no", 5.0, False, id="something else"),
        pytest.param("yes", None, False, id="never"),
    ],
)
def test_what_happens_has_its_time(value, at, agrees):
    judged = ASK.happens("yes", (1.0, 10.0), value, at)
    assert (judged.agrees, judged.within, judged.at) == (agrees, (1.0, 10.0), at)


def test_what_happens_has_more_time_in_a_crowd():
    """As much as `expecting.judge` gives."""
    judged = ASK.happens("yes", (1.0, 10.0), "yes", 12.0, crowd=3)
    assert (judged.agrees, judged.within) == (True, (1.0, 10.0 + 2 * TURN))


@pytest.mark.parametrize(
    ("wanted", "found", "agrees"),
    [
        pytest.param(1.0, 1.1, True, id="near"),
        pytest.param(1.0, 1.3, False, id="not near"),
        pytest.param(1.0, None, False, id="not found"),
        pytest.param(None, 0.0, False, id="nothing to be near to"),
        pytest.param(None, None, False, id="neither"),
    ],
)
def test_a_figure_is_near_to_another(wanted, found, agrees):
    judged = ASK.near(wanted, 0.2, found, figures.seconds)
    assert judged.agrees is agrees
    assert (judged.predicted.en == "nothing was seen") is (wanted is None)


def test_words_agree_with_the_same_words_alone():
    assert ASK.exactly("yes", "yes").agrees
    assert not ASK.exactly("yes", "").agrees
    assert ASK.exactly("yes", "").measured.fr == "rien n’a été vu"


@pytest.mark.parametrize(("found", "agrees"), [("a", True), ("b", True), ("c", False), ("", False)])
def test_several_texts_may_be(found, agrees):
    judged = ASK.among(("a", "b"), found)
    assert (judged.agrees, judged.predicted) == (agrees, Text("a or b", "a ou b"))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(figures.size(35.7 * 2**20), Text("35.7 MiB", "35,7\u00a0Mio"), id="size"),
        pytest.param(
            figures.exact_size(64_000_000), Text("64,000,000 bytes", "64\u202f000\u202f000\u00a0octets"), id="exact"
        ),
        pytest.param(figures.exact_size(None), Text("no limit", "pas de limite"), id="no limit"),
        pytest.param(figures.quota(3500), Text("3.5 ms of every 100 ms", "3,5\u00a0ms sur 100\u00a0ms"), id="quota"),
        pytest.param(figures.cores(0.1534), Text("153m", "153m"), id="cores"),
        pytest.param(figures.percent(0.61), Text("61%", "61\u00a0%"), id="percent"),
    ],
)
def test_how_figures_are_said(said, words):
    assert said == words
