"""The judge finds every kind of fault in a made-up run, and none in a sound one."""

from __future__ import annotations

import math

import judge
import msgspec
import pytest
from records import Failed, Met, Parted, Run, Sent, Shown, Went, mark_of, text_of

ONE, TWO, THREE = (0, 1), (1, 1), (0, 2)
COUNTS = ("lost", "doubled", "out_of_order", "strange", "failed", "broken")


def sound() -> Run:
    """0 and 1 chat in c; 2 talks with a house cat in h."""
    run = Run(met=[Met(0, "c", house=False, at=0), Met(1, "c", house=False, at=0), Met(2, "h", house=True, at=0)])
    for number, mark in enumerate((ONE, TWO, THREE)):
        run.sent.append(Sent(mark, "c", house=False, began=number, accepted=number + 0.01))
        for viewer in (0, 1):
            run.shown.append(Shown(viewer, mark, "c", viewer == mark[0], number + 0.02 + viewer / 100))
    run.sent.append(Sent((2, 1), "h", house=True, began=5, accepted=5.01))
    run.shown += [Shown(2, (2, 1), "h", mine=True, at=5.02), Shown(2, None, "h", mine=False, at=5.03)]
    return run


def wrong(run: Run) -> dict[str, int]:
    verdict = msgspec.structs.asdict(judge.judge(run))
    return {count: verdict[count] for count in COUNTS if verdict[count]}


def without(run: Run, viewer: int, mark) -> Run:
    run.shown = [shown for shown in run.shown if (shown.viewer, shown.mark) != (viewer, mark)]
    return run


def again(run: Run, **change) -> Run:
    """Show the first message once more, changed so."""
    run.shown.append(msgspec.structs.replace(run.shown[0], at=9, **change))
    return run


def instead(run: Run, **change) -> Run:
    """Show the first message changed so."""
    run.shown[0] = msgspec.structs.replace(run.shown[0], **change)
    return run


def swapped(run: Run, viewer: int, first, second) -> Run:
    places = [number for number, shown in enumerate(run.shown) if shown.viewer == viewer]
    marks = {first: second, second: first}
    for place in places:
        shown = run.shown[place]
        mark = marks.get(shown.mark, shown.mark)
        run.shown[place] = msgspec.structs.replace(shown, mark=mark, mine=mark[0] == viewer)
    return run


def with_(run: Run, *records) -> Run:
    lists = {Sent: run.sent, Shown: run.shown, Met: run.met, Parted: run.parted, Went: run.went, Failed: run.failed}
    for record in records:
        lists[type(record)].append(record)
    return run


def refused(tries: int = 1, *, late: bool = False, house: bool = False) -> Sent:
    return Sent((1, 2), "h" if house else "c", house, 3, None, tries, "no", late)


