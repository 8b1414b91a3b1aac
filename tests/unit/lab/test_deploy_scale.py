"""What SHAPE=scale adds: volumes where the cluster makes none, and numbers of Pods that are an autoscaler's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lab import config, docker
from lab.deploy import apply, manifests, scaling, volumes
from lab.deploy import status as state
from lab.deploy.diagnose import diagnose
from lab.deploy.manifests import SHAPE_LABEL, Ref

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import Settings

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def storage_class(name: str, provisioner: str, *, default: bool = False) -> dict[str, Any]:
    return {"metadata": {"name": name, "annotations": DEFAULT if default else None}, "provisioner": provisioner}


def claim(name: str | None = None) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    named = {"storageClassName": name} if name is not None else {}
    meta = {"name": "redis", "namespace": "chatroulette", "labels": {"app.kubernetes.io/name": "redis"}}
    return {"kind": "PersistentVolumeClaim", "metadata": meta, "spec": {**spec, **named}}


HAND = storage_class("standard", volumes.NO_PROVISIONER, default=True)
MADE = storage_class("standard", "rancher.io/local-path", default=True)


@pytest.mark.parametrize(
    ("wanted", "classes", "name"),
    [
        pytest.param(None, [HAND], "standard", id="the default makes none"),
        pytest.param(None, [MADE], "", id="the default makes them"),
        pytest.param(None, [storage_class("x", volumes.NO_PROVISIONER)], "", id="there is no default"),
        pytest.param("x", [MADE, storage_class("x", volumes.NO_PROVISIONER)], "x", id="the named one makes none"),
        pytest.param("x", [HAND, storage_class("x", "a.b/c")], "", id="the named one makes them"),
        pytest.param("", [HAND], "", id="no class is wanted"),
    ],
)
def test_only_a_class_that_makes_no_volumes_needs_one(wanted: str | None, classes: list[Any], name: str) -> None:
    assert volumes.manual_class(claim(wanted), classes) == name


class Fake:
    """Has objects by path; keeps what was sent."""

    def __init__(self, **objects: Any) -> None:
        self.objects, self.sent = objects, []  # type: ignore[var-annotated]

    def get(self, path: str) -> Any:
        return self.objects.get(path)

    def items(self, path: str, **_: Any) -> list[Any]:
        found: list[Any] = self.objects.get(path, [])
        return found

    def call(self, method: str, path: str, body: Any, **_: Any) -> None:
        self.sent.append((method, path, body))

    def delete(self, path: str, **_: Any) -> bool:
        self.sent.append(("DELETE", path, None))
        return self.objects.pop(path, None) is not None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load({"LAB_CACHE": str(tmp_path), "LAB_CLUSTER": "dogs"})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was run in the node."""
    words: list[tuple[str, ...]] = []
    monkeypatch.setattr(docker, "docker", lambda *given, **_: words.append(given))
    return words


def silent(_: str) -> None:
    return


FOLDER = "/var/lib/chatroulette-lab/chatroulette-redis"


def test_a_volume_is_a_folder_on_the_node_for_that_claim_alone(settings: Settings, ran: list[Any]) -> None:
    fake: Any = Fake(**{CLASSES: [HAND]})
    (made,) = volumes.make(fake, settings, "scale", [claim(), {"kind": "Service"}], silent)
    assert ran == [("exec", "dogs-control-plane", "mkdir", "--parents", FOLDER)]
    assert made["metadata"]["labels"][SHAPE_LABEL] == "scale", "else undeploy would not find it"
    assert made["spec"]["local"] == {"path": FOLDER}, "kubelet gives no hostPath to the Pod's group"
    assert made["spec"]["claimRef"]["name"] == "redis"
    assert made["spec"]["storageClassName"] == "standard"
    assert made["spec"]["capacity"] == {"storage": "1Gi"}


def test_where_the_cluster_makes_volumes_nothing_is_done(settings: Settings, ran: list[Any]) -> None:
    fake: Any = Fake(**{CLASSES: [MADE]})
    assert volumes.make(fake, settings, "scale", [claim()], silent) == []
    assert ran == []


def test_a_volume_whose_claim_was_deleted_is_made_anew(settings: Settings, ran: list[Any]) -> None:
    path = "/api/v1/persistentvolumes/chatroulette-redis"
    fake: Any = Fake(**{CLASSES: [HAND], path: {"metadata": {}, "status": {"phase": "Released"}}})
    volumes.make(fake, settings, "scale", [claim()], silent)
    assert fake.sent == [("DELETE", path, None)]
    assert [words[2] for words in ran] == ["rm", "mkdir"]


def test_a_volume_s_folder_goes_with_it(settings: Settings, ran: list[Any]) -> None:
    gone = [Ref("PersistentVolume", "", "chatroulette-redis"), Ref("Service", "chatroulette", "redis")]
    volumes.remove(settings, [apply.Change("deleted", one) for one in gone])
    assert ran == [("exec", "dogs-control-plane", "rm", "--recursive", "--force", FOLDER)]
    volumes.remove(settings, [apply.Change("deleted", gone[1])])
    assert len(ran) == 1


