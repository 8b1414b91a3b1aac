"""What the termination experiment makes of what it saw; the cluster is asked in tests/e2e."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest

from backend.metrics import Metrics
from lab.experiments.pods import Subject
from lab.experiments.timed import termination
from lab.experiments.timed.termination import ANSWERED, DEAF, DELETE, POLITE, SENT


def ends(code):
    return {"state": {"terminated": {"exitCode": code}}}


def told(story, runs, *, code=0, deaf=137, deaf_at=9.5):
    for name in (POLITE, DEAF):
        story.pod(1.0, name, ready=True, back=dict(runs))
    for name in ("service", "pod-ip"):
        story.answer(2.0, name, "answers")
    story.step(4.5, SENT)
    story.step(5.0, DELETE)
    story.endpoint(5.1, POLITE, ready=False, serving=True, terminating=True)
    story.endpoint(6.2, POLITE, ready=False, serving=False, terminating=True)
    story.answer(6.5, "service", "refused")
    story.answer(8.3, "pod-ip", "refused")
    story.answer(9.6, ANSWERED, "answers")
    story.pod(deaf_at, DEAF, back=ends(deaf))
    story.pod(12.0, POLITE, back=ends(code))
    story.gone(12.1, POLITE)
    story.gone(deaf_at + 0.1, DEAF)
    return story


def wrong(story):
    return {one.id for one in termination.judged(story.observations) if not one.agrees}


@pytest.mark.parametrize(
    ("count", "so"), [pytest.param("1.0", False, id="the question"), pytest.param("2.0", True, id="one more")]
)
def test_a_request_is_under_way_once_the_app_has_it(count, so):
    """It is told by the figures as the backend itself writes them."""
    figures = Metrics()
    figures.in_flight.set(float(count))
    text = generate_latest(figures.registry).decode()
    polite = Subject(SimpleNamespace(text=lambda _path: text), "termination", POLITE)
    assert termination._under_way(polite) == (so, f"{count} requests in flight")


def test_all_as_predicted(story, runs):
    found = termination.judged(told(story, runs).observations)
    assert [one.id for one in found if not one.agrees] == []
    assert len(found) == 7
    assert all(one.exhibits and one.source.startswith("https://") for one in found)


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param({"code": 143}, {"polite-ends"}, id="SIGTERM killed the polite one"),
        pytest.param({"deaf": 0}, {"deaf-ends"}, id="the deaf one heard"),
        pytest.param({"deaf_at": 6.0}, {"deaf-ends"}, id="killed before its grace was over"),
        pytest.param({"deaf_at": 30.0}, {"deaf-ends"}, id="killed long after"),
    ],
)
def test_other_ends_disagree(story, runs, change, ids):
    assert wrong(told(story, runs, **change)) == ids


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda story: story.without(name="slice"), {"terminating", "not-serving"}, id="endpoint unmarked"),
        pytest.param(lambda story: story.without(name=ANSWERED), {"in-flight"}, id="the request was lost"),
        pytest.param(lambda story: story.answer(7.0, ANSWERED, "reset"), {"in-flight"}, id="the request was cut"),
        pytest.param(lambda story: story.answer(5.5, "pod-ip", "refused"), {"pod-ip"}, id="it did not drain"),
        pytest.param(lambda story: story.without(at=6.5), {"service-refuses"}, id="the Service went on"),
    ],
)
def test_what_is_otherwise_disagrees(story, runs, change, ids):
    change(told(story, runs))
    assert wrong(story) == ids
