from __future__ import annotations

import pytest

from lab.experiments.texts import Texts
from lab.experiments.timed import timeline

TEXTS = Texts("sample", {"tracks": {"track": "a track"}, "steps": {"fails": {"en": "it fails", "fr": "ça échoue"}}})


def drawn(track, story, seconds=10.0):
    moments = timeline.timeline("sample", "", [track], story.record(seconds), TEXTS).moments
    return [(moment.at, moment.until, moment.says.en, moment.state) for moment in moments]


def test_the_same_state_again_is_one_stretch(story):
    for at, ready in ((1, False), (2, True), (3, True), (4, False)):
        story.pod(at, "cats", ready=ready)
    assert drawn(timeline.ready("cats", "track"), story) == [
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
    states = [(says, state) for _, _, says, state in drawn(timeline.container("cats", "back", "track"), story)]
    assert states == [
        ("waiting", "neutral"),
        ("running", "good"),
        ("exit 137", "bad"),
        ("running, restart 1", "good"),
        ("exit 0", "neutral"),
    ]


def test_a_container_by_its_readiness(story):
    story.pod(1, "cats", back={"ready": True})
    story.pod(2, "cats", back={"ready": False})
    states = [says for _, _, says, _ in drawn(timeline.container_ready("cats", "back", "track"), story)]
    assert states == ["passes", "fails"]


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
    assert drawn(timeline.endpoint("cats", "track"), story) == [(1, 10.0, says, state)]
    assert drawn(timeline.endpoint("dogs", "track"), story) == [(1, 10.0, "gone", "bad")]


def test_a_pod_that_is_gone(story):
    story.pod(1, "cats", ready=True)
    story.gone(2, "cats")
    assert drawn(timeline.ready("cats", "track"), story)[-1] == (2, 10.0, "gone", "neutral")


def test_events_are_moments_of_their_pod_and_of_reasons_that_count(story):
    story.event(1, "cats", "Pulled", "Image is there")
    story.event(2, "cats", "Unhealthy", "Readiness probe failed")
    story.event(3, "cats", "Unhealthy", "Readiness probe failed")
    story.event(4, "dogs", "Unhealthy", "Readiness probe failed")
    says = "Unhealthy: Readiness probe failed"
    assert drawn(timeline.events("cats", id_="track"), story) == [(2, None, says, "bad"), (3, None, says, "bad")]
    assert len(drawn(timeline.events("cats", id_="track", reasons=()), story)) == 3


def test_steps_are_said_in_their_words(story):
    story.step(1, "fails")
    assert drawn(timeline.steps(id_="track"), story) == [(1, None, "it fails", "neutral")]
    assert drawn(timeline.steps("others", id_="track"), story) == []


def test_nothing_is_drawn_after_the_end(story):
    story.answer(1, "track", "answers")
    story.answer(5, "track", "refused")
    assert drawn(timeline.answers("track"), story, seconds=3.0) == [(1, 3.0, "answers", "good")]
