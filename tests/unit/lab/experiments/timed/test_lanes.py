from __future__ import annotations

import pytest

from lab.experiments.texts import Text
from lab.experiments.timed import lanes

LABEL = lanes.label("lane", Text(en="lane", fr="ligne"))


def drawn(lane, story, seconds=10.0):
    return [(one.at, one.until, one.says.en, one.state) for one in lanes.drawn(lane, story.observations, seconds)]


def test_the_same_state_again_is_one_stretch(story):
    for at, ready in ((1, False), (2, True), (3, True), (4, False)):
        story.pod(at, "cats", ready=ready)
    assert drawn(lanes.ready("cats", LABEL), story) == [
        (1, 2, "not Ready", "bad"),
        (2, 4, "Ready", "good"),
        (4, 10.0, "not Ready", "bad"),
    ]


def test_a_container_by_its_states(story, runs):
    story.pod(1, "cats", back={"state": {"waiting": {}}})
    story.pod(2, "cats", back=runs)
    story.pod(3, "cats", back={"state": {"terminated": {"exitCode": 137}}})
    story.pod(4, "cats", back={**runs, "restartCount": 1})
    story.pod(5, "cats", back={"state": {"terminated": {"exitCode": 0}}})
    assert [said for _, _, said, _ in drawn(lanes.container("cats", "back", LABEL), story)] == [
        "waiting",
        "running",
        "exit 137",
        "running, restart 1",
        "exit 0",
    ]


@pytest.mark.parametrize(
    ("conditions", "says", "state"),
    [
        pytest.param({"ready": True, "serving": True, "terminating": False}, "ready", "good", id="ready"),
        pytest.param({"ready": False, "serving": False, "terminating": False}, "not ready", "bad", id="not ready"),
        pytest.param({"ready": False, "serving": True, "terminating": True}, "terminating", "bad", id="terminating"),
    ],
)
def test_an_endpoint_by_its_conditions(story, conditions, says, state):
    story.endpoint(1, "cats", **conditions)
    assert drawn(lanes.endpoint("cats", LABEL), story) == [(1, 10.0, says, state)]
    assert drawn(lanes.endpoint("dogs", LABEL), story) == [(1, 10.0, "gone", "bad")]


def test_a_pod_that_is_gone(story):
    story.pod(1, "cats", ready=True)
    story.gone(2, "cats")
    assert drawn(lanes.ready("cats", LABEL), story)[-1] == (2, 10.0, "gone", "neutral")


def test_events_are_moments_and_only_those_that_are_news(story):
    story.event(1, "cats", "Pulled", "Image is there")
    story.event(2, "cats", "Unhealthy", "Readiness probe failed")
    story.event(3, "cats", "Unhealthy", "Readiness probe failed")
    story.event(4, "dogs", "Unhealthy", "Readiness probe failed")
    found = lanes.drawn(lanes.events(LABEL, ["cats"]), story.observations, 10.0)
    assert [(one.at, one.until) for one in found] == [(2, None), (3, None)]
    assert found[0].raw == "Warning Unhealthy: Readiness probe failed"


def test_deeds_are_said_in_words(story):
    story.step(1, "fails")
    story.step(2, "of no interest")
    says = Text(en="it fails", fr="ça échoue")
    assert drawn(lanes.deeds(LABEL, {"fails": says}), story) == [(1, None, "it fails", "neutral")]


def test_nothing_is_drawn_after_the_end(story):
    story.answer(1, "it", "answers")
    story.answer(5, "it", "refused")
    assert drawn(lanes.answers("it", LABEL), story, seconds=3.0) == [(1, 3.0, "answers", "good")]
