"""Causes from what a real cluster said: captured/ holds one Pod a cause, from Kubernetes 1.37.2."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.deploy.causes.case import Diagnosis
from lab.deploy.diagnose import diagnose

CAPTURED = Path(__file__).parent / "captured"
MORE: dict[str, Any] = json.loads(Path(__file__).with_name("captured_causes.json").read_text())
"""Pods by name, as `captured` returns each, with the container at fault."""


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
    assert_told(name, {"container": "" if case["cause"] in {"unschedulable", "volume"} else "app"} | case)


@pytest.mark.parametrize("name", MORE)
def test_each_of_many_pods_that_do_not_run_has_its_cause(name: str) -> None:
    assert_told(name, MORE[name])


def assert_told(name: str, case: dict[str, Any]) -> None:
    diagnosis = diagnosed(case)
    assert (diagnosis.cause, diagnosis.container) == (case["cause"], case["container"])
    assert [text for text in case["texts"] if text not in diagnosis.sentence] == []
    assert diagnosis.subject == f"Pod {name}"
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


def test_a_mount_that_failed_before_it_succeeded_is_not_told() -> None:
    case = captured("volume")
    conditions = [{"type": "PodReadyToStartContainers", "status": "True"}]
    case["pod"]["status"]["conditions"] = conditions
    assert diagnose(case["pod"], case["events"]) is None


def test_a_start_that_failed_once_is_not_told_of_a_container_that_runs() -> None:
    case = captured("command")
    (status,) = case["pod"]["status"]["containerStatuses"]
    status["state"] = {"running": {"startedAt": "2099-01-01T00:00:00Z"}}
    assert diagnose(case["pod"], case["events"]) is None


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


@pytest.mark.parametrize(
    ("code", "words"),
    [(137, "who killed it is not known"), (139, "SIGSEGV"), (143, "SIGTERM"), (134, "SIGABRT"),
     (126, "may not be executed"), (127, "is not there"), (3, "exit code 3 (")],
)  # fmt: skip
def test_an_exit_code_is_told_by_its_meaning(code: int, words: str) -> None:
    pod = captured("crash")["pod"]
    (status,) = pod["status"]["containerStatuses"]
    status.update(state={"terminated": {"exitCode": code, "reason": "Error"}}, lastState={})
    assert words in diagnosed({"pod": pod, "events": []}).sentence


def test_a_probe_s_words_go_to_their_own_container() -> None:
    case = captured("readiness-http")
    (event,) = [event for event in case["events"] if event["reason"] == "Unhealthy"][:1]
    own, helper = ({**event, "involvedObject": {"fieldPath": f"spec.containers{{{name}}}"}} for name in ("app", "help"))
    own |= {"message": "Readiness probe failed: mine", "lastTimestamp": "2099-01-01T00:00:00Z"}
    helper |= {"message": "Readiness probe failed: helper says no", "lastTimestamp": "2099-01-02T00:00:00Z"}
    assert diagnosed({**case, "events": [own, helper]}).detail.endswith("fails: mine")


@pytest.mark.parametrize("place", ["init", "Pod"])
def test_the_limit_of_an_init_container_and_of_a_pod_are_told(place: str) -> None:
    resources = {"resources": {"limits": {"memory": "16Mi"}}}
    spec: dict[str, Any] = {"initContainers": [{"name": "first"}], "containers": [{"name": "app"}]}
    (spec["initContainers"][0] if place == "init" else spec).update(resources)
    ended = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    status = {"initContainerStatuses": [{"name": "first", "state": ended}]}
    pod = {"metadata": {"name": "p"}, "spec": spec, "status": status}
    diagnosis = diagnosed({"pod": pod, "events": []})
    assert (diagnosis.cause, diagnosis.container) == ("memory", "first")
    assert "limit of 16Mi" in diagnosis.sentence
    assert ".spec.resources" in diagnosis.next_command
    assert ".spec.initContainers" in diagnosis.next_command


@pytest.mark.parametrize(("kind", "handler"), [("readiness", "httpGet"), ("startup", "tcpSocket")])
def test_a_port_name_that_is_not_there_is_told_at_once(kind: str, handler: str) -> None:
    pod = captured("readiness-http")["pod"]
    (spec,) = pod["spec"]["containers"]
    spec.pop("readinessProbe")
    spec |= {"ports": [{"name": "http", "containerPort": 8080}], f"{kind}Probe": {handler: {"port": "web"}}}
    diagnosis = diagnosed({"pod": pod, "events": []})
    assert (diagnosis.cause, diagnosis.container, diagnosis.patience) == ("probe", "app", 0)
    assert "no port named 'web'" in diagnosis.sentence


def test_memory_in_thousandths_of_a_byte_is_told() -> None:
    pod = captured("readiness-http")["pod"]
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "64m"}}
    diagnosis = diagnosed({"pod": pod, "events": []})
    assert "thousandths of a byte" in diagnosis.sentence
    assert "64Mi may be meant" in diagnosis.sentence
