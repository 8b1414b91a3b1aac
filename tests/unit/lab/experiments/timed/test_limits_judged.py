"""What the experiment on limits concludes from what it saw: each thing that goes otherwise is a disagreement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.experiments.timed import limits, limits_judged, limits_units
from lab.experiments.timed.limits_judged import CHILD, CPU, FREE, HELD, LIMITED, MEMORY, TAKER, UNITS, Evidence
from lab.experiments.timed.loads import Line
from lab.experiments.timed.recorder import Observation

SENT = {one["metadata"]["name"]: one for one in limits.cast("image")}
SEEN = (
    Observation(
        0.5, "Pod", MEMORY, "ADDED", {"status": {"containerStatuses": [{"name": TAKER, "state": {"running": {}}}]}}
    ),
)
KILLED = {"exitCode": 137, "reason": "OOMKilled"}


def files(limit=2**63 - 4096, used=8 << 20, quota=-1, periods=0, throttled=0):
    return {
        "memory/memory.limit_in_bytes": str(limit),
        "memory/memory.usage_in_bytes": str(used),
        "memory/memory.stat": "total_inactive_file 0\ntotal_rss 0",
        "memory/memory.oom_control": "oom_kill 0",
        "cpu/cpu.cfs_quota_us": str(quota),
        "cpu/cpu.cfs_period_us": "100000",
        "cpu/cpu.shares": "102",
        "cpu/cpu.stat": f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_time 0",
        "cpuacct/cpuacct.usage": "0",
    }


def said(what, at=1.0, **body):
    return Line(at, what, {"says": what, **body})


def cgroup(**more):
    return said("cgroup", files=files(**more))


def pod(name, of, **status):
    return {**SENT[name], "status": {"containerStatuses": [{"name": of, **status}]}}


def seen(**changed):
    """Return what is seen on cgroup v1 where all goes as it must."""
    held = {"mebi": (67_108_864, 10_000), "mega": (64_000_000, 10_000), "pages": (29_999_104, 5000)}
    stored = pod(UNITS, "mebi")
    stored["spec"]["containers"][1]["resources"] = {"limits": {"cpu": "100m", "memory": "64M"}}
    logs = {
        (MEMORY, TAKER): (said("began", page=4096), cgroup(used=12 << 20), cgroup(used=31 << 20)),
        (CHILD, TAKER): (said("child ended", signal=9),),
        (CPU, LIMITED): (said("began"), cgroup(), said("worked", wall=3.1, cpu=0.6), cgroup(periods=30, throttled=29)),
        (CPU, FREE): (said("began"), cgroup(), said("worked", wall=0.7, cpu=0.6), cgroup()),
        **{
            (UNITS, name): (said("began", page=4096), cgroup(limit=limit, quota=quota))
            for name, (limit, quota) in held.items()
        },
    }
    pods = {
        MEMORY: pod(MEMORY, TAKER, restartCount=1, state={"running": {}}, lastState={"terminated": KILLED}),
        CHILD: pod(CHILD, TAKER, restartCount=0, state={"running": {}}),
        CPU: pod(CPU, LIMITED, restartCount=0, state={"running": {}}),
        UNITS: stored,
    }
    return Evidence(
        "v1",
        {one["metadata"]["name"]: one for one in limits.cast("image")},
        {**pods, **changed.get("pods", {})},
        {**logs, **changed.get("logs", {})},
        SEEN,
        0.0,
        10.0,
    )


def judged(evidence):
    return (*limits_judged.expectations(evidence), *limits_units.expectations(evidence))


def wrong(evidence):
    return {one.id for one in judged(evidence) if not one.agrees}


def test_all_goes_as_it_must():
    assert wrong(seen()) == set()
    assert len(judged(seen())) == 9 + 2 * len(HELD) + 1
    assert all(one.exhibits and one.source and one.because.fr for one in judged(seen()))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            {
                "pods": {
                    MEMORY: pod(
                        MEMORY,
                        TAKER,
                        restartCount=1,
                        state={},
                        lastState={"terminated": {"exitCode": 1, "reason": "Completed"}},
                    )
                }
            },
            {"memory-code", "memory-reason"},
            id="it ended by itself",
        ),
        pytest.param(
            {"pods": {MEMORY: pod(MEMORY, TAKER, restartCount=0, state={"running": {}})}},
            {"memory-code", "memory-reason", "memory-restart"},
            id="it was never killed",
        ),
        pytest.param({"logs": {(MEMORY, TAKER): (cgroup(used=33 << 20),)}}, {"memory-most"}, id="above its limit"),
        pytest.param({"logs": {(CHILD, TAKER): ()}}, {"memory-child"}, id="nobody was killed"),
        pytest.param(
            {"pods": {CHILD: pod(CHILD, TAKER, state={}, lastState={"terminated": KILLED})}},
            {"memory-child"},
            id="all of the container was killed, on cgroup v1",
        ),
        pytest.param(
            {"logs": {(CPU, LIMITED): (cgroup(), said("worked", wall=0.7, cpu=0.6), cgroup())}},
            {"cpu-throttled", "cpu-longer"},
            id="the limit did nothing",
        ),
        pytest.param(
            {"logs": {(CPU, FREE): (cgroup(periods=9, throttled=1),)}}, {"cpu-free"}, id="throttled without limit"
        ),
        pytest.param(
            {"pods": {CPU: pod(CPU, LIMITED, restartCount=1, state={})}}, {"cpu-not-killed"}, id="killed for its CPU"
        ),
        pytest.param(
            {"logs": {(UNITS, "mega"): (cgroup(limit=64 << 20, quota=10_000),)}}, {"memory-mega"}, id="M taken for Mi"
        ),
        pytest.param({"logs": {(UNITS, "mebi"): ()}}, {"memory-mebi", "cpu-mebi"}, id="one that said nothing"),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(changed, expected):
    assert wrong(seen(**changed)) == expected


@pytest.mark.parametrize(
    ("free", "expected"),
    [pytest.param(0.7, {"cpu-longer"}, id="alone"), pytest.param(2.4, set(), id="on a busy machine")],
)
def test_work_that_takes_very_long_is_explained_by_others_alone(free, expected):
    late = (cgroup(), said("worked", wall=12.0, cpu=0.6), cgroup(periods=120, throttled=29))
    control = (cgroup(), said("worked", wall=free, cpu=0.6), cgroup())
    assert wrong(seen(logs={(CPU, LIMITED): late, (CPU, FREE): control})) == expected


def test_on_cgroup_v2_the_whole_container_goes():
    killed = seen(pods={CHILD: pod(CHILD, TAKER, state={}, lastState={"terminated": KILLED})})
    child = next(one for one in judged(replace(killed, version="v2")) if one.id == "memory-child")
    assert child.agrees


def test_the_timeline_shows_memory_grow_and_work_throttled():
    moments = limits.timeline(seen()).moments
    assert [one.says.en for one in moments if one.lane == "use"] == ["12 Mi", "31 Mi"]
    assert [one.says.fr for one in moments if one.lane == LIMITED] == ["bridé dans 97\u00a0% des périodes"]
    assert [one.state for one in moments if one.lane == FREE] == ["good"]
    assert [one.says.en for one in moments if one.lane == "container"] == ["running"]


@pytest.mark.parametrize(("version", "agrees"), [pytest.param("v1", True, id="v1"), pytest.param("v2", False, id="v2")])
def test_on_cgroup_v1_the_runtime_may_not_know_why(version, agrees):
    """The end of the process can overtake the notice of the kill; v2 counts kills where they happen."""
    late = {"exitCode": 137, "reason": "Error"}
    evidence = seen(pods={MEMORY: pod(MEMORY, TAKER, restartCount=1, state={}, lastState={"terminated": late})})
    reason = next(one for one in judged(replace(evidence, version=version)) if one.id == "memory-reason")
    assert reason.agrees is agrees
