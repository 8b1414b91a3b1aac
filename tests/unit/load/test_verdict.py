"""The verdict finds each kind of fault that a published figure counts, and none in a sound run."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace

sys.path.append(str(Path(__file__).parents[2] / "load"))

from records import ChatBegan, ChatEnded, Run, Sent, Shown, WentOn
from verdict import verdict

FAULTS = ("lost", "doubled", "out_of_order", "strange", "failed", "broken")


@pytest.fixture
def run():
    """0 and 1 chat in c, and see three messages each."""
    run = Run(began=[ChatBegan(visitor, "c", house=False, at=0) for visitor in (0, 1)])
    for number, mark in enumerate(((0, 1), (1, 1), (0, 2))):
        run.sent.append(Sent(mark, "c", house=False, began=number, accepted=number + 0.01))
        run.shown += [Shown(visitor, mark, "c", visitor == mark[0], number + 0.03) for visitor in (0, 1)]
    return run


def test_a_sound_run(run):
    result = verdict(run)
    assert (result.sound, result.accepted, result.failed, result.broken) == (True, 3, 0, 0)
    assert (result.p50, result.p99) == pytest.approx((30, 30))


REFUSED = Sent((1, 2), "c", house=False, began=3, accepted=None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(lambda run: run.shown.pop(1), "lost", id="not shown to the partner"),
        pytest.param(lambda run: run.shown.append(run.shown[0]), "doubled", id="shown twice"),
        pytest.param(lambda run: run.shown.insert(3, run.shown.pop(5)), "out_of_order", id="the two sides differ"),
        pytest.param(lambda run: run.shown.append(replace(run.shown[0], visitor=2)), "strange", id="to a stranger"),
        pytest.param(lambda run: run.shown.append(replace(run.shown[0], mark=None)), "strange", id="another text"),
        pytest.param(lambda run: run.sent.append(REFUSED), "failed", id="refused"),
        pytest.param(lambda run: run.ended.append(ChatEnded(0, "c", "gone", 5)), "broken", id="the partner is gone"),
    ],
)
def test_each_fault_is_found(run, change, fault):
    change(run)
    result = asdict(verdict(run))
    assert {kind for kind in FAULTS if result[kind]} == {fault}


@pytest.mark.parametrize(("at", "counts"), [(0.02, (0, 1)), (3.1, (1, 0))], ids=["at once", "later"])
def test_who_goes_on_at_once_may_miss_a_message(run, at, counts):
    run.shown.pop(1)
    run.went_on.append(WentOn(1, "c", at))
    assert (verdict(run).lost, verdict(run).missed) == counts
