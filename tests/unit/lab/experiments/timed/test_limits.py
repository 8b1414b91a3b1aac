"""What the experiment on limits makes of what it observed: each thing that goes otherwise is a disagreement."""

import pytest

from lab.experiments.timed.limits import LIMITS

KILLED = {"exitCode": 137, "reason": "OOMKilled"}
BEGAN = ("began", {"page": 4096})
IN_CGROUP = {"mebi": (67_108_864, 10_000), "mega": (64_000_000, 10_000), "pages": (29_999_104, 5000)}


def killed(**end):
    return {"restartCount": 1, "state": {"running": {}}, "lastState": {"terminated": {**KILLED, **end}}}


def worked(wall):
    return "worked", {"wall": wall, "cpu": 0.6}


@pytest.fixture
def story(story, runs, cgroup):
    story.cgroup = "v1"
    story.pod(1.0, "memory", taker=killed())
    story.pod(1.0, "child", taker=dict(runs))
    story.pod(1.0, "cpu", limited=dict(runs))
    containers = [{}, {"resources": {"limits": {"cpu": "100m", "memory": "64M"}}}]
    story.body(1.0, "units", {"spec": {"containers": containers}})
    story.log("memory", "taker", BEGAN, cgroup(used=12 << 20), cgroup(used=31 << 20))
    story.log("child", "taker", ("child ended", {"signal": 9}))
    story.log("cpu", "limited", BEGAN, cgroup(), worked(3.1), cgroup(periods=30, throttled=29))
    story.log("cpu", "free", BEGAN, cgroup(), worked(0.7), cgroup())
    for name, (limit, quota) in IN_CGROUP.items():
        story.log("units", name, BEGAN, cgroup(limit=limit, quota=quota))
    return story


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda *_: None, set(), id="all as predicted"),
        pytest.param(
            lambda story, _: story.pod(2.0, "memory", taker={"restartCount": 0, "lastState": {}}),
            {"memory-code", "memory-reason", "memory-restart"},
            id="never killed",
        ),
        pytest.param(lambda story, _: story.log("child", "taker"), {"memory-child"}, id="nobody was killed"),
        pytest.param(
            lambda story, _: story.pod(2.0, "child", taker=killed()), {"memory-child"}, id="the whole container, on v1"
        ),
        pytest.param(
            lambda story, cgroup: story.log("cpu", "limited", cgroup(), worked(0.7), cgroup()),
            {"cpu-throttled", "cpu-longer"},
            id="the limit did nothing",
        ),
        pytest.param(
            lambda story, cgroup: story.log("cpu", "free", cgroup(), cgroup(periods=9, throttled=1)),
            {"cpu-free"},
            id="throttled without limit",
        ),
        pytest.param(
            lambda story, cgroup: story.log("units", "mega", cgroup(limit=64 << 20, quota=10_000)),
            {"memory-mega"},
            id="M taken for Mi",
        ),
        pytest.param(lambda story, _: story.log("units", "mebi"), {"memory-mebi", "cpu-mebi"}, id="no report"),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(story, cgroup, change, ids):
    change(story, cgroup)
    assert story.disagreements(LIMITS) == ids


@pytest.mark.parametrize(
    ("seconds", "ids"),
    [pytest.param(0.7, {"cpu-longer"}, id="alone"), pytest.param(2.4, set(), id="busy")],
)
def test_work_that_takes_very_long_is_explained_by_others_alone(story, cgroup, seconds, ids):
    story.log("cpu", "limited", cgroup(), worked(12.0), cgroup(periods=120, throttled=29))
    story.log("cpu", "free", cgroup(), worked(seconds), cgroup())
    assert story.disagreements(LIMITS) == ids


def test_on_a_very_busy_machine_how_long_work_takes_shows_nothing(story, cgroup):
    story.log("cpu", "limited", cgroup(), worked(12.0), cgroup(periods=120, throttled=29))
    story.log("cpu", "free", cgroup(), worked(9.0), cgroup())
    assert {each.id for each in LIMITS.judge(story.record()) if not each.shown} == {"cpu-longer"}


@pytest.mark.parametrize(("version", "ids"), [("v1", {"memory-child"}), ("v2", {"memory-reason"})])
def test_the_cgroup_version_decides_who_is_killed_and_whether_the_runtime_knows(story, version, ids):
    """On v1 the end of the process can overtake the notice of the kill; v2 counts kills where they happen."""
    story.cgroup = version
    story.pod(2.0, "child", taker=killed())
    story.pod(2.0, "memory", taker=killed(reason="Error"))
    assert story.disagreements(LIMITS) == ids


def test_the_timeline_draws_memory_that_grows_and_work_that_is_throttled(story):
    (timeline,) = LIMITS.timelines(story.record(), None)
    says = {lane: [moment.says.fr for moment in timeline.moments if moment.lane == lane] for lane in ("use", "limited")}
    assert says == {"use": ["12 Mi", "31 Mi"], "limited": ["bridé dans 97\u00a0% des périodes"]}
