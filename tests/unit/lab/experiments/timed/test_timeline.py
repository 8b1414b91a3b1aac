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
    story.gone(5, "cats")
    assert drawn(timeline.ready("cats", "track"), story) == [
        (1, 2, "not Ready", "bad"),
        (2, 4, "Ready", "good"),
        (4, 5, "not Ready", "bad"),
        (5, 10.0, "gone", "neutral"),
    ]


@pytest.mark.parametrize(
    ("track", "status", "state"),
    [
        (timeline.container, {"state": {"waiting": {}}}, ("waiting", "neutral")),
        (timeline.container, {"state": {"running": {}}}, ("running", "good")),
        (timeline.container, {"state": {"running": {}}, "restartCount": 1}, ("running, restart 1", "good")),
        (timeline.container, {"state": {"terminated": {"exitCode": 137}}}, ("exit 137", "bad")),
        (timeline.container, {"state": {"terminated": {"exitCode": 0}}}, ("exit 0", "neutral")),
        (timeline.container_ready, {"ready": True}, ("passes", "good")),
        (timeline.container_ready, {"ready": False}, ("fails", "bad")),
    ],
)
def test_a_container_by_its_status(story, track, status, state):
    story.pod(1, "cats", back=status)
    assert drawn(track("cats", "back", "track"), story) == [(1, 10.0, *state)]
    assert drawn(track("cats", "front", "track"), story) == []


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ({"ready": True, "serving": True, "terminating": False}, ("ready", "good")),
        ({"ready": False, "serving": False, "terminating": False}, ("not ready", "bad")),
        ({"ready": False, "serving": True, "terminating": True}, ("terminating", "bad")),
    ],
)
def test_an_endpoint_by_its_conditions(story, conditions, state):
    story.endpoint(1, "cats", **conditions)
    assert drawn(timeline.endpoint("cats", "track"), story) == [(1, 10.0, *state)]
    assert drawn(timeline.endpoint("dogs", "track"), story) == [(1, 10.0, "gone", "bad")]


def test_events_are_moments_of_their_pod_and_of_reasons_that_count(story):
    story.event(1, "cats", "Pulled", "Image is there")
    story.event(2, "cats", "Unhealthy", "Readiness probe failed")
    story.event(4, "dogs", "Unhealthy", "Readiness probe failed")
    assert drawn(timeline.events("cats", id_="track"), story) == [(2, None, "Unhealthy: Readiness probe failed", "bad")]
    assert len(drawn(timeline.events("cats", id_="track", reasons=()), story)) == 2


def test_steps_are_said_in_their_words(story):
    story.step(1, "fails")
    assert drawn(timeline.steps(id_="track"), story) == [(1, None, "it fails", "neutral")]
    assert drawn(timeline.steps("others", id_="track"), story) == []


def test_nothing_is_drawn_after_the_end(story):
    story.answer(1, "track", "answers")
    story.answer(5, "track", "refused")
    assert drawn(timeline.answers("track"), story, seconds=3.0) == [(1, 3.0, "answers", "good")]
