"""What the startup experiment makes of what it observed; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.timed.startup import IMPATIENT, PATIENT, RECEIVED, SERVES, START_UP

KILLED = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 137}}}


@pytest.fixture
def story(story, runs):
    for name in (PATIENT, IMPATIENT):
        story.pod(1.0, name, ready=False, back={**runs, "started": name == IMPATIENT})
    for at in (1.5, 2.5, 3.5, 4.5, 5.5):
        story.event(at, PATIENT, "Unhealthy", "Startup probe failed: connection refused", "back")
    for at in (1.5, 2.5):
        story.event(at, IMPATIENT, "Unhealthy", "Liveness probe failed: connection refused", "back")
    story.event(2.6, IMPATIENT, "Killing", "Container back failed liveness probe, will be restarted", "back")
    story.pod(4.0, IMPATIENT, back=KILLED)
    story.step(6.0, SERVES)
    story.pod(7.5, PATIENT, back={"started": True})
    story.pod(7.6, PATIENT, ready=True)
    story.answer(9.0, RECEIVED, "startupz", probes=[{"kind": "startupz"}, {"kind": "readyz"}])
    return story


def readiness_failed(at):
    return lambda story: story.event(at, PATIENT, "Unhealthy", "Readiness probe failed: connection refused", "back")


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
        pytest.param(readiness_failed(7.8), set(), id="a probe fails after the start"),
        pytest.param(readiness_failed(2.0), {"held-back"}, id="readiness was probed before"),
        pytest.param(lambda story: story.without(name=RECEIVED), {"first-probe"}, id="the app received no probe"),
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
def test_what_is_otherwise_disagrees(story, change, ids):
    change(story)
    assert story.disagreements(START_UP) == ids
