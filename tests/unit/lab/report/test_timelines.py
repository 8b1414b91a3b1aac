"""What both reports show of a timeline: which expectations are its own, and its moments without repetitions."""

from __future__ import annotations

import msgspec
import pytest

from lab.report import timelines

from . import samples

replaced = msgspec.structs.replace


def test_what_only_repeats_is_shown_once():
    moments = [(moment.at, moment.lane) for moment in timelines.changes(samples.timeline())]
    assert [at for at, track in moments if track == "name"] == [0.0]
    assert [at for at, track in moments if track == "endpoints"] == [0.0, 5.9, 16.2]


@pytest.mark.parametrize(
    ("other", "first", "own", "others"),
    [
        pytest.param(None, "leaves", [1, 2], [], id="the only timeline has all that have a time"),
        pytest.param("else", "leaves", [1, 2], [], id="those of its subject"),
        pytest.param("errors", "errors-leaves", [2], [1], id="one whose id begins with another timeline's"),
    ],
)
def test_an_expectation_belongs_to_one_timeline(other, first, own, others):
    whole = samples.readiness()
    more = [replaced(whole.timelines[0], id=other, lanes=())] if other else []
    expectations = (replaced(whole.expectations[0], id=first), *whole.expectations[1:])
    whole = replaced(whole, timelines=(*whole.timelines, *more), expectations=expectations)
    shown = [[number for number, _ in timelines.expectations(whole, each)] for each in whole.timelines]
    assert shown == [own, *([others] if other else [])]