def test_a_sound_run():
    verdict = judge.judge(sound())
    assert wrong(sound()) == {}
    assert verdict.sound
    assert (verdict.sent, verdict.accepted, verdict.with_house_cats, verdict.retried) == (4, 3, 1, 0)
    assert (verdict.p50, verdict.p99, verdict.most) == pytest.approx((30, 30, 30))  # two go to 1, and one to 0 in 20
    assert verdict.examples == []


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(without(sound(), 1, ONE), {"lost": 1}, id="not shown to the other"),
        pytest.param(without(sound(), 0, ONE), {"lost": 1}, id="not shown to who said it"),
        pytest.param(without(sound(), 2, (2, 1)), {"lost": 1}, id="lost with a house cat"),
        pytest.param(
            with_(sound(), Sent((1, 2), "d", house=False, began=3, accepted=3.1)),
            {"lost": 2},
            id="a chat nobody was told of",
        ),
        pytest.param(again(sound()), {"doubled": 1}, id="shown twice"),
        pytest.param(swapped(sound(), 1, TWO, THREE), {"out_of_order": 1}, id="the two sides differ"),
        pytest.param(
            swapped(swapped(sound(), 1, ONE, THREE), 0, ONE, THREE), {"out_of_order": 2}, id="not as it was said"
        ),
        pytest.param(with_(sound(), Shown(1, (0, 9), "c", mine=False, at=9)), {"strange": 1}, id="said by nobody"),
        pytest.param(
            with_(sound(), Shown(1, None, "c", mine=False, at=9)), {"strange": 1}, id="another text than was said"
        ),
        pytest.param(again(sound(), viewer=2), {"strange": 1}, id="shown to a stranger"),
        pytest.param(instead(sound(), chat="h"), {"strange": 1}, id="shown in another chat"),
        pytest.param(instead(sound(), mine=False), {"strange": 1}, id="shown as another's"),
        pytest.param(
            with_(sound(), refused(), Shown(0, (1, 2), "c", mine=False, at=9)),
            {"strange": 1, "failed": 1},
            id="shown though it was refused",
        ),
        pytest.param(
            with_(sound(), refused(tries=2), Shown(0, (1, 2), "c", mine=False, at=9)),
            {"failed": 1},
            id="shown, as its answer was lost",
        ),
        pytest.param(with_(sound(), refused(late=True)), {"failed": 1}, id="no chat, they say, while there is one"),
        pytest.param(with_(sound(), refused(late=True), Went(0, "c", 2)), {}, id="too late for a chat that is over"),
        pytest.param(with_(sound(), refused(late=True, house=True)), {}, id="too late for a house cat"),
        pytest.param(with_(sound(), Failed(0, "seek", "GaveUp")), {"failed": 1}, id="a failed search"),
        pytest.param(with_(sound(), Parted(0, "c", "gone", 5)), {"broken": 1}, id="the other is gone"),
        pytest.param(with_(sound(), Parted(0, "c", "next", 5)), {"broken": 1}, id="the other did not go on at all"),
        pytest.param(with_(sound(), Went(1, "c", 4), Parted(0, "c", "next", 5)), {}, id="the other went on"),
        pytest.param(
            with_(sound(), Met(1, "d", house=False, at=5)), {"broken": 1}, id="another chat begins within one"
        ),
        pytest.param(with_(sound(), Met(2, "d", house=False, at=5)), {}, id="somebody instead of a house cat"),
    ],
)
def test_each_fault_is_found(run, expected):
    assert wrong(run) == expected


@pytest.mark.parametrize(
    ("went", "expected"),
    [
        pytest.param(Went(1, "c", 0.02), (0, 1), id="at once"),
        pytest.param(Went(1, "c", 2.9), (0, 1), id="soon"),
        pytest.param(Went(1, "c", 3.1), (1, 0), id="after: it should have been shown"),
        pytest.param(Went(0, "c", 0.02), (1, 0), id="the other went"),
        pytest.param(Went(1, "d", 0.02), (1, 0), id="from another chat"),
    ],
)
def test_who_goes_on_may_miss_what_was_just_said(went, expected):
    verdict = judge.judge(with_(without(sound(), 1, ONE), went))
    assert (verdict.lost, verdict.missed) == expected


def test_examples_are_given():
    assert judge.judge(without(sound(), 1, ONE)).examples == ["lost: (0, 1) in c, accepted at 0.01, not shown to 1"]


def test_house_cats_have_no_latency():
    run = Run(met=[Met(2, "h", house=True, at=0)], sent=[Sent((2, 1), "h", house=True, began=5, accepted=5.01)])
    with_(run, Shown(2, (2, 1), "h", mine=True, at=9), Shown(2, None, "h", mine=False, at=9))
    assert judge.latencies(run) == []
    assert math.isnan(judge.judge(run).p99)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_percentiles(percent, expected):
    assert judge.percentile([float(number) for number in range(1, 101)], percent) == expected


@pytest.mark.parametrize("change", [str.upper, str.strip, lambda text: text + "!", lambda text: text[:-1]])
def test_a_text_is_known_when_it_is_whole(change):
    text = text_of((12, 3))
    assert mark_of(text) == (12, 3)
    assert (mark_of(change(text)) == (12, 3)) == (change(text) == text)
