"""What the probes experiment predicts, and makes of what it observed; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.timed import probes
from lab.experiments.timed.probes import KINDS, PROBES, TROUBLES, Trouble

FAILING = {"errors-http", "errors-exec", "loopback-http", "loopback-tcp", "hangs-http", "hangs-exec"}
BEGAN = {"errors": 10.0, "loopback": 10.1, "hangs": 10.2}


def test_a_fault_that_leaves_everything_as_it_was_is_noticed_by_none():
    assert not any(probes.fails(kind, Trouble("nothing", "latency", {})) for kind in KINDS)


@pytest.fixture
def story(story, runs):
    well = {**runs, "ready": True}
    story.answer(1.5, "ping", "answers")
    for name, at in BEGAN.items():
        story.pod(1.0, name, ready=True, back=well, http=well, tcp=well, exec=well)
        story.step(at, name)
    return story


@pytest.fixture
def noticed(story):
    for cell in FAILING:
        name, kind = cell.split("-")
        story.event(BEGAN[name] + 3, name, "Unhealthy", "Readiness probe failed: …", kind)
        story.pod(BEGAN[name] + 5.5, name, **{kind: {"ready": False}})
    return story


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
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
def test_what_is_otherwise_disagrees(noticed, change, ids):
    change(noticed)
    assert noticed.disagreements(PROBES) == ids


def test_a_probe_that_does_not_notice_disagrees(story):
    assert story.disagreements(PROBES) == FAILING


def test_a_timeline_a_fault_each_with_its_own_step(noticed):
    drawn = PROBES.timelines(noticed.record(30.0), "")
    steps = {timeline.id: [moment.at for moment in timeline.moments if moment.lane == "deeds"] for timeline in drawn}
    assert steps == {trouble.id: [BEGAN[trouble.id]] for trouble in TROUBLES}
