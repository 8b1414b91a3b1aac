"""What is found in a record, and how it is shown."""

import json
from math import inf

import pytest

from lab.experiments.texts import same
from lab.experiments.timed import record
from lab.experiments.timed.measures import Answers, Occurs, PodField, line, restarts, same_container, shown
from lab.experiments.timed.record import Match, any_of, container, ended, endpoint, event, every


def test_a_container_that_has_no_status_yet_matches_nothing(story):
    story.pod(1, "cats")
    assert not container("cats", "back", lambda _: True)(story.observations[0])


def test_all_are_matched_when_the_last_is(story):
    query = every([record.answer(name, "answers") for name in ("a", "b")])
    story.answer(1, "a", "answers")
    story.answer(2, "b", "refused")
    assert query(story.observations) is None
    story.answer(3, "b", "answers")
    assert query(story.observations)


def test_an_event_is_matched_by_its_pod_container_reason_and_words(story):
    story.event(1, "cats", "Unhealthy", "Liveness probe failed: 503", "back")
    (item,) = story.observations
    assert event("cats", "Unhealthy", "Liveness", "503", container="back")(item)
    assert not any_of(
        event("cats", "Unhealthy", "Readiness"),
        event("cats", "Killing"),
        event("dogs", "Unhealthy"),
        event("cats", "Unhealthy", container="sidecar"),
    )(item)
    assert shown(item).text == "Warning Unhealthy: Liveness probe failed: 503"
    assert shown(item).command == "kubectl events --for pod/cats"


def test_an_endpoint_is_matched_by_its_conditions(story):
    story.endpoint(1, "cats", ready=False, serving=True, terminating=True)
    (item,) = story.observations
    assert endpoint("cats", terminating=True, ready=False)(item)
    assert not endpoint("cats", serving=False)(item)
    assert not endpoint("dogs", ready=False)(item)
    assert json.loads(line(item))[0]["addresses"] == ["10.244.0.9"]
    item.body["endpoints"] = None
    assert not endpoint("cats", ready=False)(item)


@pytest.mark.parametrize(
    ("answers", "value"),
    [
        pytest.param([(1, "answers")], "answers", id="since before"),
        pytest.param([(1, "refused"), (2, "answers")], "answers", id="it began in time"),
        pytest.param([(1, "answers"), (4, "refused"), (5, "answers")], "refused", id="interrupted"),
        pytest.param([(1, "answers"), (9, "refused")], "answers", id="refused only later"),
        pytest.param([(1, "timeout")], "timeout", id="all the time something else"),
        pytest.param([(4, "answers")], None, id="not known from the beginning"),
        pytest.param([], None, id="never polled"),
    ],
)
def test_how_a_poll_was_answered_between_two_steps(story, answers, value):
    for at, outcome in answers:
        story.answer(at, "pod-ip", outcome)
    story.answer(4.5, "another", "reset")
    story.step(3, "begins")
    story.step(7, "ends")
    assert Answers("pod-ip", "begins", "ends")(story.record()).value == value


@pytest.mark.parametrize(
    ("measure", "value", "at", "cause"),
    [
        pytest.param(Occurs(Match("answer", "a"), "begins"), "happens", 4, 3, id="from its cause on"),
        pytest.param(Occurs(Match("answer", "a"), "begins", anytime=True), "happens", 1, 3, id="from the beginning"),
        pytest.param(Occurs(Match("answer", "a"), Match("answer", "b")), "happens", 4, 2, id="after another match"),
        pytest.param(Occurs(record.answer("a")), "refused", None, 0, id="no cause"),
        pytest.param(Occurs(Match("answer", "c"), "begins"), None, None, 0, id="never"),
        pytest.param(
            Occurs(Match("answer", "a"), Match("answer", "c"), anytime=True), "happens", 1, inf, id="never its cause"
        ),
    ],
)
def test_when_something_occurs(story, measure, value, at, cause):
    story.answer(1, "a", "refused")
    story.answer(2, "b", "answers")
    story.step(3, "begins")
    story.answer(4, "a", "answers")
    fact = measure(story.record())
    assert (fact.value, fact.at, fact.cause) == (value, at, cause)
    assert len(fact.exhibits) == (value is not None)


def test_what_says_why_is_shown_beside(story):
    story.step(1, "begins")
    story.event(2, "cats", "Unhealthy", "why")
    assert (
        "why"
        in Occurs(Match("answer", "a"), "begins", reason=event("cats", "Unhealthy"))(story.record()).exhibits[0].text
    )


@pytest.mark.parametrize(
    ("change", "values"),
    [
        pytest.param({}, ("same", "0"), id="none"),
        pytest.param({"containerID": "containerd://b", "restartCount": 1}, ("another", "1"), id="another container"),
        pytest.param({"containerID": ""}, ("", "0"), id="its ID was never observed"),
    ],
)
def test_a_restart_shows_in_the_container_s_status(story, change, values):
    story.pod(1, "cats", back={})
    story.step(2, "begins")
    story.pod(3, "cats", back=change)
    measures = same_container("cats", "back", "begins", same("")), restarts("cats", "back", same(""))
    assert tuple(measure(story.record()).value for measure in measures) == values


@pytest.mark.parametrize(
    ("path", "value"), [("status.list[1].name", "b"), ("status.list[0].name", None), ("spec.name", None)]
)
def test_a_field_of_a_pod(story, path, value):
    story.body(1, "cats", {"status": {"list": [{}, {"name": "b"}]}})
    fact = PodField("cats", path, same(""))(story.record())
    assert fact.value == value
    assert fact.exhibits[0].command == f"kubectl get pod cats -o jsonpath='{{.{path}}}'"


def test_a_container_ends_with_its_exit_code(story):
    story.pod(1, "cats", back={"lastState": {"terminated": {"exitCode": 137}}})
    assert Occurs(ended("cats", "back"))(story.record()).value == "137"
