"""What is done to a cluster, decided on a fake one that keeps objects as the API server does."""

from typing import Any

import pytest

from lab.deploy import apply, manifests, wait
from lab.deploy.manifests import RENDERED, Ref
from lab.errors import LabError, TimedOut
from lab.kubernetes.client import ApiError

from .fake_api import FakeApi

BACK = "/api/v1/namespaces/default/pods/k8-chatroulette-back"


@pytest.fixture
def api() -> Any:
    return FakeApi()


def silent(_: str) -> None:
    return


def deploy(api: Any, tag: str = "1", *, faults: bool = False) -> str:
    references = {"k8-chatroulette-back": f"k8-chatroulette-back:{tag}"}
    return apply.summary(apply.apply_all(api, manifests.render("pods", references, faults=faults), silent))


def ended(api: Any) -> None:
    api.objects[BACK]["status"] = {"phase": "Failed"}


def without_annotation(api: Any) -> None:
    del api.objects[BACK]["metadata"]["annotations"][RENDERED]


@pytest.mark.parametrize(
    ("change", "options", "summary"),
    [
        pytest.param(None, {"tag": "2"}, "pod/k8-chatroulette-back replaced", id="another image"),
        pytest.param(ended, {}, "pod/k8-chatroulette-back replaced", id="it has ended"),
        pytest.param(without_annotation, {}, "pod/k8-chatroulette-back replaced", id="not the lab's rendering"),
        pytest.param(None, {"faults": True}, "pod/k8-chatroulette-back replaced, pod/k8-chatroulette-front replaced",
                     id="faults: a Pod's settings are its own"),
    ],
)  # fmt: skip
def test_only_a_pod_that_differs_or_has_ended_is_replaced(api: Any, change: Any, options: Any, summary: str) -> None:
    deploy(api)
    if change:
        change(api)
    assert deploy(api, **options) == summary


def test_a_pod_on_its_way_out_is_waited_for(api: Any) -> None:
    deploy(api)
    api.delete(BACK)
    api.lingers = 2
    assert deploy(api) == "pod/k8-chatroulette-back created"


def test_only_what_somebody_changed_is_applied_again(api: Any) -> None:
    assert deploy(api).count("created") == len(api.objects)
    assert deploy(api) == "nothing changed"
    assert api.sent == []
    path = "/api/v1/namespaces/default/services/k8-chatroulette-back"
    api.objects[path]["spec"]["ports"][0]["port"] = 1
    assert deploy(api) == "service/k8-chatroulette-back changed"
    assert api.objects[path]["spec"]["ports"][0]["port"] == 3000


def test_a_refusal_says_the_cause_and_the_next_command(api: Any) -> None:
    api.refusals = [ApiError(403, "Forbidden", "pods x is forbidden: exceeded quota: small, requested: pods=1")]
    with pytest.raises(LabError, match="quota is used up") as error:
        deploy(api)
    assert error.value.hint == "kubectl describe resourcequota small -n default"


def test_a_pod_whose_successor_is_refused_stays(api: Any) -> None:
    deploy(api)
    before = api.get(BACK)
    api.refusals = [ApiError(403, "Forbidden", 'pods is forbidden: violates PodSecurity "restricted:v1.37": no')]
    with pytest.raises(LabError, match=r"profile restricted.*Before that: nothing changed"):
        deploy(api, tag="2")
    assert api.get(BACK) == before


def test_a_pod_is_retried_until_its_service_account_is_there(api: Any) -> None:
    refusal = ApiError(403, "Forbidden", 'error looking up service account default/default: "default" not found')
    api.refusals = [refusal, refusal]
    assert "pod/k8-chatroulette-back created" in deploy(api)


def test_what_never_goes_is_given_up_with_a_hint(api: Any) -> None:
    deploy(api)
    api.lingers = 10_000
    with pytest.raises(TimedOut, match="it is still ending") as error:
        apply.remove(api, [Ref("Pod", "default", "k8-chatroulette-back")], silent, timeout=0.1)
    assert "kubectl describe pod/k8-chatroulette-back" in error.value.hint


