"""QoS classes, the kernel's order and the kubelet's, where the experiment has no Pod for them."""

import pytest

from lab.experiments.timed import qos_classes
from lab.experiments.timed.qos_classes import Candidate

FULL = {"cpu": "100m", "memory": "64Mi"}
HALF = {"cpu": "50m", "memory": "32Mi"}
NODE = 16 << 30


def container(requests=None, limits=None, **more):
    return {"name": "c", "resources": {"requests": requests or {}, "limits": limits or {}}, **more}


def spec(*containers, **more):
    return {"containers": list(containers), **more}


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        pytest.param(spec({"name": "c"}), "BestEffort", id="no resources at all"),
        pytest.param(spec(container({"cpu": "0.1", "memory": "65536Ki"}, FULL)), "Guaranteed", id="equal in amount"),
        pytest.param(spec(container({"cpu": "50m"}, FULL)), "Burstable", id="one request below"),
        pytest.param(spec(container(None, {"memory": "64Mi"})), "Burstable", id="memory alone"),
        pytest.param(spec(container(FULL, FULL), container(HALF, HALF)), "Guaranteed", id="each its own"),
        pytest.param(spec(container({"cpu": "0", "memory": "0"})), "BestEffort", id="zero is nothing"),
        pytest.param(spec(container(None, {"ephemeral-storage": "1Gi"})), "BestEffort", id="disk does not count"),
        pytest.param(
            spec(container(FULL, FULL), resources={"requests": HALF}), "Burstable", id="the Pod's own, and they alone"
        ),
    ],
)
def test_class(pod, expected):
    assert qos_classes.qos_class(pod) == expected


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        pytest.param(spec(container({"memory": "4Gi"})), 750, id="a quarter of the node"),
        pytest.param(spec(container({"memory": "16Gi"})), 3, id="all of the node: still after guaranteed"),
        pytest.param(spec(container(), priorityClassName="system-node-critical"), -997, id="critical for the node"),
    ],
)
def test_oom_score_adj(pod, expected):
    assert qos_classes.oom_score_adj(pod, pod["containers"][0], NODE) == expected


def test_the_pods_request_is_shared_by_its_containers():
    pod = spec(container({"memory": "4Gi"}), container(), resources={"requests": {"memory": "8Gi"}})
    scores = [qos_classes.oom_score_adj(pod, each, NODE) for each in pod["containers"]]
    assert scores == [1000 - 6 * 1000 // 16, 1000 - 2 * 1000 // 16]


def test_a_sidecar_dies_no_sooner_than_whom_it_serves():
    sidecar = container({"memory": "1Gi"}, restartPolicy="Always")
    pod = spec(container({"memory": "8Gi"}), initContainers=[sidecar])
    assert qos_classes.oom_score_adj(pod, sidecar, NODE) == 500


def test_a_runtime_that_may_not_go_lower_does_not():
    guaranteed, burstable = spec(container(FULL, FULL)), spec(container(HALF, FULL))
    assert qos_classes.oom_score_adj(guaranteed, guaranteed["containers"][0], NODE, floor=0) == 0
    assert qos_classes.oom_score_adj(burstable, burstable["containers"][0], NODE, floor=0) == 999


def test_memory_requests_add_up():
    assert qos_classes.memory_request(spec(container(HALF, FULL), container(None, FULL))) == 96 << 20
    assert qos_classes.memory_request(spec(container(HALF), resources={"limits": FULL})) == 64 << 20


def test_who_is_eviction_order():
    """Use above the request first, then the priority, then by how much; what is critical is not chosen."""
    by_most, by_less = Candidate("by most", 90, 10), Candidate("by less", 40, 10)
    important, within = Candidate("important", 900, 0, priority=7), Candidate("within", 60, 100)
    nearer, critical = Candidate("nearer", 95, 100), Candidate("critical", 9000, 0, priority=qos_classes.CRITICAL)
    ranked = qos_classes.eviction_order([within, critical, by_less, important, nearer, by_most])
    assert [pod.name for pod in ranked] == ["by most", "by less", "important", "nearer", "within"]
