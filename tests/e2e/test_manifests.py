"""What the shapes hold. All but one are made by kustomize, a part of the kubectl that comes with the cluster."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import shell
from lab.config import ROOT
from lab.deploy import manifests
from lab.kubernetes import client

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("cluster")]
REFERENCES = {"k8-chatroulette-back": "k8-chatroulette-back:abc", "k8-chatroulette-front": "k8-chatroulette-front:def"}


@pytest.fixture(params=list(manifests.SHAPES))
def shape(request: pytest.FixtureRequest) -> Any:
    return request.param


def pod_specs(shape: Any) -> list[dict[str, Any]]:
    return [
        item["spec"] if item["kind"] == "Pod" else item["spec"]["template"]["spec"]
        for item in manifests.render(shape, REFERENCES)
        if item["kind"] in {"Pod", "Deployment", "StatefulSet"}
    ]


def services(shape: Any) -> dict[str, dict[str, Any]]:
    return {
        item["metadata"]["name"]: item["spec"]
        for item in manifests.render(shape, REFERENCES)
        if item["kind"] == "Service"
    }


def test_both_services_run_the_images_that_were_built(shape: Any) -> None:
    images = [spec["containers"][0]["image"] for spec in pod_specs(shape)]
    assert sorted(images) == sorted([*REFERENCES.values(), *(["redis:7"] if shape == "scale" else [])])


def test_every_container_is_restricted_and_has_three_probes_requests_and_limits(shape: Any) -> None:
    for spec in pod_specs(shape):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
        assert all(set(container["resources"][side]) == {"cpu", "memory"} for side in ("requests", "limits"))
        if container["name"] != "redis":
            paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
            assert paths == ["/startupz", "/readyz", "/livez"]


def test_services_have_the_same_node_ports_in_all_shapes_and_find_pods_that_are_not_ready(shape: Any) -> None:
    ports = {name: spec["ports"][0].get("nodePort") for name, spec in services(shape).items()}
    wanted = {"k8-chatroulette-back": 30030, "k8-chatroulette-front": 30080, "k8-chatroulette-back-pods": None}
    assert ports == wanted | ({"redis": None} if shape == "scale" else {})
    pods_service = services(shape)["k8-chatroulette-back-pods"]
    assert (pods_service["clusterIP"], pods_service["publishNotReadyAddresses"]) == ("None", True)


def test_a_pod_s_grace_is_what_its_service_plans_by(shape: Any) -> None:
    """The services' GRACE_SECONDS is 30 where none is set, as is Kubernetes' own."""
    rendered = manifests.render(shape, REFERENCES)
    settings = {item["metadata"]["name"]: item["data"] for item in rendered if item["kind"] == "ConfigMap"}
    for spec in pod_specs(shape):
        container = spec["containers"][0]
        if container["name"] == "redis":
            continue
        env = {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}
        for source in container.get("envFrom", []):
            env |= settings[source["configMapRef"]["name"]]
        grace = float(env.get("GRACE_SECONDS", 30))
        assert spec.get("terminationGracePeriodSeconds", 30) == grace
        assert float(env["DRAIN_SECONDS"]) < grace - 3


def test_as_many_pods_as_the_autoscalers_may_ask_for_fit_on_two_cores() -> None:
    rendered = manifests.render("scale", REFERENCES)
    most = {item["metadata"]["name"]: item["spec"]["maxReplicas"] for item in rendered if "maxReplicas" in str(item)}
    control_plane, system = 860, 110  # kubeadm's Pods, two CoreDNS and metrics-server; kindnet of published nodes
    requested = 0
    for item in rendered:
        if item["kind"] in {"Deployment", "StatefulSet"}:
            request = item["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
            pods = most.get(item["metadata"]["name"], 0) + 1  # one more in a rollout
            requested += int(request.removesuffix("m")) * pods
    assert control_plane + system + requested <= 2000


def test_replicas_are_left_to_the_autoscalers() -> None:
    rendered = manifests.render("scale", REFERENCES)
    scaled = {item["spec"]["scaleTargetRef"]["name"] for item in rendered if item["kind"] == "HorizontalPodAutoscaler"}
    deployments = {item["metadata"]["name"]: item["spec"] for item in rendered if item["kind"] == "Deployment"}
    assert scaled == set(deployments)
    assert all("replicas" not in spec for spec in deployments.values())


def test_network_policies_name_labels_that_pods_have() -> None:
    rendered = manifests.render("scale", REFERENCES)
    makers = [item for item in rendered if item["kind"] in {"Deployment", "StatefulSet"}]
    labels = [item["spec"]["template"]["metadata"]["labels"] for item in makers]
    policies = [item["spec"] for item in rendered if item["kind"] == "NetworkPolicy"]
    rules = [rule for spec in policies for side in ("ingress", "egress") for rule in spec.get(side, [])]
    peers = [peer for rule in rules for peer in (*rule.get("from", []), *rule.get("to", []))]
    for each in (*policies, *peers):
        if each.get("podSelector") and "namespaceSelector" not in each:
            selected = each["podSelector"]["matchLabels"].items()
            assert any(selected <= pod_labels.items() for pod_labels in labels), selected
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies, "nothing, but for what is said"


def test_the_faults_component_switches_both_services(tmp_path: Path) -> None:
    base, component = (os.path.relpath(ROOT / "k8s" / name, tmp_path) for name in ("base", "components/faults"))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": [base], "components": [component]}))
    text = shell.run([client.kubectl_program(), "kustomize", tmp_path], timeout=30).stdout
    data = [item["data"] for item in yaml.safe_load_all(text) if item["kind"] == "ConfigMap"]
    assert [each["FAULTS"] for each in data] == ["on", "on"]


def test_every_object_is_labelled_and_in_the_order_of_apply(shape: Any) -> None:
    items = manifests.render(shape, {})
    for item in items:
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "lab"
        assert labels["app.kubernetes.io/part-of"] == "chatroulette"
        assert labels[manifests.SHAPE_LABEL] == shape
        assert item["metadata"].get("namespace", "none") in {manifests.SHAPES[shape], "none"}
    kinds = [list(manifests.KINDS).index(item["kind"]) for item in items]
    assert kinds == sorted(kinds)


def test_the_base_alone_takes_no_port_of_the_node() -> None:
    text = shell.run([client.kubectl_program(), "kustomize", ROOT / "k8s" / "base"], timeout=30).stdout
    assert "nodePort" not in text
