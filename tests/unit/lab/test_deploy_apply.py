"""What is done to a cluster, decided on a made-up one that keeps objects as the API server does."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from lab.deploy import apply, manifests, plan, wait
from lab.deploy.manifests import RENDERED, SHAPE_LABEL, Ref
from lab.errors import LabError, TimedOut
from lab.kubernetes.client import ApiError


class Fake:
    """Keeps objects by path; counts what was written. Ends what is deleted after ``lingers`` reads."""

    def __init__(self, refuse: ApiError | None = None) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.written: list[tuple[str, str]] = []
        self.refuse, self.lingers = refuse, 0

    def get(self, path: str) -> dict[str, Any] | None:
        found = self.objects.get(path)
        if found and found["metadata"].get("deletionTimestamp"):
            self.lingers -= 1
            if self.lingers < 0:
                del self.objects[path]
                return None
        return copy.deepcopy(found)

    def apply(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.refuse and "/pods/" in path:
            raise self.refuse
        before = self.objects.get(path)
        kept = {"uid": path, "resourceVersion": "1"} if before is None else before["metadata"]
        merged = copy.deepcopy(body)
        merged["metadata"] = {**kept, **body["metadata"]}
        if before is not None and {**merged, "status": 0} != {**before, "status": 0}:
            merged["metadata"]["resourceVersion"] = str(int(before["metadata"]["resourceVersion"]) + 1)
        self.objects[path] = {**merged, "status": (before or {}).get("status", {})}
        self.written.append(("apply", path))
        return copy.deepcopy(self.objects[path])

    def delete(self, path: str, **_: Any) -> bool:
        if path not in self.objects:
            return False
        self.objects[path]["metadata"]["deletionTimestamp"] = "now"
        self.written.append(("delete", path))
        return True

    def items(self, path: str, labelSelector: str = "", **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        key, _, value = labelSelector.partition("=")
        return [
            item
            for where, item in self.objects.items()
            if re.fullmatch(re.escape(path) + "/[^/]+", where) and item["metadata"].get("labels", {}).get(key) == value
        ]

    def ready(self) -> None:
        for item in self.objects.values():
            item["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


@pytest.fixture
def api() -> Any:
    return Fake()


def silent(_: str) -> None:
    return


def put(api: Any, tag: str = "1", shape: Any = "pods") -> str:
    objects = manifests.render(shape, {"k8-chatroulette-back": f"k8-chatroulette-back:{tag}"})
    return apply.summary(apply.apply_all(api, objects, silent))


def test_the_first_time_everything_is_created(api: Any) -> None:
    assert put(api).count("created") == 5


def test_the_second_time_nothing_changes(api: Any) -> None:
    put(api)
    assert put(api) == "nothing changed"
    assert ("delete", "/api/v1/namespaces/default/pods/k8-chatroulette-back") not in api.written


def test_a_pod_with_another_image_is_replaced_and_the_other_is_left_alone(api: Any) -> None:
    put(api)
    assert put(api, "2") == "pod/k8-chatroulette-back replaced"


def test_a_pod_that_ended_is_replaced(api: Any) -> None:
    put(api)
    api.objects["/api/v1/namespaces/default/pods/k8-chatroulette-back"]["status"] = {"phase": "Failed"}
    assert put(api) == "pod/k8-chatroulette-back replaced"


def test_a_pod_on_its_way_out_is_waited_for(api: Any) -> None:
    put(api)
    api.delete("/api/v1/namespaces/default/pods/k8-chatroulette-back")
    api.lingers = 2
    assert put(api) == "pod/k8-chatroulette-back created"


def test_a_field_that_somebody_changed_comes_back(api: Any) -> None:
    put(api)
    path = "/api/v1/namespaces/default/services/k8-chatroulette-back"
    api.objects[path]["spec"]["ports"][0]["port"] = 1
    assert put(api) == "service/k8-chatroulette-back changed"
    assert api.objects[path]["spec"]["ports"][0]["port"] == 3000


def test_a_refusal_says_the_cause_and_the_next_command() -> None:
    fake: Any = Fake(ApiError(403, "Forbidden", "pods x is forbidden: exceeded quota: small, requested: pods=1"))
    with pytest.raises(LabError, match="quota is used up") as error:
        put(fake)
    assert error.value.hint == "kubectl describe resourcequota -n default"


def test_a_pod_is_retried_until_its_service_account_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = Fake(
        ApiError(403, "Forbidden", 'error looking up service account default/default: "default" not found')
    )
    monkeypatch.setattr(apply, "_READY_FOR_PODS", 0.3)
    with pytest.raises(TimedOut, match="to be accepted"):
        put(fake)


def test_only_what_the_lab_put_there_is_listed_and_removed(api: Any) -> None:
    put(api)
    theirs = "/api/v1/namespaces/default/pods/mypod"
    api.objects[theirs] = {"kind": "Pod", "metadata": {"name": "mypod", "labels": {"run": "mypod"}}}
    assert len(apply.live(api, "pods")) == 5
    apply.remove(api, apply.live(api, "pods"), silent)
    assert list(api.objects) == [theirs]


def test_what_never_goes_is_given_up_with_a_hint(api: Any) -> None:
    put(api)
    api.lingers = 10_000
    with pytest.raises(TimedOut, match="it is still ending") as error:
        apply.remove(api, [Ref("Pod", "default", "k8-chatroulette-back")], silent, timeout=0.5)
    assert "kubectl describe pod/k8-chatroulette-back" in error.value.hint


def test_the_other_shape_s_objects_make_room_but_its_namespace_stays(api: Any) -> None:
    labels = {SHAPE_LABEL: "app"}
    api.objects["/api/v1/namespaces/chatroulette"] = {"metadata": {"name": "chatroulette", "labels": labels}}
    for kind in ("Service", "Deployment"):
        path = Ref(kind, "chatroulette", "k8-chatroulette-back").path
        api.objects[path] = {"metadata": {"name": "k8-chatroulette-back", "labels": labels}}
    assert {one.kind for one in plan.others(api, "pods")} == {"Deployment", "Service"}
    assert {one.kind for one in plan.others(api, "scale")} == {"Deployment", "Service"}, "in the same namespace"
    assert plan.others(api, "app") == []


def test_everything_ready_is_told_at_once(api: Any) -> None:
    put(api)
    objects = manifests.render("pods", {})
    assert not wait.is_ready(api, objects)
    api.ready()
    assert wait.is_ready(api, objects)


@pytest.mark.parametrize(
    ("generation", "status", "ready"),
    [
        pytest.param(2, {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}, False,
                     id="not seen by the controller yet"),
        pytest.param(1, {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 2}, False,
                     id="an old Pod is left"),
        pytest.param(1, {"observedGeneration": 1, "updatedReplicas": 1, "replicas": 1}, False, id="not available"),
        pytest.param(1, {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}, True,
                     id="complete"),
    ],
)  # fmt: skip
def test_a_rollout_is_complete_when_only_new_pods_are_left(generation: int, status: Any, *, ready: bool) -> None:
    deployment = {"metadata": {"generation": generation}, "spec": {"replicas": 1}, "status": status}
    assert wait.rollout_state(deployment).ready is ready


def test_a_cause_is_believed_only_when_it_lasts() -> None:
    clock = [0.0]
    patience = wait.Patience(now=lambda: clock[0])
    cause = wait.diagnose.Diagnosis("crash", "Pod x", "ended", "kubectl logs x", patience=4)
    assert patience.believed([cause]) is None
    clock[0] = 3
    assert patience.believed([]) is None, "it ran again"
    clock[0] = 5
    assert patience.believed([cause]) is None
    clock[0] = 9
    assert patience.believed([cause]) is cause


def test_the_annotation_is_what_tells_a_changed_pod(api: Any) -> None:
    put(api)
    del api.objects["/api/v1/namespaces/default/pods/k8-chatroulette-back"]["metadata"]["annotations"][RENDERED]
    assert put(api) == "pod/k8-chatroulette-back replaced"


def test_faults_can_be_switched_on_in_any_shape_and_off(api: Any) -> None:
    def said(*, faults: bool) -> list[list[Any]]:
        rendered = manifests.render("pods", {}, faults=faults)
        found = [each for item in rendered for each in manifests.containers(item)]
        return [[one["value"] for one in each["env"] if one["name"] == "FAULTS"] for each in found]

    assert said(faults=True) == [["on"], ["on"]]
    assert said(faults=False) == [["off"], ["off"]]
    put(api)
    objects = manifests.render("pods", {"k8-chatroulette-back": "k8-chatroulette-back:1"}, faults=True)
    assert apply.summary(apply.apply_all(api, objects, silent)).count("replaced") == 2, "a Pod's settings are its own"


def replicaset(revision: str, template: str) -> dict[str, Any]:
    labels = {"pod-template-hash": template, "app": "x"}
    notes = {"deployment.kubernetes.io/revision": revision}
    return {"metadata": {"name": template, "labels": labels, "annotations": notes, "ownerReferences": [{"uid": "u"}]}}


def rollout(kind: str, **status: Any) -> dict[str, Any]:
    meta = {"name": "x", "namespace": "n", "uid": "u", "generation": 2}
    notes = {"deployment.kubernetes.io/revision": "2"}
    return {"kind": kind, "metadata": {**meta, "annotations": notes}, "status": status}


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        pytest.param(rollout("Deployment", observedGeneration=2), ["b"], id="Deployment"),
        pytest.param(rollout("Deployment", observedGeneration=1), [], id="its new ReplicaSet is not there yet"),
        pytest.param(rollout("StatefulSet", updateRevision="b"), ["b"], id="StatefulSet"),
        pytest.param(rollout("StatefulSet"), [], id="StatefulSet, just made"),
    ],
)
def test_a_new_rollout_is_not_judged_by_the_pods_that_it_replaces(api: Any, found: Any, kept: list[str]) -> None:
    for one in (replicaset("1", "a"), replicaset("2", "b")):
        api.objects[f"/apis/apps/v1/namespaces/n/replicasets/{one['metadata']['name']}"] = one
    pods = [
        {"metadata": {"name": name, "labels": {"pod-template-hash": name, "controller-revision-hash": name}}}
        for name in ("a", "b")
    ]
    api.items = lambda path, **_: [item for where, item in api.objects.items() if where.startswith(path)]
    assert [pod["metadata"]["name"] for pod in wait.newest(api, found, pods)] == kept


def test_a_statefulset_that_may_not_make_its_pod_says_why(api: Any) -> None:
    path = "/apis/apps/v1/namespaces/n/statefulsets/x"
    api.objects[path] = rollout("StatefulSet") | {"spec": {"selector": {"matchLabels": {"app": "x"}}}}
    refusal = "create Pod x-0 in StatefulSet x failed: pods is forbidden: exceeded quota: small, requested: pods=1"
    events = [{"reason": "SuccessfulCreate", "message": "made"}, {"reason": "FailedCreate", "message": refusal}]
    api.items = lambda where, **_: events if where.endswith("/events") else []
    state = wait.observe(api, Ref("StatefulSet", "n", "x"))
    (cause,) = wait.causes_of(api, Ref("StatefulSet", "n", "x"), state)
    assert "the namespace's quota is used up (small" in cause.sentence
