"""What SHAPE=scale adds: volumes where the cluster makes none, and numbers of Pods that are an autoscaler's."""

from pathlib import Path
from typing import Any

import pytest

from lab import config, docker
from lab.config import Settings
from lab.deploy import apply, volumes
from lab.deploy import status as status_
from lab.deploy.manifests import SHAPE_LABEL, Ref

from .fake_api import FakeApi

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
FOLDER = "/var/lib/chatroulette-lab/chatroulette-redis"
VOLUME = "/api/v1/persistentvolumes/chatroulette-redis"


def storage_class(name: str, provisioner: str, *, default: bool = False) -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else None
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner}


def claim(name: str | None = None) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    named = {"storageClassName": name} if name is not None else {}
    meta = {"name": "redis", "namespace": "chatroulette", "labels": {"app.kubernetes.io/name": "redis"}}
    return {"kind": "PersistentVolumeClaim", "metadata": meta, "spec": {**spec, **named}}


MANUAL = storage_class("standard", volumes.NO_PROVISIONER, default=True)
PROVISIONED = storage_class("standard", "rancher.io/local-path", default=True)


@pytest.mark.parametrize(
    ("wanted", "classes", "name"),
    [
        pytest.param(None, [MANUAL], "standard", id="the default makes none"),
        pytest.param(None, [PROVISIONED], "", id="the default makes them"),
        pytest.param(None, [storage_class("x", volumes.NO_PROVISIONER)], "", id="there is no default"),
        pytest.param("x", [PROVISIONED, storage_class("x", volumes.NO_PROVISIONER)], "x", id="the named makes none"),
        pytest.param("x", [MANUAL, storage_class("x", "a.b/c")], "", id="the named one makes them"),
        pytest.param("", [MANUAL], "", id="no class is wanted"),
    ],
)
def test_only_a_class_that_makes_no_volumes_needs_one(wanted: str | None, classes: list[Any], name: str) -> None:
    assert volumes.manual_class(claim(wanted), classes) == name


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load({"LAB_CACHE": str(tmp_path), "LAB_CLUSTER": "dogs"})


@pytest.fixture
def on_node(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that were run on the node."""
    commands: list[tuple[str, ...]] = []

    def run(_exec: str, node: str, *command: str) -> None:
        assert node == "dogs-control-plane"
        commands.append(command)

    monkeypatch.setattr(docker, "docker", run)
    return commands


def make(storage: Any, settings: Settings, **objects: Any) -> tuple[list[Any], FakeApi]:
    api: Any = FakeApi(**{f"{CLASSES}/standard": storage, **objects})
    return volumes.make(api, settings, "scale", [claim(), {"kind": "Service"}], lambda _: None), api


def test_a_volume_is_a_folder_on_the_node_for_that_claim_alone(settings: Settings, on_node: list[Any]) -> None:
    (volume,), _ = make(MANUAL, settings)
    assert on_node == [("mkdir", "--parents", FOLDER)]
    assert volume["metadata"]["labels"][SHAPE_LABEL] == "scale", "else undeploy would not find it"
    assert volume["spec"]["local"] == {"path": FOLDER}, "kubelet gives no hostPath to the Pod's group"
    assert volume["spec"]["claimRef"]["name"] == "redis"
    assert volume["spec"]["storageClassName"] == "standard"
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}


def test_a_volume_whose_claim_was_deleted_is_made_anew(settings: Settings, on_node: list[Any]) -> None:
    _, api = make(MANUAL, settings, **{VOLUME: {"metadata": {}, "status": {"phase": "Released"}}})
    assert api.sent == [("DELETE", VOLUME)]
    assert [command[0] for command in on_node] == ["rm", "mkdir"]


def test_only_the_folder_of_a_deleted_volume_goes(settings: Settings, on_node: list[Any]) -> None:
    refs = [Ref("PersistentVolume", "", "chatroulette-redis"), Ref("Service", "chatroulette", "redis")]
    volumes.remove(settings, [apply.Change("deleted", ref) for ref in refs])
    volumes.remove(settings, [apply.Change("deleted", refs[1])])
    assert on_node == [("rm", "--recursive", "--force", FOLDER)]


def autoscaler(minimum: int) -> dict[str, Any]:
    spec = {"minReplicas": minimum, "maxReplicas": 6, "scaleTargetRef": {"kind": "Deployment", "name": "x"}}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "x", "namespace": "n"}, "spec": spec}


SCALE = "/apis/apps/v1/namespaces/n/deployments/x/scale"


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        pytest.param(0, [("PATCH", SCALE, {"spec": {"replicas": 3}})], id="none at all"),
        pytest.param(3, [], id="enough"),
        pytest.param(5, [], id="more, as the autoscaler decided"),
    ],
)
def test_a_minimum_is_not_waited_for_and_more_is_left_alone(now: int, sent: list[Any]) -> None:
    api: Any = FakeApi(**{SCALE: {"metadata": {}, "spec": {"replicas": now}}})
    apply.scale_to_minimum(api, [autoscaler(3), {"kind": "Service"}], lambda _: None)
    assert api.sent == sent


UNREACHABLE = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
    "resource cpu: unable to fetch metrics from resource metrics API: the server is unable to handle the request"
)


@pytest.mark.parametrize(
    ("kind", "status", "message", "trouble"),
    [
        pytest.param("ScalingActive", "True", "", "", id="scales"),
        pytest.param("ScalingActive", "False", UNREACHABLE, "is metrics-server up?", id="no metrics-server"),
        pytest.param("ScalingActive", "False", "no metrics returned from resource metrics API",
                     "no figures of its Pods yet", id="Pods that just started"),
        pytest.param("ScalingActive", "False", "scaling is disabled since the replica count of the target is zero",
                     "scaling is disabled", id="scaled to none by hand"),
        pytest.param("AbleToScale", "False", "deployments x not found", "it cannot scale: deployments x not found",
                     id="nothing to scale"),
    ],
)  # fmt: skip
def test_an_autoscaler_that_does_not_scale_says_why(kind: str, status: str, message: str, trouble: str) -> None:
    text = status_.trouble({"status": {"conditions": [{"type": kind, "status": status, "message": message}]}})
    assert trouble in text
    assert bool(text) == bool(trouble)
    assert status_.trouble({"status": {"conditions": None}}) == "", "it has not looked yet"


def test_an_autoscaler_that_has_not_looked_yet_has_no_figures() -> None:
    assert status_.autoscaler(autoscaler(3)) == status_.Autoscaler("x", 0, 3, 6, "", "")


@pytest.mark.parametrize(
    ("replicas", "ready", "lacking"),
    [
        pytest.param(1, 1, [], id="all there"),
        pytest.param(3, 1, ["statefulset/redis: 1 of 3 Pods Ready"], id="some"),
        pytest.param(0, 0, ["statefulset/redis: 0 of 1 Pods Ready"], id="scaled to none"),
    ],
)
def test_what_is_short_of_pods_is_listed(replicas: int, ready: int, lacking: list[str]) -> None:
    meta = {"name": "redis", "labels": {SHAPE_LABEL: "scale"}}
    item = {"metadata": meta, "spec": {"replicas": replicas}, "status": {"readyReplicas": ready} if ready else {}}
    api: Any = FakeApi(**{Ref("StatefulSet", "chatroulette", "redis").path: item})
    assert status_.lacking(api, "StatefulSet") == lacking
