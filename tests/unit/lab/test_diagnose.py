"""Causes told from what a real cluster said: captured/ holds one Pod a cause, from Kubernetes 1.37.2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.deploy.diagnose import Diagnosis, diagnose, refused

CAPTURED = Path(__file__).parent / "captured"
EXPECTED = {
    "image-missing": ("image", ["no-such-image:1 cannot be had", "no registry has it", "not found"]),
    "image-name": ("image", ["NotAName:1 cannot be had (InvalidImageName)", "this is no image name"]),
    "crash": ("crash", ["exit code 3", "its last words: the cat is out"]),
    "ended": ("crash", ["exit code 0", "is expected to go on", "it wrote nothing"]),
    "memory": ("memory", ["more memory than its limit of 16Mi", "OOMKilled, exit code 137"]),
    "readiness-exec": ("probe", ["runs, but its readiness probe fails: not yet"]),
    "readiness-http": ("probe", ["readiness probe fails: Get", "connection refused"]),
    "liveness": ("probe", ["again and again because its liveness probe fails: stuck"]),
    "too-big": ("unschedulable", ["less cpu is free on the node than the Pod requests", "Insufficient cpu"]),
    "nowhere": ("unschedulable", ["no node has the labels"]),
    "configmap": ("config", ["needs settings that are not there", 'configmap "nowhere" not found']),
    "secret": ("config", ['secret "nowhere" not found']),
    "command": ("command", ["its command '/no/such/program': no such file or directory"]),
    "identity": ("identity", ["container app must not run as root"]),
    "volume": ("volume", ["a volume cannot be mounted", 'configmap "nowhere" not found']),
    "claim": ("volume", ["there is no PersistentVolumeClaim nowhere"]),
}


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text())
    return found


def cause_of(name: str) -> Diagnosis:
    found = diagnose(**captured(name))
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "cause", "said"), [pytest.param(n, *e, id=n) for n, e in EXPECTED.items()])
def test_a_captured_pod_s_cause_is_told_with_the_next_command(name: str, cause: str, said: list[str]) -> None:
    found = cause_of(name)
    assert found.cause == cause
    for words in said:
        assert words in found.sentence
    assert found.subject == f"Pod {name}"
    assert found.next_command.startswith("kubectl ")


def test_every_capture_is_told() -> None:
    assert {path.stem for path in CAPTURED.glob("*.json")} == set(EXPECTED)


def test_a_pod_that_only_starts_has_no_cause() -> None:
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    pod = captured("ended")["pod"]
    pod["status"] = {"phase": "Pending", "containerStatuses": [{"name": "app", "state": waiting}]}
    assert diagnose(pod) is None


def test_a_pod_on_its_way_out_has_no_cause() -> None:
    pod = captured("crash")["pod"]
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert diagnose(pod) is None


def test_a_pod_that_runs_again_is_not_held_to_its_past() -> None:
    pod = captured("crash")["pod"]
    (status,) = pod["status"]["containerStatuses"]
    status.update(state={"running": {}}, lastState={"terminated": {"exitCode": 3}}, restartCount=1, ready=True)
    assert diagnose(pod) is None


@pytest.mark.parametrize(
    ("name", "container"), [pytest.param("crash", "app", id="crash"), pytest.param("image-missing", "app", id="image")]
)
def test_the_container_at_fault_is_named(name: str, container: str) -> None:
    assert cause_of(name).container == container


def test_a_probe_that_answers_is_quoted_by_its_status() -> None:
    case = captured("readiness-http")
    for event in case["events"]:
        if event["reason"] == "Unhealthy":
            event["message"] = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    found = diagnose(**case)
    assert found
    assert found.detail.endswith("its readiness probe fails: it answered 503")


def test_the_newest_answer_of_a_probe_is_the_one_told() -> None:
    case = captured("readiness-exec")
    (old,) = [one for one in case["events"] if one["reason"] == "Unhealthy"][:1]
    case["events"].append({**old, "message": "Readiness probe failed: newest", "lastTimestamp": "2099-01-01T00:00:00Z"})
    found = diagnose(**case)
    assert found
    assert found.detail.endswith("newest")


def test_evicted() -> None:
    pod = captured("crash")["pod"]
    pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    found = diagnose(pod)
    assert found
    assert (found.cause, found.next_command) == ("evicted", "kubectl describe nodes")


@pytest.mark.parametrize(
    ("message", "cause", "said"),
    [
        pytest.param('pods "x" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0',
                     "quota", "used up (none, requested: pods=1", id="quota"),
        pytest.param('pods "x" is forbidden: failed quota: none: must specify limits.cpu for: app', "quota",
                     "wants requests and limits", id="quota without limits"),
        pytest.param('pods "x" is forbidden: violates PodSecurity "restricted:v1.37": runAsNonRoot != true (pod or '
                     'container "app" must set securityContext.runAsNonRoot=true)',
                     "security", "restricted:v1.37, and this one breaks it: runAsNonRoot != true", id="security"),
        pytest.param('Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already '
                     "allocated", "refused", "another Service has this NodePort", id="node port"),
        pytest.param("etcdserver: request timed out", "refused", "refused it: etcdserver", id="anything else"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_plain_words(message: str, cause: str, said: str) -> None:
    found = refused("pod/x", "n", message)
    assert found.cause == cause
    assert said in found.sentence
    assert found.next_command.startswith("kubectl ")


def test_a_volume_that_the_node_may_not_ask_for_yet_is_waited_for_longer() -> None:
    case = captured("volume")
    usual = diagnose(**case)
    for event in case["events"]:
        if event["reason"] == "FailedMount":
            event["message"] = (
                'persistentvolumeclaims "x" is forbidden: no relationship found between node and this object'
            )
    later = diagnose(**case)
    assert usual
    assert later
    assert (usual.patience, later.patience) == (5, 40)
