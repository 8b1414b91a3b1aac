"""What the shapes hold. All but one are made by kustomize, a part of the kubectl that comes with the cluster."""

from typing import Any

import pytest
from kubernetes.utils.quantity import parse_quantity

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
        assert spec["securityContext"]["runAsUser"] >= 10000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
        resources = {"cpu", "memory", "ephemeral-storage"}
        assert all(set(container["resources"][side]) == resources for side in ("requests", "limits"))
        if container["name"] != "redis":
            paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
            assert paths == ["/startupz", "/readyz", "/livez"]


def test_services_have_the_same_node_ports_in_all_shapes_and_find_pods_that_are_not_ready(shape: Any) -> None:
    ports = {name: spec["ports"][0].get("nodePort") for name, spec in services(shape).items()}
    wanted = {"k8-chatroulette-back": 30030, "k8-chatroulette-front": 30080, "k8-chatroulette-back-pods": None}
    assert ports == wanted | ({"redis": None, "redis-pods": None} if shape == "scale" else {})
    pods_service = services(shape)["k8-chatroulette-back-pods"]
    assert (pods_service["clusterIP"], pods_service["publishNotReadyAddresses"]) == ("None", True)


def test_what_is_written_to_memory_fits_into_the_limit_and_logs_fit_into_theirs(shape: Any) -> None:
    """Kubelet keeps five log files of 10Mi (containerLogMaxFiles, containerLogMaxSize), the last a little longer."""
    for spec in pod_specs(shape):
        (container,) = spec["containers"]
        limits = {name: parse_quantity(value) for name, value in container["resources"]["limits"].items()}
        volumes = [volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume]
        assert all(volume["medium"] == "Memory" for volume in volumes)
        assert sum(parse_quantity(volume["sizeLimit"]) for volume in volumes) <= limits["memory"] / 4
        assert limits["ephemeral-storage"] > 60 * 2**20


def test_a_stateful_set_s_governing_service_is_headless_and_finds_its_pods() -> None:
    (redis,) = (item["spec"] for item in manifests.render("scale", REFERENCES) if item["kind"] == "StatefulSet")
    governing = services("scale")[redis["serviceName"]]
    assert governing["clusterIP"] == "None"
    assert governing["selector"].items() <= redis["template"]["metadata"]["labels"].items()
    assert "clusterIP" not in services("scale")["redis"]


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


def policy(name: str) -> Any:
    rendered = manifests.render("scale", REFERENCES)
    (spec,) = (item["spec"] for item in rendered if (item["kind"], item["metadata"]["name"]) == ("NetworkPolicy", name))
    return spec


def test_prometheus_is_told_where_to_scrape_and_is_let_in() -> None:
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert monitoring in policy("k8-chatroulette-back")["ingress"][0]["from"]
    assert "from" not in policy("k8-chatroulette-front")["ingress"][0], "anybody"
    for item in manifests.render("scale", REFERENCES):
        if item["kind"] == "Deployment":
            template = item["spec"]["template"]
            port = str(template["spec"]["containers"][0]["ports"][0]["containerPort"])
            wanted = {"prometheus.io/scrape": "true", "prometheus.io/port": port, "prometheus.io/path": "/metrics"}
            assert template["metadata"]["annotations"].items() >= wanted.items()


def test_names_are_asked_of_the_cluster_and_of_the_node_s_cache() -> None:
    (rule,) = policy("dns")["egress"]
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in rule["to"]
    assert {port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"}


def test_the_node_s_port_knows_no_range_of_addresses() -> None:
    """Else it would hold for one family and one cluster's Pods."""
    assert policy("node-ports")["ingress"] == [{"ports": [{"port": 3000}]}]


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
