"""What the liveness experiment makes of what it saw; the cluster is asked in tests/e2e."""

from __future__ import annotations

import pytest

from lab.experiments.timed import liveness_judged as liveness
from lab.experiments.timed.liveness_judged import ALONE, CATS, FAILS, SIDECAR, TARGETS

NETNS = "net:[4026533001]"
DIED = {"state": {"terminated": {"exitCode": 137}}}


def told(story, runs):
    names = {name.replace("-", "_"): dict(runs) for name in ("back", SIDECAR, TARGETS, ALONE)}
    story.pod(1.0, CATS, **names)
    story.answer(2.0, f"netns/{CATS}/{SIDECAR}", NETNS)
    story.answer(2.1, "netns", NETNS)
    story.step(3.0, FAILS)
    story.event(3.5, CATS, "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503", "back")
    story.event(5.5, CATS, "Killing", "Container back failed liveness probe, will be restarted", "back")
    story.pod(7.0, CATS, back={"state": {}, "lastState": {"terminated": {"exitCode": 0}}}, guest_target=DIED)
    story.pod(8.0, CATS, back={**runs, "restartCount": 1, "containerID": "containerd://back-1"})
    story.answer(9.0, "netns", NETNS)
    return story


def test_all_as_predicted(story, runs):
    found = liveness.judged(told(story, runs).observations)
    assert [one.id for one in found if not one.agrees] == []
    assert len(found) == 9
    assert all(one.exhibits and one.source.startswith("https://") for one in found)


def test_an_event_that_kubelet_drops_is_no_disagreement(story, runs):
    told(story, runs).without(kind="Event")
    assert all(one.agrees for one in liveness.judged(story.observations))


def new_address(story):
    story.pod(8.5, CATS)
    story.observations[-2].body["status"]["podIP"] = "10.244.0.77"


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(
            lambda story: story.event(3.1, CATS, "Killing", "Stopping container back"),
            {"killed"},
            id="killed too early",
        ),
        pytest.param(
            lambda story: story.pod(9.5, CATS, back={"restartCount": 2}), {"restart-count"}, id="restarted twice"
        ),
        pytest.param(
            lambda story: story.pod(9.5, CATS, back={"containerID": "containerd://back-0"}),
            {"container"},
            id="as before",
        ),
        pytest.param(lambda story: story.pod(9.5, CATS, sidecar={"restartCount": 1}), {"sidecar"}, id="sidecar too"),
        pytest.param(lambda story: story.answer(9.1, "netns", "net:[1]"), {"netns"}, id="another network namespace"),
        pytest.param(lambda story: story.without(at=2.0), {"netns"}, id="the sidecar's was never read"),
        pytest.param(new_address, {"pod-ip"}, id="another address"),
        pytest.param(lambda story: story.without(at=1.0), {"container", "pod-ip"}, id="it was not seen before"),
        pytest.param(
            lambda story: story.pod(9.5, CATS, guest_network=DIED), {ALONE}, id="the debugger without a target died"
        ),
    ],
)
def test_what_is_otherwise_disagrees(story, runs, change, ids):
    change(told(story, runs))
    assert {one.id for one in liveness.judged(story.observations) if not one.agrees} == ids


@pytest.mark.parametrize("how", [pytest.param({"exitCode": 0}, id="ended well"), pytest.param({}, id="did not end")])
def test_a_debugger_that_is_not_killed_disagrees(story, runs, how):
    names = {name.replace("-", "_"): dict(runs) for name in ("back", SIDECAR, TARGETS, ALONE)}
    story.pod(1.0, CATS, **names)
    story.step(3.0, FAILS)
    story.pod(7.0, CATS, guest_target={"state": {"terminated": how} if how else runs["state"]})
    found = {one.id: one for one in liveness.judged(story.observations)}
    assert not found[TARGETS].agrees
    assert not found["restart-count"].agrees
