"""Conditions, their verdicts and their hints."""

import pytest

from lab.lessons import check, template
from lab.lessons.observations import Observations
from lab.lessons.watch import Watch


def outcomes(result):
    return [verdict.outcome for verdict in result.verdicts]


def test_verdicts_are_of_what_is_there_now(learner, cluster):
    assert outcomes(learner.checker.check()) == ["fail", "fail"]
    cluster.pod("cat")
    result = learner.checker.check()
    assert (outcomes(result), result.verdicts[0].seen) == (["pass", "pass"], "cat Running")
    cluster.state["pods"].clear()
    assert not learner.checker.check().holds


def test_a_lesson_that_is_not_started_does_not_hold(learner, cluster):
    cluster.is_started = False
    result = learner.checker.check()
    assert (result.started, result.holds) == (False, False)


def test_what_could_not_be_measured_is_unknown(lesson):
    observations = Observations({}, {"pods": "the API server does not answer"})
    verdict = check.judge(lesson.declared.conditions[0], {"pods": []}, observations, "en")
    assert (verdict.outcome, verdict.seen) == ("unknown", "the API server does not answer")


def test_the_hint_fits_what_was_observed(learner, cluster):
    assert learner.checker.check().hint == 0
    cluster.pod("dog", ready=False)
    assert learner.checker.check().hint == 1
    cluster.pod("cat")
    assert learner.checker.check().hint is None


def test_it_must_hold_for_a_while(learner, cluster, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("lab.lessons.definition.Lesson.stable", property(lambda _: 3.0))
    watch = Watch(learner)
    cluster.pod("cat")
    assert not watch.look().passed
    now[0] += 2
    pod = cluster.state["pods"].pop()
    assert not watch.look().passed
    cluster.state["pods"].append(pod)
    now[0] += 2
    assert watch.look().left == 3
    now[0] += 3
    assert watch.look().passed
    assert learner.progress.passed


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{pods[].name} and {nothing}", "a, b and -"),
        ("{pods[?name=='a'].name | [0]}:80", "a:80"),
        ("{pods[].{n: name} | [0].n}", "a"),
    ],
)
def test_texts_are_filled_with_expressions(text, filled):
    assert template.fill(text, {"pods": [{"name": "a"}, {"name": "b"}]}) == filled


def test_an_address_of_nothing_is_none():
    assert template.fill_all("http://{pods[0].ip}:80", {"pods": []}) is None
