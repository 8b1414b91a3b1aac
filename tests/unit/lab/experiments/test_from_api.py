"""From live objects to the model of the cluster."""

import pytest

from lab.experiments.model import from_api
from lab.experiments.model.cluster import Computer, HandEdit, HostAlias, Listener, ServicePort

NODE = {
    "metadata": {"name": "cats-control-plane"},
    "status": {
        "addresses": [
            {"type": "InternalIP", "address": "172.18.0.2"},
            {"type": "Hostname", "address": "cats-control-plane"},
        ],
        "nodeInfo": {"containerRuntimeVersion": "containerd://2.4.2"},
    },
}
DNS = {"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.0.10"}}
IMAGE = "k8-chatroulette-back:abc"


def pod(*containers, status=None, **spec):
    first = containers or ({"name": "back", "image": IMAGE},)
    return {
        "metadata": {"name": "p", "namespace": "n", "labels": {"b": "2", "a": "1"}},
        "spec": {"containers": list(first), **spec},
        "status": {"podIP": "10.244.0.7", **(status or {})},
    }


def test_a_world_holds_the_cluster_its_pods_and_its_services():
    service = {"metadata": {"name": "s", "namespace": "n"}, "spec": {"clusterIP": "10.96.1.1", "ports": []}}
    objects = from_api.Objects([pod()], [service], NODE, DNS)
    model = from_api.cluster_model(objects, Computer(reaches_node=False))
    assert model.cluster.node_ip == "172.18.0.2"
    assert model.cluster.dns_ip == "10.96.0.10"
    assert model.cluster.runtime == "containerd://2.4.2"
    assert model.cluster.node_names == ("cats-control-plane",)
    assert model.pod("n", "p").ip == "10.244.0.7"
    assert model.services[0].cluster_ip == "10.96.1.1"
    assert not model.computer.reaches_node


@pytest.mark.parametrize(
    ("container", "listeners"),
    [
        pytest.param({}, (Listener("0.0.0.0", 3000),), id="the backend's own defaults"),
        pytest.param({"env": [{"name": "BIND", "value": "::1"}]}, (Listener("::1", 3000),), id="an address given"),
        pytest.param({"env": [{"name": "PORT", "value": "3005"}]}, (Listener("0.0.0.0", 3005),), id="a port given"),
        pytest.param(
            {"env": [{"name": "BIND", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]},
            (Listener("10.244.0.7", 3000),),
            id="the Pod's IP by the downward API",
        ),
        pytest.param({"command": ["python3"]}, (), id="another command does not serve"),
        pytest.param(
            {"command": ["python3"], "env": [{"name": "PORT", "value": "3001"}]},
            (Listener("0.0.0.0", 3001),),
            id="another command that is given a port",
        ),
        pytest.param({"args": ["-c"]}, (), id="other arguments do not serve"),
        pytest.param({"image": "busybox"}, (), id="another image does not serve"),
    ],
)
def test_a_container_listens_where_its_settings_say(container, listeners):
    (described,) = from_api.pod(pod({"name": "back", "image": IMAGE, **container})).containers
    assert described.listeners == listeners


def test_containers_are_told_apart():
    item = pod(
        {"name": "back", "image": IMAGE},
        {"name": "beside", "image": "busybox"},
        initContainers=[{"name": "before", "image": "i"}, {"name": "mesh", "image": "i", "restartPolicy": "Always"}],
        ephemeralContainers=[{"name": "guest", "image": "busybox"}],
        status={
            "initContainerStatuses": [{"name": "before", "state": {"terminated": {"startedAt": "T1"}}}],
            "containerStatuses": [{"name": "back", "state": {"running": {"startedAt": "T2"}}}],
            "ephemeralContainerStatuses": [{"name": "guest", "state": {"running": {"startedAt": "T3"}}}],
        },
    )
    known = {part.name: (part.kind, part.started_at, part.ended) for part in from_api.pod(item).containers}
    assert known == {
        "before": ("init", "T1", True),
        "mesh": ("sidecar", "", False),
        "back": ("app", "T2", False),
        "beside": ("sidecar", "", False),
        "guest": ("ephemeral", "T3", False),
    }


def test_what_decides_about_names_is_taken_from_the_spec():
    described = from_api.pod(
        pod(
            hostname="h",
            subdomain="s",
            hostAliases=[{"ip": "1.2.3.4", "hostnames": ["a", "b"]}],
            hostNetwork=True,
            dnsPolicy="None",
            dnsConfig={"nameservers": ["9.9.9.9"], "searches": ["x.y"]},
        )
    )
    assert (described.hostname, described.subdomain) == ("h", "s")
    assert described.host_aliases == (HostAlias("1.2.3.4", ("a", "b")),)
    assert (described.host_network, described.dns_policy) == (True, "None")
    assert (described.nameservers, described.searches) == (("9.9.9.9",), ("x.y",))
    assert described.labels == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        pytest.param([{"type": "Ready", "status": "True"}], True, id="ready"),
        pytest.param([{"type": "Ready", "status": "False"}], False, id="not ready"),
        pytest.param([], False, id="nobody has said so yet"),
    ],
)
def test_ready_is_the_condition(conditions, ready):
    assert from_api.pod(pod(status={"conditions": conditions})).ready is ready


def test_a_line_written_by_a_container_is_a_hand_edit_from_its_start_on():
    writer = {
        "name": "writer",
        "image": IMAGE,
        "command": ["x"],
        "env": [{"name": "HOSTS_LINE", "value": "1.2.3.4 me"}],
    }
    running = {"containerStatuses": [{"name": "writer", "state": {"running": {"startedAt": "T5"}}}]}
    assert from_api.pod(pod(writer, status=running)).hand_edits == (HandEdit("1.2.3.4 me", "T5"),)
    assert from_api.pod(pod(writer)).hand_edits == ()


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        pytest.param({"port": 80, "targetPort": 3000, "nodePort": 30900}, ServicePort(80, 3000, 30900), id="numbers"),
        pytest.param({"port": 80}, ServicePort(80, 80), id="the same where it is left out"),
        pytest.param({"port": 80, "targetPort": "http"}, ServicePort(80, 3000), id="a name that the Pod declares"),
        pytest.param({"port": 80, "targetPort": "none"}, ServicePort(80, 0), id="a name that no Pod declares"),
    ],
)
def test_a_service_leads_to_a_target_port(port, expected):
    chosen = pod({"name": "back", "image": IMAGE, "ports": [{"name": "http", "containerPort": 3000}]})
    spec = {"clusterIP": "10.96.1.1", "selector": {"a": "1"}, "ports": [port]}
    described = from_api.service({"metadata": {"name": "s", "namespace": "n"}, "spec": spec}, [chosen])
    assert described.ports == (expected,)


TABLE = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
br-1\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("172.18.0.2", True, id="on the bridge"),
        pytest.param("172.19.0.2", False, id="only by the default route"),
    ],
)
def test_a_route_of_its_own_leads_to_the_node(address, expected):
    assert from_api.is_routed(TABLE, address) is expected