def test_only_what_is_ready_is_not_waited_for(api: Any) -> None:
    deploy(api)
    objects = manifests.render("pods", {})
    assert not wait.is_ready(api, objects)
    for item in api.objects.values():
        item["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
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
    cause = wait.Diagnosis("crash", "Pod x", "ended", "kubectl logs x", patience=4)
    for seconds, causes, believed in [(0, [cause], None), (3, [], None), (5, [cause], None), (9, [cause], cause)]:
        clock[0] = seconds
        assert patience.believed(causes) is believed


def replicaset(revision: str, template: str) -> dict[str, Any]:
    labels = {"pod-template-hash": template, "app": "x"}
    notes = {"deployment.kubernetes.io/revision": revision}
    return {"metadata": {"name": template, "labels": labels, "annotations": notes, "ownerReferences": [{"uid": "u"}]}}


def rollout(kind: str, **status: Any) -> dict[str, Any]:
    meta = {"name": "x", "namespace": "n", "uid": "u", "generation": 2}
    notes = {"deployment.kubernetes.io/revision": "2"}
    return {"kind": kind, "metadata": {**meta, "annotations": notes}, "status": status}


@pytest.mark.parametrize(
    ("workload", "kept"),
    [
        pytest.param(rollout("Deployment", observedGeneration=2), ["b"], id="Deployment"),
        pytest.param(rollout("Deployment", observedGeneration=1), [], id="its new ReplicaSet is not there yet"),
        pytest.param(rollout("StatefulSet", updateRevision="b"), ["b"], id="StatefulSet"),
        pytest.param(rollout("StatefulSet"), [], id="StatefulSet, just made"),
    ],
)
def test_a_new_rollout_is_not_judged_by_the_pods_that_it_replaces(api: Any, workload: Any, kept: list[str]) -> None:
    for item in (replicaset("1", "a"), replicaset("2", "b")):
        api.objects[f"/apis/apps/v1/namespaces/n/replicasets/{item['metadata']['name']}"] = item
    pods = [
        {"metadata": {"name": name, "labels": {"pod-template-hash": name, "controller-revision-hash": name}}}
        for name in ("a", "b")
    ]
    assert [pod["metadata"]["name"] for pod in wait.newest(api, workload, pods)] == kept


def test_a_statefulset_that_may_not_make_its_pod_says_why(api: Any) -> None:
    ref = Ref("StatefulSet", "n", "x")
    api.objects[ref.path] = rollout("StatefulSet") | {"spec": {"selector": {"matchLabels": {"app": "x"}}}}
    refusal = "create Pod x-0 in StatefulSet x failed: pods is forbidden: exceeded quota: small, requested: pods=1"
    for number, (reason, message) in enumerate([("SuccessfulCreate", "made"), ("FailedCreate", refusal)]):
        event = {"metadata": {}, "reason": reason, "message": message}
        api.objects[f"/api/v1/namespaces/n/events/{number}"] = event
    (cause,) = wait.causes_of(api, ref, wait.observe(api, ref))
    assert "the namespace's quota is used up: ResourceQuota small (" in cause.sentence


def test_each_container_that_ended_has_its_own_last_words(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "text", lambda _path, container, **_: f"words of {container}", raising=False)
    names = ("redis", "helper")
    ended = {"waiting": {"reason": "CrashLoopBackOff"}}
    last = {"terminated": {"exitCode": 1, "reason": "Error"}}
    statuses = [{"name": name, "state": ended, "lastState": last, "restartCount": 2} for name in names]
    pod = {"kind": "Pod", "metadata": {"name": "x", "namespace": "n", "uid": "u"}}
    pod |= {"spec": {"containers": [{"name": name} for name in names]}, "status": {"containerStatuses": statuses}}
    ref = Ref("Pod", "n", "x")
    api.objects[ref.path] = pod
    (cause,) = wait.causes_of(api, ref, wait.observe(api, ref))
    assert all(f"words of {name}" in cause.sentence for name in names)
