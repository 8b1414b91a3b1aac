"""What the experiment on QoS makes of what it observed."""

import pytest

from lab.errors import LabError
from lab.experiments.timed import qos_classes
from lab.experiments.timed.qos import CONTAINERS, FILLS, PODS, QOS, lasting_containers, score_floor

NODE = {"metadata": {"name": "node"}, "status": {"capacity": {"memory": "16Gi"}, "allocatable": {"memory": "16Gi"}}}
RESERVING = {"evictionHard": {"memory.available": "100Mi"}, "kubeReserved": {"memory": "1Gi"}}
GUARANTEED = ("limits", "equal", "pod-level")


def score(story, name, value):
    story.log(name, "c1", ("began", {"oom_score_adj": str(value)}))


def evicted(story, at, starts=1):
    for number in range(starts):
        story.event(2.0 + number, FILLS, "Started", "Container started")
    status = {"qosClass": "BestEffort", "phase": "Failed", "reason": "Evicted", "message": "usage exceeds the limit"}
    story.body(at, FILLS, {"status": status})


@pytest.fixture
def story(story, cgroup):
    for name, pod in PODS.items():
        spec = {**pod["spec"], "priority": qos_classes.CRITICAL if name == "critical" else 0}
        story.body(1.0, name, {"spec": spec, "status": {"qosClass": qos_classes.qos_class(spec)}})
    for name, container in CONTAINERS:
        (definition,) = (each for each in lasting_containers(name) if each["name"] == container)
        value = qos_classes.oom_score_adj(PODS[name]["spec"], definition, 16 << 30)
        used = {"below": 40 << 20, "critical": 14 << 20}.get(name, 10 << 20)
        began = ("began", {"oom_score_adj": str(value)})
        story.log(name, container, began, cgroup(used=used), ("wrote", {}))
    story.data |= {"node": NODE, "kubelet": {"evictionHard": {"nodefs.available": "0%"}}, "runtime": "-999"}
    return story


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda *_: None, set(), id="all as predicted"),
        pytest.param(
            lambda story, cgroup: story.log("below", "c1", ("began", {"oom_score_adj": "999"}), cgroup(used=1 << 20)),
            {"eviction-order"},
            id="it used less than it was to",
        ),
        pytest.param(
            lambda story, _: story.data.update(kubelet=RESERVING),
            {"eviction-threshold"},
            id="a reserve that is not",
        ),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(story, cgroup, change, ids):
    evicted(story, 12.0)
    change(story, cgroup)
    assert story.disagreements(QOS) == ids


def test_a_pod_that_is_not_evicted_is_a_disagreement(story):
    assert story.disagreements(QOS) == {"eviction", "eviction-for-good"}


@pytest.mark.parametrize(("load", "ids"), [(1.0, {"eviction"}), (5.0, set())], ids=["too late", "on busy cores"])
def test_an_eviction_has_its_time(story, load, ids):
    story.load = load
    evicted(story, 66.0)
    assert story.disagreements(QOS) == ids


def test_an_eviction_is_not_counted_from_a_moment_that_is_not_known(story):
    story.log(FILLS, "c1")
    with pytest.raises(LabError, match=FILLS):
        QOS.judge(story.record())


def test_a_node_that_keeps_memory_back(story):
    evicted(story, 12.0)
    status = {**NODE["status"], "allocatable": {"memory": str((15 << 30) - (100 << 20))}}
    story.data |= {"node": {**NODE, "status": status}, "kubelet": RESERVING}
    assert story.disagreements(QOS) == set()


def test_a_runtime_that_may_not_go_so_low_is_predicted_and_shown(story):
    evicted(story, 12.0)
    story.data["runtime"] = "  restrict_oom_score_adj = true # why\n0"
    for name in GUARANTEED:
        score(story, name, 0)
    assert story.disagreements(QOS) == set()
    (expectation,) = (each for each in QOS.judge(story.record()) if each.id == "oom-equal-c1")
    assert expectation.because.fr.endswith("sa propre valeur, 0 (restrict_oom_score_adj).")
    assert story.data["runtime"] in {exhibit.text for exhibit in expectation.exhibits}


@pytest.mark.parametrize(
    ("runtime", "floor"),
    [
        pytest.param("restrict_oom_score_adj = true\n-5", -5, id="restricted"),
        pytest.param("restrict_oom_score_adj = false\n-5", -1000, id="free"),
        pytest.param("-999", -1000, id="not configured"),
    ],
)
def test_score_floor(runtime, floor):
    assert score_floor(runtime) == floor
