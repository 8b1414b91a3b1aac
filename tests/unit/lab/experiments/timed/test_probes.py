"""What the probes experiment predicts, and makes of what it saw; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.pods import Probe
from lab.experiments.texts import Text
from lab.experiments.timed import probes
from lab.experiments.timed.probes import KINDS, TROUBLES, Trouble

FAILING = {("errors", "http"), ("errors", "exec"), ("loopback", "http"), ("loopback", "tcp"), ("hangs", "http")}
FAILING |= {("hangs", "exec")}


def test_who_notices_what():
    found = {(trouble.id, kind.id) for trouble in TROUBLES for kind in KINDS if probes.fails(kind, trouble)}
    assert found == FAILING


def test_a_trouble_that_leaves_everything_as_it_was_is_noticed_by_none():
    nothing = Trouble("nothing", Text(en="", fr=""), "latency", {})
    assert not any(probes.fails(kind, nothing) for kind in KINDS)


BEGAN = {"errors": 10.0, "loopback": 10.1, "hangs": 10.2}


def told(story, runs, noticed=FAILING):
    well = {**runs, "ready": True}
    story.answer(1.5, "ping", "answers")
    for trouble in TROUBLES:
        at = BEGAN[trouble.id]
        story.pod(1.0, trouble.id, ready=True, back=well, http=well, tcp=well, exec=well)
        story.step(at, trouble.id)
        for kind in KINDS:
            if (trouble.id, kind.id) in noticed:
                story.event(at + 3, trouble.id, "Unhealthy", "Readiness probe failed: …", kind.id)
                story.pod(at + 5.5, trouble.id, **{kind.id: {"ready": False}})
    return story


def test_all_as_predicted(story, runs):
    found = probes.judged(told(story, runs).observations)
    assert [one.id for one in found if not one.agrees] == []
    assert len(found) == 11
    assert all(one.exhibits and one.source.startswith("https://") for one in found)


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(
            lambda story: story.pod(20.0, "errors", tcp={"ready": False}), {"errors-tcp"}, id="TCP notices a 500"
        ),
        pytest.param(
            lambda story: story.pod(20.0, "loopback", exec={"ready": False}),
            {"loopback-exec"},
            id="a command notices the loopback",
        ),
        pytest.param(lambda story: story.pod(10.1, "errors", http={"ready": False}), {"errors-http"}, id="too early"),
        pytest.param(
            lambda story: story.pod(11.9, "hangs", http={"ready": False}),
            {"hangs-http"},
            id="before it can have given up twice",
        ),
        pytest.param(lambda story: story.answer(12.0, "ping", "timeout"), {"ping"}, id="no echo"),
        pytest.param(lambda story: story.pod(20.0, "hangs", back={"restartCount": 1}), {"restarts"}, id="a restart"),
    ],
)
def test_what_is_otherwise_disagrees(story, runs, change, ids):
    change(told(story, runs))
    assert {one.id for one in probes.judged(story.observations) if not one.agrees} == ids


def test_a_probe_that_does_not_notice_disagrees(story, runs):
    wrong = {one.id for one in probes.judged(told(story, runs, noticed=()).observations) if not one.agrees}
    assert wrong == {f"{trouble}-{kind}" for trouble, kind in FAILING}


def test_a_hanging_app_is_noticed_later_than_a_failing_one():
    within = {one.id: one.within for one in probes.expected(Probe(period=2, timeout=2, failures=2))}
    assert within["errors-http"] == (1.5, 10.0)
    assert within["hangs-http"] == (3.5, 12.0)
    assert within["hangs-tcp"] is None
