"""What both shapes hold. One is made by kustomize, a part of the kubectl that comes with the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from lab import kube, shell
from lab.config import ROOT
from lab.deploy import manifests

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("cluster")]
REFERENCES = {"k8-chatroulette-back": "k8-chatroulette-back:abc", "k8-chatroulette-front": "k8-chatroulette-front:def"}


@pytest.fixture(params=["pods", "app"])
def shape(request: pytest.FixtureRequest) -> Any:
    return request.param


def pod_specs(shape: Any) -> list[dict[str, Any]]:
    return [
        item["spec"] if item["kind"] == "Pod" else item["spec"]["template"]["spec"]
        for item in manifests.render(shape, REFERENCES)
        if item["kind"] in {"Pod", "Deployment"}
    ]


def test_both_services_run_the_images_that_were_built(shape: Any) -> None:
    assert [spec["containers"][0]["image"] for spec in pod_specs(shape)] == list(REFERENCES.values())


def test_every_container_is_within_the_restricted_profile(shape: Any) -> None:
    for spec in pod_specs(shape):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        rights = spec["containers"][0]["securityContext"]
        assert rights == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_every_container_has_three_probes_requests_and_limits(shape: Any) -> None:
    for spec in pod_specs(shape):
        container = spec["containers"][0]
        paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
        assert paths == ["/startupz", "/readyz", "/livez"]
        for side in ("requests", "limits"):
            assert set(container["resources"][side]) == {"cpu", "memory"}


def test_the_ports_of_the_node_are_the_same_in_both_shapes(shape: Any) -> None:
    services = [item for item in manifests.render(shape, {}) if item["kind"] == "Service"]
    ports = {item["metadata"]["name"]: item["spec"]["ports"][0]["nodePort"] for item in services}
    assert ports == {"k8-chatroulette-back": 30030, "k8-chatroulette-front": 30080}


def test_every_object_says_whose_it_is(shape: Any) -> None:
    for item in manifests.render(shape, {}):
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "lab"
        assert labels["app.kubernetes.io/part-of"] == "chatroulette"
        assert labels[manifests.SHAPE_LABEL] == shape
        assert item["metadata"].get("namespace", "none") in {manifests.SHAPES[shape], "none"}


def test_objects_come_in_the_order_of_apply(shape: Any) -> None:
    kinds = [list(manifests.KINDS).index(item["kind"]) for item in manifests.render(shape, {})]
    assert kinds == sorted(kinds)


def test_the_base_alone_takes_no_port_of_the_node() -> None:
    text = shell.run([kube.program(), "kustomize", ROOT / "k8s" / "base"], timeout=30).stdout
    assert "nodePort" not in text
