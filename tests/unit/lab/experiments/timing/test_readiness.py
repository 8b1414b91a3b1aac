"""What the readiness experiment makes of what it saw; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.pods import Probe
from lab.experiments.timed import readiness
from lab.experiments.timed.readiness import BACK, CATS, FAILS, WAYS, WELL


def told(story, runs):
    story.pod(2.0, CATS, ready=True, back={**runs, "ready": True})
    for way in ("service", *WAYS):
        story.answer(2.5, way, "answers")
    story.deed(3.0, FAILS)
    story.event(4.2, CATS, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    story.pod(5.2, CATS, ready=False)
    story.endpoint(5.3, CATS, ready=False, serving=False)
    story.answer(5.4, "service", "refused")
    story.deed(8.0, WELL)
    story.pod(8.8, CATS, ready=True)
    story.endpoint(8.9, CATS, ready=True, serving=True)
    story.answer(9.0, "service", "answers")
    return story


def disagreeing(story):
    return {one.id for one in readiness.judged(story.seen) if not one.agrees}


def test_all_as_predicted(story, runs):
    found = readiness.judged(told(story, runs).seen)
    assert [one.id for one in found if not one.agrees] == []
    assert len(found) == 10
    assert all(one.exhibits and one.source.startswith("https://") for one in found)


def restarted(story):
    story.pod(8.85, CATS, back={"restartCount": 1, "containerID": "containerd://other"})


def without_id(story):
    for one in story.seen:
        for status in one.body.get("status", {}).get("containerStatuses", ()):
            status.pop("containerID")


def never_left(story):
    story.without(kind="EndpointSlice")
    story.without(name="service", change="refused")


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(restarted, {"not-restarted", "same-container"}, id="the container was restarted"),
        pytest.param(without_id, {"same-container"}, id="its id was never seen"),
        pytest.param(
            never_left, {"endpoint-leaves", "endpoint-returns", "service-refuses"}, id="the endpoint never left"
        ),
        pytest.param(lambda story: story.answer(6.0, "pod-ip", "refused"), {"pod-ip"}, id="the IP refused meanwhile"),
        pytest.param(lambda story: story.answer(6.0, "pod-name", "no-name"), {"pod-name"}, id="the name was gone"),
        pytest.param(lambda story: story.answer(6.0, "port-forward", "reset"), {"port-forward"}, id="forward broke"),
        pytest.param(lambda story: story.without(name="port-forward"), {"port-forward"}, id="forward was never asked"),
        pytest.param(lambda story: story.pod(3.1, CATS, ready=False), {"not-ready"}, id="un-ready before it can be"),
    ],
)
def test_what_is_otherwise_disagrees(story, runs, change, ids):
    change(told(story, runs))
    assert disagreeing(story) == ids


def test_windows_follow_the_probe():
    slow = {one.id: one.within for one in readiness.expected(Probe(period=10, failures=3))}
    assert slow["not-ready"] == (19.5, 36.0)


def test_the_timeline_is_drawn_from_what_was_seen(story, runs):
    drawn = readiness.drawn(told(story, runs).seen, 10.0)
    service = [(one.at, one.until, one.state) for one in drawn.moments if one.lane == "service"]
    assert service == [(2.5, 5.4, "good"), (5.4, 9.0, "bad"), (9.0, 10.0, "good")]
    assert {one.lane for one in drawn.moments} == {one.id for one in drawn.lanes}
    assert all(one.raw for one in drawn.moments)
    assert any("503" in one.raw for one in drawn.moments)
    assert [one.at for one in drawn.moments if one.lane == "container"] == [2.0], "one container all along"
    assert BACK in drawn.moments[[one.lane for one in drawn.moments].index("container")].raw
