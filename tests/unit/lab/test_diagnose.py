"""Causes from what a real cluster said: captured/ holds one Pod a cause, from Kubernetes 1.37.2."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.deploy.diagnose import Diagnosis, diagnose

CAPTURED = Path(__file__).parent / "captured"


def captured(name: str) -> dict[str, Any]:
    """Return a captured Pod with its events and logs, and under ``cause`` and ``texts`` what is to be said of it."""
    case: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text())
    return case


def diagnosed(case: dict[str, Any]) -> Diagnosis:
    diagnosis = diagnose(case["pod"], case["events"], case.get("logs"))
    assert diagnosis
    return diagnosis


@pytest.mark.parametrize("name", sorted(path.stem for path in CAPTURED.glob("*.json")))
def test_a_captured_pod_has_its_cause_and_the_next_command(name: str) -> None:
    case = captured(name)
    diagnosis = diagnosed(case)
    assert diagnosis.cause == case["cause"]
    assert [text for text in case["texts"] if text not in diagnosis.sentence] == []
    assert diagnosis.subject == f"Pod {name}"
    assert diagnosis.container == ("" if diagnosis.cause in {"unschedulable", "volume"} else "app")
    assert diagnosis.next_command.startswith("kubectl ")


def starts(pod: Any) -> None:
    pod["status"] = {"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}]}


def ends(pod: Any) -> None:
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


def runs_again(pod: Any) -> None:
    (status,) = pod["status"]["containerStatuses"]
    status.update(state={"running": {}}, lastState={"terminated": {"exitCode": 3}}, restartCount=1, ready=True)


@pytest.mark.parametrize("change", [starts, ends, runs_again])
def test_nothing_is_wrong(change: Any) -> None:
    pod = captured("crash")["pod"]
    change(pod)
    assert diagnose(pod) is None


@pytest.mark.parametrize(
    ("messages", "detail"),
    [
        pytest.param(["HTTP probe failed with statuscode: 503"], "it answered 503", id="by its status"),
        pytest.param(["first", "newest"], "newest", id="the newest"),
    ],
)
def test_a_probe_s_answer_is_quoted(messages: list[str], detail: str) -> None:
    case = captured("readiness-http")
    event = next(event for event in case["events"] if event["reason"] == "Unhealthy")
    case["events"] = [
        {**event, "message": f"Readiness probe failed: {message}", "lastTimestamp": f"2099-01-0{day}T00:00:00Z"}
        for day, message in enumerate(messages, start=1)
    ]
    assert diagnosed(case).detail.endswith(f"its readiness probe fails: {detail}")


def test_an_evicted_pod() -> None:
    pod = captured("crash")["pod"]
    pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    diagnosis = diagnosed({"pod": pod, "events": []})
    assert (diagnosis.cause, diagnosis.next_command) == ("evicted", "kubectl describe nodes")


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        pytest.param("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
                     "finds no volume, and its class makes none", id="no volume"),
        pytest.param("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
                     "is not bound to a volume", id="unbound"),
    ],
)  # fmt: skip
def test_a_claim_that_finds_no_volume(message: str, detail: str) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    meta = {"name": "redis-0", "namespace": "chatroulette"}
    pod = {"metadata": meta, "spec": {"containers": []}, "status": {"conditions": [condition]}}
    diagnosis = diagnosed({"pod": pod, "events": []})
    assert diagnosis.cause == "volume"
    assert detail in diagnosis.sentence
    assert diagnosis.next_command == "kubectl describe persistentvolumeclaims -n chatroulette"


def test_a_volume_that_the_node_may_not_ask_for_yet_is_waited_for_longer() -> None:
    case = captured("volume")
    usual = diagnosed(case)
    for event in case["events"]:
        if event["reason"] == "FailedMount":
            event["message"] = 'claim "x" is forbidden: no relationship found between node and this object'
    assert diagnosed(case).patience > usual.patience
