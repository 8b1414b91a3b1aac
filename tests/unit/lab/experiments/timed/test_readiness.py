"""What the readiness experiment makes of what it observed; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.timed.readiness import FAILS, NO_SERVICE, PASSES, READINESS


@pytest.fixture
def story(story, runs):
    story.pod(2.0, "cats", ready=True, back={**runs, "ready": True})
    for poll in ("service", *NO_SERVICE):
        story.answer(2.5, poll, "answers")
    story.step(3.0, FAILS)
    story.event(4.2, "cats", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    story.pod(5.2, "cats", ready=False)
    story.endpoint(5.3, "cats", ready=False, serving=False)
    story.answer(5.4, "service", "refused")
    story.step(8.0, PASSES)
    story.pod(8.8, "cats", ready=True)
    story.endpoint(8.9, "cats", ready=True, serving=True)
    story.answer(9.0, "service", "answers")
    return story


def restarted(story):
    story.pod(8.85, "cats", back={"restartCount": 1, "containerID": "containerd://other"})


def without_id(story):
    for item in story.observations:
        for status in item.body.get("status", {}).get("containerStatuses", ()):
            status.pop("containerID")


def never_left(story):
    story.without(kind="EndpointSlice")
    story.without(name="service", change="refused")


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
        pytest.param(restarted, {"not-restarted", "same-container"}, id="the container was restarted"),
        pytest.param(without_id, {"same-container"}, id="its id was never seen"),
        pytest.param(
            never_left, {"endpoint-leaves", "endpoint-returns", "service-refuses"}, id="the endpoint never left"
        ),
        pytest.param(lambda story: story.answer(6.0, "pod-ip", "refused"), {"pod-ip"}, id="the IP refused meanwhile"),
        pytest.param(lambda story: story.answer(6.0, "pod-name", "no-name"), {"pod-name"}, id="the name was gone"),
        pytest.param(lambda story: story.answer(6.0, "port-forward", "reset"), {"port-forward"}, id="forward broke"),
        pytest.param(lambda story: story.without(name="port-forward"), {"port-forward"}, id="forward was never polled"),
        pytest.param(lambda story: story.pod(3.1, "cats", ready=False), {"not-ready"}, id="un-ready before it can be"),
    ],
)
def test_what_is_otherwise_disagrees(story, change, ids):
    change(story)
    assert story.disagreements(READINESS) == ids
