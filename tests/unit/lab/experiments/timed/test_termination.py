"""What the termination experiment makes of what it observed; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from backend.metrics import Metrics
from lab.experiments.timed.termination import ANSWERED, DELETED, SENT, TERMINATION, in_flight


def test_requests_in_flight_are_read_off_the_metrics_as_the_backend_writes_them():
    metrics = Metrics()
    metrics.in_flight.set(2)
    assert in_flight(generate_latest(metrics.registry).decode()) == 2


def ends(code):
    return {"state": {"terminated": {"exitCode": code}}}


@pytest.fixture
def story(story, runs):
    for name in ("polite", "deaf"):
        story.pod(1.0, name, ready=True, back=dict(runs))
    for name in ("service", "pod-ip"):
        story.answer(2.0, name, "answers")
    story.step(4.5, SENT)
    story.step(5.0, DELETED)
    story.endpoint(5.1, "polite", ready=False, serving=True, terminating=True)
    story.endpoint(6.2, "polite", ready=False, serving=False, terminating=True)
    story.answer(6.5, "service", "refused")
    story.answer(8.3, "pod-ip", "refused")
    story.pod(9.5, "deaf", back=ends(137))
    story.answer(9.6, ANSWERED, "answers")
    story.pod(12.0, "polite", back=ends(0))
    return story


def instead(at, name, status, at_instead=None):
    """Have a container end otherwise, or at another time."""

    def change(story):
        story.without(at=at, name=name)
        story.pod(at_instead or at, name, back=status)

    return change


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
        pytest.param(instead(12.0, "polite", ends(143)), {"polite-ends"}, id="SIGTERM killed the polite one"),
        pytest.param(instead(9.5, "deaf", ends(0)), {"deaf-ends"}, id="the deaf one heard"),
        pytest.param(instead(9.5, "deaf", ends(137), 6.0), {"deaf-ends"}, id="killed before its grace was over"),
        pytest.param(instead(9.5, "deaf", ends(137), 30.0), {"deaf-ends"}, id="killed long after"),
        pytest.param(lambda story: story.without(name="slice"), {"terminating", "not-serving"}, id="endpoint unmarked"),
        pytest.param(lambda story: story.without(name=ANSWERED), {"in-flight"}, id="the request was lost"),
        pytest.param(lambda story: story.answer(7.0, ANSWERED, "reset"), {"in-flight"}, id="the request was cut"),
        pytest.param(lambda story: story.answer(5.5, "pod-ip", "refused"), {"pod-ip"}, id="it did not drain"),
        pytest.param(lambda story: story.without(at=6.5), {"service-refuses"}, id="the Service went on"),
    ],
)
def test_what_is_otherwise_disagrees(story, change, ids):
    change(story)
    assert story.disagreements(TERMINATION) == ids
