"""Files that a beginner writes: one that is refused says what was meant, and costs the running backend nothing."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import steps, waiting
from lab.config import ROOT
from lab.deploy import apply, manifests, plan
from lab.errors import LabError
from lab.kubernetes import client
from lab.kubernetes.client import Api
from lab.testing import Cluster

pytestmark = pytest.mark.cluster
BACK = "/api/v1/namespaces/default/pods/k8-chatroulette-back"
OTHER_IMAGES = {"k8-chatroulette-back": "busybox", "k8-chatroulette-front": "busybox"}
"""Images that would replace the Pods."""


@dataclass(frozen=True)
class Deployed:
    """The shape pods as it runs, and its files, to be changed."""

    cluster: Cluster
    api: Api
    folder: Path

    @property
    def uid(self) -> str:
        pod = self.api.get(BACK)
        assert pod is not None, "the backend is gone"
        return str(pod["metadata"]["uid"])

    def prepare(self, references: dict[str, str] = OTHER_IMAGES) -> plan.Deployment:
        return plan.prepare(self.cluster.settings, "pods", references, faults=True)

    def deploy(self, references: dict[str, str] = OTHER_IMAGES) -> None:
        deployment = self.prepare(references)
        steps.run([plan.check(deployment), *plan.steps(deployment)], lambda _: None)

    def refuses(self, message: str) -> LabError:
        """Deploy in vain: the message is as said, and the backend the same as before."""
        before = self.uid
        with pytest.raises(LabError) as error:
            self.deploy()
        assert re.search(message, f"{error.value.what} {error.value.hint}"), error.value
        assert self.uid == before
        return error.value


@pytest.fixture(scope="module")
def running(cluster: Cluster) -> Iterator[Cluster]:
    cluster.lab("deploy")
    yield cluster
    cluster.lab("undeploy")


@pytest.fixture
def deployed(running: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    folder = Path(shutil.copytree(ROOT / "k8s" / "pods", tmp_path / "k8s" / "pods"))
    return Deployed(running, client.api(running.settings), folder)


JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: tidy}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: tidy, image: busybox, imagePullPolicy: IfNotPresent, command: ["true"]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {built: 2026-01-02}
"""
POD = [
    ("  labels:", "  annotations: {country: no}\n  labels:", 'line 7: .*quote it: "no"'),
    ('- name: DRAIN_SECONDS\n          value: "2"', '- DRAIN_SECONDS: "2"', "line 35: .*write `- name: DRAIN_SECONDS`"),
    ('value: "2"', "value: 2", 'line 36: .*value wants text.*"2"'),
    ("    - name: back\n", "      name: back\n", "line 22: spec.containers wants a list"),
    ("      image: k8-chatroulette-back\n", "", r"line 25: spec.containers\[0\].image is missing"),
    ("  containers:", "  image: x\n  containers:", r"line 22: .*belongs to spec.containers\[\]"),
    ("containers:", "contaners:", "line 22: spec.contaners is unknown .did you mean containers?"),
    ("containerPort", "ContainerPort", "line 31: .*did you mean containerPort?"),
    ("containerPort: 3000", 'containerPort: "3000"', "line 31: .*wants a whole number"),
    ("containerPort: 3000", "containerPort: 70000", "line 31: .*between 1 and 65535"),
    ("memory: 64Mi", "memory: 64MiB", "line \\d+: .*requests.memory is '64MiB', and no quantity"),
    ("memory: 64Mi", "memory: 640Mi", 'line \\d+: .*requests.memory is "640Mi".*limit of 128Mi'),
    ("- name: back\n", "- name: Back_End\n", "line 25: .*such as back-end"),
    ("component: backend", "component: the backend!", 'line 10: .*component is "the backend!"'),
    ("        httpGet: {path: /livez, port: http}\n", "", "line \\d+: .*livenessProbe .*httpGet, tcpSocket"),
    ("- name: tmp\n          mount", "- name: temp\n          mount", "line \\d+: .*the volumes are tmp"),
    ("metadata:\n", "metadata:\n  namespace: nope\n", "there is no namespace nope"),
    ("image: k8-chatroulette-back\n", "image: busybox:1.99\n", "line 27: the node cannot pull busybox:1.99"),
]
"""What is changed in the backend's file, and what is said of it."""

