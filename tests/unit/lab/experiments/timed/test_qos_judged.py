"""What the experiment on QoS concludes from what it saw."""

from __future__ import annotations

import dataclasses

import pytest

from lab.errors import LabError
from lab.experiments.timed import qos, qos_judged, qos_rules
from lab.experiments.timed.loads import Line
from lab.experiments.timed.qos_cases import CASES, FILLS
from lab.experiments.timed.qos_judged import Evidence
from lab.experiments.timed.recorder import Observation

NODE = {
    "metadata": {"name": "node"},
    "status": {"capacity": {"memory": "16Gi", "cpu": "2"}, "allocatable": {"memory": "16Gi"}},
}
KIND = {"evictionHard": {"nodefs.available": "0%"}}
USUAL = {"evictionHard": {"memory.available": "100Mi"}, "kubeReserved": {"memory": "1Gi"}}


def files(used):
    return {
        "memory.max": "max",
        "memory.current": str(used),
        "memory.stat": "inactive_file 0\nanon 0",
        "memory.events": "oom_kill 0",
        "cpu.max": "max 100000",
        "cpu.weight": "1",
        "cpu.stat": "usage_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0",
    }


def seen(  # noqa: PLR0913 - each may go otherwise
    *, used=None, scores=None, classes=None, node=NODE, kubelet=KIND, runtime="-999", evicted_at=12.0, starts=1
):
    sent = {one["metadata"]["name"]: one for one in qos.cast("image")}
    logs, pods = {}, []
    for name, pod in sent.items():
        containers = (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
        for one in containers:
            score = qos_rules.oom_score_adj(pod["spec"], one, 16 << 30)
            takes = (used or {}).get(name, (10 + CASES[name].take) << 20)
            logs[name, one["name"]] = (
                Line(1.0, "began", {"oom_score_adj": str((scores or {}).get(name, score))}),
                Line(2.0, "cgroup", {"files": files(takes)}),
                Line(3.0, "wrote", {}),
            )
        status = {"qosClass": (classes or {}).get(name, qos_rules.qos_class(pod["spec"]))}
        spec = {**pod["spec"], "priority": qos_rules.CRITICAL if name == "critical" else 0}
        pods.append(Observation(1.0, "Pod", name, "ADDED", {"spec": spec, "status": status}))
    if evicted_at:
        ended = {**pods[-1].body["status"], "phase": "Failed", "reason": "Evicted"}
        told = {"reason": "Started", "involvedObject": {"name": FILLS}, "message": "Container started"}
        pods.extend(Observation(2.0 + number, "Event", f"started-{number}", "ADDED", told) for number in range(starts))
        pods.append(Observation(evicted_at, "Pod", FILLS, "MODIFIED", {"spec": {}, "status": ended}))
    return Evidence(sent, logs, node, kubelet, runtime, pods, since=0.0)


def wrong(evidence):
    return {one.id for one in qos_judged.expectations(evidence) if not one.agrees}


def test_all_goes_as_it_must():
    judged = qos_judged.expectations(seen())
    assert wrong(seen()) == set()
    assert {one.id for one in judged} >= {f"class-{name}" for name in CASES}
    assert {one.measured.en for one in judged if one.id.startswith("class-")} == {
        "Guaranteed",
        "Burstable",
        "BestEffort",
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"classes": {"limits": "Burstable"}}, {"class-limits"}, id="requests that did not follow limits"),
        pytest.param({"scores": {"none": 0}}, {"oom-none-c1"}, id="another score"),
        pytest.param({"used": {"below": 1 << 20}}, {"eviction-order"}, id="it used less than it was to"),
        pytest.param({"evicted_at": None}, {"eviction", "eviction-for-good"}, id="not evicted"),
        pytest.param({"evicted_at": 99.0}, {"eviction"}, id="evicted too late"),
        pytest.param({"starts": 2}, {"eviction-for-good"}, id="started again"),
        pytest.param({"kubelet": USUAL}, {"eviction-threshold"}, id="a threshold that the node does not keep"),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(changed, expected):
    assert wrong(seen(**changed)) == expected


@pytest.mark.parametrize(("crowd", "expected"), [(1.0, {"eviction"}), (5.0, set())])
def test_an_eviction_may_take_longer_in_a_crowd(crowd, expected):
    assert wrong(dataclasses.replace(seen(evicted_at=66.0), crowd=crowd)) == expected


def test_an_eviction_is_not_counted_from_a_moment_that_nobody_knows():
    evidence = seen()
    evidence.logs[FILLS, "c1"] = ()
    with pytest.raises(LabError, match=FILLS):
        qos_judged.expectations(evidence)


def test_the_log_of_the_one_that_is_evicted_is_read_first(monkeypatch):
    read = []

    def until_said(_api, _namespace, who, *_, **_more):
        read.append(who)
        return (Line(1.0, "ready", {}),)

    monkeypatch.setattr(qos.loads, "until_said", until_said)
    found = qos._logs(None, None, "qos", {one["metadata"]["name"]: one for one in qos.cast("image")})
    assert read[0] == (FILLS, "c1")
    assert {name for name, _ in found} == set(CASES)


def test_a_node_that_keeps_memory_back():
    node = {**NODE, "status": {**NODE["status"], "allocatable": {"memory": str((15 << 30) - (100 << 20))}}}
    found = next(
        one for one in qos_judged.expectations(seen(node=node, kubelet=USUAL)) if one.id == "eviction-threshold"
    )
    assert found.agrees
    assert "no threshold" not in found.because.en


def test_a_runtime_that_may_not_go_so_low():
    """The score is its own, and the words and an exhibit say so."""
    runtime = "  restrict_oom_score_adj = true # why\n0"
    restricted = seen(runtime=runtime, scores=dict.fromkeys(("limits", "equal", "pod-level"), 0))
    assert wrong(restricted) == set()
    found = next(one for one in qos_judged.expectations(restricted) if one.id == "oom-equal-c1")
    assert "restrict_oom_score_adj" in found.because.fr
    assert runtime in {one.text for one in found.exhibits}


@pytest.mark.parametrize(
    ("runtime", "floor"),
    [
        pytest.param("restrict_oom_score_adj = true\n-5", -5, id="restricted"),
        pytest.param("restrict_oom_score_adj = false\n-5", -1000, id="said to be free"),
        pytest.param("-999", -1000, id="not said"),
    ],
)
def test_floor(runtime, floor):
    assert qos_judged.floor(runtime) == floor
