"""What the liveness experiment makes of what it observed; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.timed.liveness import ALONE, FAILS, LIVENESS, TARGETS

NETNS = "net:[4026533001]"
DIED = {"state": {"terminated": {"exitCode": 137}}}


@pytest.fixture
def story(story, runs):
    story.pod(1.0, "cats", **{name: dict(runs) for name in ("back", "sidecar", TARGETS, ALONE)})
    story.answer(2.0, "netns/cats/sidecar", NETNS)
    story.answer(2.1, "netns", NETNS)
    story.step(3.0, FAILS)
    story.event(3.5, "cats", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503", "back")
    story.event(5.5, "cats", "Killing", "Container back failed liveness probe, will be restarted", "back")
    story.pod(7.0, "cats", **{"back": {"state": {}, "lastState": {"terminated": {"exitCode": 0}}}, TARGETS: dict(DIED)})
    story.pod(8.0, "cats", back={**runs, "restartCount": 1, "containerID": "containerd://back-1"})
    story.answer(9.0, "netns", NETNS)
    return story


def new_address(story):
    story.pod(8.5, "cats")
    story.observations[-2].body["status"]["podIP"] = "10.244.0.77"


def target_lives(story):
    for item in story.observations:
        for status in item.body.get("status", {}).get("containerStatuses", ()):
            if status["name"] == TARGETS:
                status["state"] = {"running": {}}


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
        pytest.param(lambda story: story.without(kind="Event"), set(), id="kubelet dropped its events"),
        pytest.param(
            lambda story: story.event(3.1, "cats", "Killing", "Stopping container back"),
            {"killed"},
            id="killed too early",
        ),
        pytest.param(
            lambda story: story.pod(9.5, "cats", back={"restartCount": 2}), {"restart-count"}, id="restarted twice"
        ),
        pytest.param(
            lambda story: story.pod(9.5, "cats", back={"containerID": "containerd://back-0"}),
            {"container"},
            id="as before",
        ),
        pytest.param(lambda story: story.pod(9.5, "cats", sidecar={"restartCount": 1}), {"sidecar"}, id="sidecar too"),
        pytest.param(lambda story: story.answer(9.1, "netns", "net:[1]"), {"netns"}, id="another network namespace"),
        pytest.param(lambda story: story.without(at=2.0), {"netns"}, id="the sidecar's was never read"),
        pytest.param(new_address, {"pod-ip"}, id="another address"),
        pytest.param(lambda story: story.without(at=1.0), {"container", "pod-ip"}, id="it was not observed before"),
        pytest.param(
            lambda story: story.pod(9.5, "cats", **{ALONE: DIED}), {ALONE}, id="the debugger without a target died"
        ),
        pytest.param(
            lambda story: story.pod(6.0, "cats", **{TARGETS: {"state": {"terminated": {"exitCode": 0}}}}),
            {TARGETS},
            id="the debugger with a target ended well",
        ),
        pytest.param(target_lives, {TARGETS}, id="the debugger with a target lived on"),
    ],
)
def test_what_is_otherwise_disagrees(story, change, ids):
    change(story)
    assert story.disagreements(LIVENESS) == ids