TAKEN_PORT = """
apiVersion: v1
kind: Service
metadata: {name: other}
spec:
  type: NodePort
  ports:
    - port: 80
      nodePort: 30080
"""
NEW_NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab-e2e-new}\n---\n"
OTHERS = {
    "a kind in lower case": (JOB.replace("kind: Job", "kind: job"), "did you mean Job"),
    "another kind's version": (JOB.replace("batch/v1", "apps/v1"), "its apiVersion is batch/v1"),
    "the second document": (JOB.replace("2026-01-02", "12"), 'x.yaml, line 15: data.built wants text.*"12"'),
    "a port that is taken": (TAKEN_PORT, "line 9: .*already allocated"),
    "what is in a new namespace": (
        NEW_NAMESPACE
        + JOB.replace("tidy}\nspec", "tidy, namespace: lab-e2e-new}\nspec").replace("restartP", "restartp"),
        "did you mean restartPolicy",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), POD, ids=[message for _, _, message in POD])
def test_a_pod_that_is_refused_costs_nothing_and_says_what_was_meant(
    deployed: Deployed, old: str, new: str, message: str
) -> None:
    file = deployed.folder / "back.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    assert deployed.refuses(message).hint


@pytest.mark.parametrize(("text", "message"), OTHERS.values(), ids=OTHERS)
def test_whatever_is_refused_nothing_is_changed(deployed: Deployed, text: str, message: str) -> None:
    (deployed.folder / "x.yaml").write_text(text)
    deployed.refuses(message)
    assert deployed.api.get("/api/v1/namespaces/default/configmaps/settings") is None
    assert deployed.api.get("/api/v1/namespaces/lab-e2e-new") is None


def test_what_kubectl_takes_is_taken_and_its_warnings_are_shown(deployed: Deployed) -> None:
    file = deployed.folder / "back.yaml"
    double = '- {name: DRAIN_SECONDS, value: "3"}\n        - name: DRAIN_SECONDS'
    text = file.read_text().replace("- name: DRAIN_SECONDS", double)
    file.write_text(text.replace("  labels:", "  annotations: {on: , built: 2026-01-02}\n  labels:"))
    (deployed.folder / "empty.yaml").write_text("---\n# nothing\n---\n")
    (deployed.folder / "list.json").write_text('{"apiVersion": "v1", "kind": "List", "items": []}')
    events: list[steps.Event] = []
    steps.run([plan.check(deployed.prepare())], events.append)
    notes = [event.detail for event in events if event.kind == "note"]
    assert any("line 37: " in note and "hides previous definition" in note for note in notes)


def running_references(deployed: Deployed) -> dict[str, str]:
    """Return the images as they run: with them, the Pods are not replaced."""
    return {
        manifests.image_name(each["image"]): each["image"]
        for pod in deployed.api.items("/api/v1/namespaces/default/pods", labelSelector=manifests.SHAPE_LABEL)
        for each in pod["spec"]["containers"]
    }


def test_a_liveness_path_that_is_not_there_is_told_at_once(deployed: Deployed) -> None:
    """The Pod is Ready for as long as its probe has not failed three times."""
    references, file = running_references(deployed), deployed.folder / "back.yaml"
    right = file.read_text()
    file.write_text(right.replace("path: /livez", "path: /alive"))
    try:
        with pytest.raises(LabError, match=r"GET /alive on port 3000 is answered 404, .* every \d+ s"):
            deployed.deploy(references)
    finally:
        file.write_text(right)
        deployed.deploy(references)


def test_other_kinds_come_and_go_with_the_rest(deployed: Deployed) -> None:
    references = running_references(deployed)

    def deploy() -> list[str]:
        deployed.deploy(references)
        return sorted(map(str, apply.live(deployed.api)["pods"]))

    before, uid = deploy(), deployed.uid
    (deployed.folder / "x.yml").write_text(JOB)
    assert deploy() == sorted([*before, "configmap/settings", "job/tidy"])
    (deployed.folder / "x.yml").unlink()
    assert deploy() == before
    assert deployed.uid == uid


LIMITS: dict[str, Any] = {"kind": "LimitRange", "spec": {"limits": [{"type": "Container", "max": {"memory": "100Mi"}}]}}
QUOTA: dict[str, Any] = {"kind": "ResourceQuota", "spec": {"hard": {"limits.memory": "10Mi"}}}


@pytest.mark.parametrize("item", [pytest.param(each, id=each["kind"]) for each in (LIMITS, QUOTA)])
def test_the_object_that_refused_is_named(deployed: Deployed, item: dict[str, Any]) -> None:
    path = f"/api/v1/namespaces/default/{item['kind'].lower()}s"
    deployed.api.create(path, {"apiVersion": "v1", "metadata": {"name": "small"}, **item})

    def is_counted() -> tuple[bool, str]:
        made = deployed.api.get(f"{path}/small") or {}
        return item is LIMITS or "hard" in made.get("status", {}), ""

    try:
        waiting.until("the quota to be counted", is_counted, timeout=20)
        assert deployed.refuses(f"{item['kind']} small").hint.startswith(f"kubectl describe {item['kind'].lower()}")
    finally:
        deployed.api.delete(f"{path}/small")
