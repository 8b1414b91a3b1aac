from __future__ import annotations

import json

import pytest

from lab.experiments.timed import looking
from lab.experiments.timed.recorder import Observation

ENDED = {"terminated": {"exitCode": 137}}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param({"state": ENDED}, 137, id="for good"),
        pytest.param({"state": {"running": {}}, "lastState": ENDED}, 137, id="another runs in its place"),
        pytest.param({"state": {"running": {}}}, None, id="it runs"),
    ],
)
def test_how_a_container_ended(story, status, code):
    story.pod(1, "cats", back=status)
    (one,) = story.observations
    assert looking.last_end(one.body, "back").get("exitCode") == code
    assert looking.ended("cats", "back")(one) is (code is not None)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param("a", "a", "same", id="the same"),
        pytest.param("a", "b", "another", id="another"),
        pytest.param("a", None, "", id="none after"),
        pytest.param(None, "b", "", id="none before"),
        pytest.param("", "", "", id="none at all"),
    ],
)
def test_two_ids_are_compared_where_both_were_seen(before, after, said):
    assert looking.compared(before, after) == said


def test_containers_of_every_kind_are_found():
    found = {
        "status": {
            "containerStatuses": [{"name": "app"}],
            "initContainerStatuses": [{"name": "init"}],
            "ephemeralContainerStatuses": [{"name": "guest"}],
        }
    }
    for name in ("app", "init", "guest"):
        assert looking.container(found, name) == {"name": name}
    assert looking.container(found, "none") == {}
    assert looking.container({}, "app") == {}


def test_all_are_found_when_the_last_is(story):
    look = looking.every(*(looking.looks(looking.answer(name, "answers")) for name in ("a", "b")))
    story.answer(1, "a", "answers")
    assert look(story.observations) is None
    story.answer(2, "b", "refused")
    assert look(story.observations) is None
    story.answer(3, "b", "answers")
    assert look(story.observations) == story.observations[-1]


@pytest.mark.parametrize(
    ("told", "value"),
    [
        pytest.param([(1, "answers")], "answers", id="since before"),
        pytest.param([(1, "refused"), (2, "answers")], "answers", id="it began in time"),
        pytest.param([(1, "answers"), (4, "refused"), (5, "answers")], "refused", id="interrupted"),
        pytest.param([(1, "answers"), (9, "refused")], "answers", id="refused only later"),
        pytest.param([(1, "timeout")], "timeout", id="all the time something else"),
        pytest.param([(4, "answers")], "", id="not known from the beginning"),
        pytest.param([], "", id="never asked"),
    ],
)
def test_how_an_address_answered_through_a_stretch(story, told, value):
    for at, outcome in told:
        story.answer(at, "pod-ip", outcome)
    story.answer(4.5, "another", "reset")
    assert looking.answered(story.observations, "pod-ip", 3, 7).value == value


def test_an_event_is_told_by_its_pod_reason_and_words(story):
    story.event(1, "cats", "Unhealthy", "Liveness probe failed: 503")
    (one,) = story.observations
    assert looking.event("Unhealthy", "cats", "Liveness")(one)
    assert not looking.event("Unhealthy", "cats", "Readiness")(one)
    assert not looking.event("Killing", "cats")(one)
    assert not looking.event("Unhealthy", "dogs")(one)
    assert looking.line(one) == "Warning Unhealthy: Liveness probe failed: 503"
    assert looking.shown(one).command == "kubectl events --for pod/cats"


def test_an_endpoint_is_told_by_its_conditions(story):
    story.endpoint(1, "cats", ready=False, serving=True, terminating=True)
    (one,) = story.observations
    assert looking.endpoint("cats", terminating=True, ready=False)(one)
    assert not looking.endpoint("cats", serving=False)(one)
    assert not looking.endpoint("dogs", ready=False)(one)
    assert json.loads(looking.line(one))[0]["addresses"] == ["10.244.0.9"]


def test_a_slice_without_endpoints_is_no_endpoint():
    assert not looking.endpoint("cats", ready=False)(
        Observation(1, "EndpointSlice", "slice", "ADDED", {"endpoints": None})
    )


def test_what_was_not_seen_is_no_fact(story):
    story.step(3.0, "it")
    assert looking.happens(None, 2.0).value == ""
    fact = looking.happens(story.observations[0], 2.0)
    assert (fact.value, fact.at, fact.cause) == ("happens", 3.0, 2.0)
    assert fact.exhibits[0].text == "it"
