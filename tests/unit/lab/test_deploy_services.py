"""Which Pods carry the two services, and whose an object is."""

from typing import Any

import pytest

from lab.deploy import manifests, ownership, services, status
from lab.deploy.manifests import MANAGED_BY
from lab.deploy.services import BACK, FRONT
from lab.errors import LabError, Refused

from .fake_api import FakeApi

ECR = "810454728139.dkr.ecr.eu-west-3.amazonaws.com"


def pod(name: str, image: str, namespace: str = "default", **container: Any) -> Any:
    meta = {"name": name, "namespace": namespace, "uid": name, "labels": {"run": name}}
    spec = {"containers": [{"name": name, "image": image, **container}]}
    return {"metadata": meta, "spec": spec, "status": {"phase": "Running", "podIP": "10.244.0.9"}}


def carried(item: Any, answers: str = "") -> str:
    found = services.of(item, lambda _, port: answers if port == services.PORTS.get(answers) else "")
    return found.service if found else ""


@pytest.mark.parametrize(
    ("item", "answers", "service"),
    [
        pytest.param(pod("x", f"{ECR}/{BACK}:latest"), "", BACK, id="the course's backend, whatever the Pod's name"),
        pytest.param(pod("x", f"{ECR}/{FRONT}:latest"), "", FRONT, id="the course's frontend"),
        pytest.param(pod("x", f"cats-registry:5000/{BACK}@sha256:12"), "", BACK, id="a digest"),
        pytest.param(pod("x", "mine:1"), BACK, BACK, id="another image that answers"),
        pytest.param(pod("x", f"me/{BACK}-old:1"), "", "", id="another image"),
        pytest.param(pod("x", f"{BACK}:1", command=["sleep", "9"]), "", "", id="the image, to sleep in"),
        pytest.param(pod("x", f"{BACK}:1", args=["gunicorn"]), BACK, BACK, id="with arguments, which answers"),
        pytest.param({**pod("x", "mine:1"), "status": {"phase": "Pending"}}, BACK, "", id="it cannot be asked yet"),
    ],
)  # fmt: skip
def test_a_service_is_known_by_its_image_or_by_what_it_answers(item: Any, answers: str, service: str) -> None:
    assert carried(item, answers) == service


def test_a_helper_before_it_does_not_hide_the_container_that_serves() -> None:
    item = pod("x", "busybox")
    item["spec"]["containers"].append({"name": "app", "image": BACK, "env": [{"name": "PORT", "value": "5000"}]})
    found = services.of(item, lambda *_: "")
    assert found is not None
    assert (found.container["name"], found.port) == ("app", 5000)


def carrier(name: str, image: str, *, ready: bool = True, lab: bool = False, **more: Any) -> services.ServicePod:
    item = pod(name, image, **more)
    item["status"]["conditions"] = [{"type": "Ready", "status": str(ready)}]
    if lab:
        item["metadata"]["labels"][MANAGED_BY] = "lab"
    found = services.of(item, lambda *_: "")
    assert found is not None
    return found


def test_a_ready_pod_is_opened_the_lab_s_before_others() -> None:
    pods = [carrier("a", BACK), carrier("b", BACK, lab=True), carrier("c", FRONT, lab=True, ready=False)]
    assert [each.name for each in services.first([*pods, carrier("d", FRONT)])] == ["b", "d"]


@pytest.mark.parametrize(("name", "chosen"), [(None, "b"), ("c", "c"), ("default/a", "a")])
def test_a_shell_is_opened_in_the_backend_s_pod_or_the_one_that_is_named(name: str | None, chosen: str) -> None:
    pods = [carrier("a", BACK), carrier("b", BACK, lab=True), carrier("c", FRONT)]
    assert services.named(pods, name).name == chosen


@pytest.mark.parametrize(("pods", "hint"), [([], "make deploy"), ([carrier("a", BACK)], "there are: default/a")])
def test_a_pod_that_carries_no_service_is_refused_with_those_that_do(
    pods: list[services.ServicePod], hint: str
) -> None:
    with pytest.raises(LabError, match="no Pod x carries") as error:
        services.named(pods, "x")
    assert hint in error.value.hint


def test_one_of_the_lab_s_replicas_is_verified_and_each_pod_made_by_hand() -> None:
    pods = [carrier(name, BACK, lab=name < "c") for name in "abcd"]
    assert [each.name for each in services.one_of_each(pods)] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("pods", "answered", "notes"),
    [
        pytest.param([carrier("a", BACK, lab=True)], True, [], id="the lab's"),
        pytest.param([carrier("a", FRONT)], False, ["made by hand: default/a", "no Service", f"no Pod of {BACK}"],
                     id="the frontend's exercise"),
        pytest.param([carrier("a", FRONT), carrier("b", BACK)], True, ["made by hand: default/a, default/b"],
                     id="both, exposed"),
        pytest.param([carrier("a", BACK, lab=True), carrier("b", BACK)], False, ["made by hand: default/b"],
                     id="beside the lab's, whose ports are to answer"),
    ],
)  # fmt: skip
def test_status_says_what_is_expected_of_pods_made_by_hand(
    pods: list[services.ServicePod], *, answered: bool, notes: list[str]
) -> None:
    said = list(status.notes(pods, answered=answered))
    assert len(said) == len(notes)
    assert all(line.startswith(start) for line, start in zip(said, notes, strict=True))


RENDERED = manifests.render("pods", {})
BACK_PATH = f"/api/v1/namespaces/default/pods/{BACK}"


@pytest.mark.parametrize("kind", ["pods", "services"])
def test_what_was_made_by_hand_is_not_taken_over(kind: str) -> None:
    api: Any = FakeApi(**{f"/api/v1/namespaces/default/{kind}/{BACK}": pod(BACK, BACK)})
    with pytest.raises(Refused, match=f"you made {kind[:-1]}/{BACK} in namespace default yourself") as error:
        ownership.check(api, RENDERED)
    assert f"kubectl delete -n default {kind[:-1]}/{BACK}" in error.value.hint
    assert api.sent == []


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({}, id="nothing"),
        pytest.param({BACK_PATH: next(item for item in RENDERED if item["kind"] == "Pod")}, id="the lab's own"),
        pytest.param({BACK_PATH: {"metadata": {"name": BACK, "deletionTimestamp": "now"}}}, id="it is on its way out"),
    ],
)
def test_the_lab_s_own_is_deployed_again(there: Any) -> None:
    api: Any = FakeApi(**there)
    ownership.check(api, RENDERED)


def test_a_namespace_keeps_what_was_made_by_hand_in_it() -> None:
    where = "/api/v1/namespaces/chatroulette"
    labs = {"metadata": {"name": "x", "labels": {MANAGED_BY: "lab"}}}
    plain = {
        f"{where}/configmaps/kube-root-ca.crt": {"metadata": {"name": "kube-root-ca.crt"}},
        f"{where}/services/x": labs,
        f"{where}/configmaps/mine": {"metadata": {"name": "mine"}},
    }
    api: Any = FakeApi(**plain)
    assert [str(ref) for ref in ownership.by_hand(api, "chatroulette")] == ["configmap/mine"]
