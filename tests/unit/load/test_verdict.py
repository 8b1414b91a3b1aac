"""The verdict finds every kind of fault in a made-up run, and none in a sound one."""

import math
import sys
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace

sys.path.append(str(Path(__file__).parents[2] / "load"))

from records import ChatBegan, ChatEnded, Failed, Run, Sent, Shown, WentOn, mark_of, text_of
from verdict import percentile, verdict

FAULTS = ("lost", "doubled", "out_of_order", "strange", "failed", "broken")


def sound():
    """0 and 1 chat in c; 2 chats with a house cat in h."""
    run = Run(began=[ChatBegan(0, "c", False, 0), ChatBegan(1, "c", False, 0), ChatBegan(2, "h", True, 0)])  # noqa: FBT003
    for number, mark in enumerate(((0, 1), (1, 1), (0, 2))):
        run.sent.append(Sent(mark, "c", house=False, began=number, accepted=number + 0.01))
        for visitor in (0, 1):
            run.shown.append(Shown(visitor, mark, "c", visitor == mark[0], number + 0.02 + visitor / 100))
    run.sent.append(Sent((2, 1), "h", house=True, began=5, accepted=5.01))
    run.shown += [Shown(2, (2, 1), "h", mine=True, at=5.02), Shown(2, None, "h", mine=False, at=5.03)]
    return run


def adding(**records):
    return lambda run: [getattr(run, kind).append(record) for kind, record in records.items()]


def without(visitor, mark):
    return lambda run: run.shown.remove(next(s for s in run.shown if (s.visitor, s.mark) == (visitor, mark)))


def swapping(*pairs):
    def swap(run):
        for first, second in pairs:
            run.shown[first], run.shown[second] = run.shown[second], run.shown[first]

    return swap


def refused(**changes):
    return Sent((1, 2), "c", **{"house": False, "began": 3, "accepted": None, **changes})


def again(**changes):
    return lambda run: run.shown.append(replace(run.shown[0], at=9, **changes))


def shown(visitor, mark):
    return Shown(visitor, mark, "c", mine=False, at=9)


def ended(why):
    return ChatEnded(0, "c", why, 5)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        pytest.param(lambda _run: None, {}, id="sound"),
        pytest.param(without(1, (0, 1)), {"lost": 1}, id="not shown to the partner"),
        pytest.param(without(0, (0, 1)), {"lost": 1}, id="not shown to the sender"),
        pytest.param(without(2, (2, 1)), {"lost": 1}, id="lost with a house cat"),
        pytest.param(
            adding(sent=replace(refused(accepted=3.1), chat="d")), {"lost": 2}, id="in a chat that began for nobody"
        ),
        pytest.param(again(), {"doubled": 1}, id="shown twice"),
        pytest.param(swapping((3, 5)), {"out_of_order": 1}, id="the two sides differ"),
        pytest.param(swapping((0, 4), (1, 5)), {"out_of_order": 2}, id="not in the sender's order"),
        pytest.param(adding(shown=shown(1, (0, 9))), {"strange": 1}, id="sent by nobody"),
        pytest.param(adding(shown=shown(1, None)), {"strange": 1}, id="another text than was sent"),
        pytest.param(again(visitor=2), {"strange": 1}, id="shown to a stranger"),
        pytest.param(again(chat="h"), {"doubled": 1, "strange": 1}, id="shown in another chat"),
        pytest.param(again(mine=False), {"doubled": 1, "strange": 1}, id="shown as another's"),
        pytest.param(
            adding(sent=refused(), shown=shown(0, (1, 2))), {"strange": 1, "failed": 1}, id="shown though refused"
        ),
        pytest.param(adding(sent=refused(tries=2), shown=shown(0, (1, 2))), {"failed": 1}, id="its answer was lost"),
        pytest.param(adding(sent=refused(late=True)), {"failed": 1}, id="no chat, it says, while there is one"),
        pytest.param(adding(sent=refused(late=True), went_on=WentOn(0, "c", 2)), {}, id="too late for a chat"),
        pytest.param(adding(sent=refused(late=True, house=True)), {}, id="too late for a house cat"),
        pytest.param(adding(failed=Failed(0, "seek", "GaveUp")), {"failed": 1}, id="a failed search"),
        pytest.param(adding(ended=ended("gone")), {"broken": 1}, id="the partner is gone"),
        pytest.param(adding(ended=ended("next")), {"broken": 1}, id="the partner did not go on at all"),
        pytest.param(adding(went_on=WentOn(1, "c", 4), ended=ended("next")), {}, id="the partner went on"),
        pytest.param(adding(began=ChatBegan(1, "d", house=False, at=5)), {"broken": 1}, id="another chat begins"),
        pytest.param(adding(began=ChatBegan(2, "d", house=False, at=5)), {}, id="a visitor instead of a house cat"),
    ],
)
def test_each_fault_is_found(change, faults):
    run = sound()
    change(run)
    result = asdict(verdict(run))
    assert {kind: result[kind] for kind in FAULTS if result[kind]} == faults


@pytest.mark.parametrize(
    ("went_on", "counts"),
    [
        pytest.param(WentOn(1, "c", 0.02), (0, 1), id="at once"),
        pytest.param(WentOn(1, "c", 3.1), (1, 0), id="later: it should have been shown"),
        pytest.param(WentOn(0, "c", 0.02), (1, 0), id="the sender went on"),
    ],
)
def test_who_goes_on_may_miss_a_message(went_on, counts):
    run = sound()
    without(1, (0, 1))(run)
    run.went_on.append(went_on)
    assert (verdict(run).lost, verdict(run).missed) == counts


def test_latencies_are_those_between_visitors():
    result = verdict(sound())
    assert (result.sent, result.accepted, result.with_house_cats) == (4, 3, 1)
    assert (result.p50, result.p99, result.most) == pytest.approx((30, 30, 30))
    assert math.isnan(verdict(Run()).p99)
    assert [percentile([1.0, 2.0, 3.0, 4.0], percent) for percent in (50, 99)] == [2.0, 4.0]


def test_a_message_is_known_by_its_whole_text():
    text = text_of((12, 3))
    assert mark_of(text) == (12, 3)
    assert mark_of(text[:-1]) is None
