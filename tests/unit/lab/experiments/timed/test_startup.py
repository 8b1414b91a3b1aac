"""What the startup experiment makes of what it saw; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.pods import Probe
from lab.experiments.timed import startup
from lab.experiments.timed.startup import ASKED, CUE, IMPATIENT, PATIENT

KILLED = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 137}}}


def told(story, runs):
    for name in (PATIENT, IMPATIENT):
        story.pod(1.0, name, ready=False, back={**runs, "started": name == IMPATIENT})
    for at in (1.5, 2.5, 3.5, 4.5, 5.5):
        story.event(at, PATIENT, "Unhealthy", "Startup probe failed: connection refused", "back")
    for at in (1.5, 2.5):
        story.event(at, IMPATIENT, "Unhealthy", "Liveness probe failed: connection refused", "back")
    story.event(2.6, IMPATIENT, "Killing", "Container back failed liveness probe, will be restarted", "back")
    story.pod(4.0, IMPATIENT, back=KILLED)
    story.step(6.0, CUE)
    story.pod(7.5, PATIENT, back={"started": True})
    story.pod(7.6, PATIENT, ready=True)
    story.answer(9.0, ASKED, "startupz", probes=[{"kind": "startupz"}, {"kind": "readyz"}])
    return story


def test_all_as_predicted(story, runs):
    found = startup.judged(told(story, runs).observations)
    assert [one.id for one in found if not one.agrees] == []
    assert len(found) == 8
    assert all(one.exhibits and one.source.startswith("https://") for one in found)


def early(story):
    story.event(2.0, PATIENT, "Unhealthy", "Readiness probe failed: connection refused", "back")


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(early, {"held-back"}, id="readiness was asked before"),
        pytest.param(lambda story: story.without(name=ASKED), {"first-probe"}, id="the app saw no probe"),
        pytest.param(
            lambda story: story.pod(2.0, PATIENT, back={"started": True}),
            {"started"},
            id="started before it could",
        ),
        pytest.param(
            lambda story: story.pod(8.0, PATIENT, back={"restartCount": 1}), {"patient-restarts"}, id="it was restarted"
        ),
        pytest.param(
            lambda story: story.pod(5.0, IMPATIENT, ready=True), {"impatient-ready"}, id="the other was Ready"
        ),
        pytest.param(
            lambda story: (story.without(at=2.6), story.without(name=IMPATIENT, at=4.0)),
            {"killed", "exit-code"},
            id="the other was not killed",
        ),
        pytest.param(
            lambda story: story.pod(3.0, IMPATIENT, back={"lastState": {"terminated": {"exitCode": 0}}}),
            {"exit-code"},
            id="it ended by itself",
        ),
    ],
)
def test_what_is_otherwise_disagrees(story, runs, change, ids):
    change(told(story, runs))
    assert {one.id for one in startup.judged(story.observations) if not one.agrees} == ids


def test_a_probe_after_the_start_is_no_offence(story, runs):
    told(story, runs)
    story.event(7.8, PATIENT, "Unhealthy", "Readiness probe failed: later", "back")
    assert all(one.agrees for one in startup.judged(story.observations))


def test_when_it_is_killed_follows_from_the_probe():
    found = {one.id: one for one in startup.expected(Probe(), Probe(period=10, failures=3), Probe())}
    assert found["killed"].within == (18.0, 36.0)