def autoscaler(minimum: int) -> dict[str, Any]:
    spec = {"minReplicas": minimum, "maxReplicas": 6, "scaleTargetRef": {"kind": "Deployment", "name": "x"}}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "x", "namespace": "n"}, "spec": spec}


SCALE = "/apis/apps/v1/namespaces/n/deployments/x/scale"


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        pytest.param(1, [("PATCH", SCALE, {"spec": {"replicas": 3}})], id="just made"),
        pytest.param(0, [("PATCH", SCALE, {"spec": {"replicas": 3}})], id="none at all"),
        pytest.param(3, [], id="enough"),
        pytest.param(5, [], id="more, as the autoscaler decided"),
    ],
)
def test_a_minimum_is_not_waited_for_and_more_is_left_alone(now: int, asked: list[Any]) -> None:
    fake: Any = Fake(**{SCALE: {"spec": {"replicas": now}}})
    scaling.to_minimum(fake, [autoscaler(3), {"kind": "Service"}], silent)
    assert fake.sent == asked


UNREACHABLE = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
    "resource cpu: unable to fetch metrics from resource metrics API: the server is unable to handle the request"
)


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        pytest.param(None, "", id="has not looked yet"),
        pytest.param([{"type": "ScalingActive", "status": "True"}], "", id="scales"),
        pytest.param([{"type": "ScalingActive", "status": "False", "message": UNREACHABLE}],
                     "is metrics-server up?", id="no metrics-server"),
        pytest.param([{"type": "ScalingActive", "status": "False",
                       "message": "no metrics returned from resource metrics API"}], "no figures of its Pods yet",
                     id="Pods that just started"),
        pytest.param([{"type": "ScalingActive", "status": "False",
                       "message": "scaling is disabled since the replica count of the target is zero"}],
                     "scaling is disabled", id="scaled to none by hand"),
        pytest.param([{"type": "AbleToScale", "status": "False", "message": "deployments x not found"}],
                     "it cannot scale: deployments x not found", id="nothing to scale"),
    ],
)  # fmt: skip
def test_an_autoscaler_that_does_not_scale_says_why(conditions: Any, said: str) -> None:
    found = scaling.trouble({"status": {"conditions": conditions}})
    assert said in found
    assert bool(found) == bool(said)


def test_the_shape_is_told_by_its_label_where_two_share_a_namespace() -> None:
    def there(name: str) -> Any:
        path = Ref("Service", "chatroulette", "k8-chatroulette-front").path
        return Fake(**{path: {"metadata": {"labels": {SHAPE_LABEL: name}}}})

    assert state.shape(there("scale")) == "scale"
    assert state.shape(there("app")) == "app"
    assert state.shape(Fake()) == ""  # type: ignore[arg-type]


def test_every_autoscaler_is_shown_with_what_it_sees() -> None:
    current = {"resource": {"name": "cpu", "current": {"averageValue": "6m"}}}
    item = autoscaler(3)
    item["spec"]["metrics"] = [{"resource": {"target": {"averageValue": "700m"}}}]
    item["status"] = {"currentReplicas": 3, "currentMetrics": [current]}
    assert state.autoscaler(item) == state.Autoscaler("x", 3, 3, 6, "6m of 700m", "")
    item["status"] = {}
    assert replace(state.autoscaler(item), seen="") == state.Autoscaler("x", 0, 3, 6, "", "")


@pytest.mark.parametrize(
    ("replicas", "ready", "said"),
    [
        pytest.param(1, 1, [], id="all there"),
        pytest.param(3, 1, ["statefulset/redis: 1 of 3 Pods Ready"], id="some"),
        pytest.param(0, 0, ["statefulset/redis: 0 of 1 Pods Ready"], id="scaled to none"),
    ],
)
def test_what_is_short_of_pods_is_said(replicas: int, ready: int, said: list[str]) -> None:
    class Api:
        def items(self, *_: Any, **__: Any) -> list[Any]:
            status = {"readyReplicas": ready} if ready else {}
            return [{"metadata": {"name": "redis"}, "spec": {"replicas": replicas}, "status": status}]

    assert state.lacking(Api(), "StatefulSet") == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        pytest.param("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
                     "finds no volume, and its class makes none", id="no volume"),
        pytest.param("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
                     "is not bound to a volume", id="unbound"),
    ],
)  # fmt: skip
def test_a_claim_that_finds_no_volume_is_told(message: str, said: str) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    found = diagnose(
        {"metadata": {"name": "redis-0"}, "spec": {"containers": []}, "status": {"conditions": [condition]}}
    )
    assert found
    assert found.cause == "volume"
    assert said in found.sentence
    assert found.next_command == "kubectl describe persistentvolumeclaims -n default"


def test_kinds_that_are_in_no_namespace_have_none() -> None:
    assert manifests.ref_of({"kind": "PersistentVolume", "metadata": {"name": "x"}}).namespace == ""
