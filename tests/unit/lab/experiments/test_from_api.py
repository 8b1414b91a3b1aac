"""From live objects to the model of the cluster."""

import pytest

from lab.experiments.model import from_api
from lab.experiments.model.cluster import HandEdit, Listener, ServicePort

IMAGE = "k8-chatroulette-back:abc"


def pod(*containers, status=None, **spec):
    first = containers or ({"name": "back", "image": IMAGE},)
    return {
        "metadata": {"name": "p", "namespace": "n", "labels": {"b": "2", "a": "1"}},
        "spec": {"containers": list(first), **spec},
        "status": {"podIP": "10.244.0.7", **(status or {})},
    }


@pytest.mark.parametrize(
    ("container", "listeners"),
    [
        pytest.param({}, (Listener("0.0.0.0", 3000),), id="the backend's own defaults"),
        pytest.param({"command": ["python3"]}, (), id="another command does not serve"),
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


def test_the_node_s_own_names_are_read(empty):
    assert empty.cluster.node_names == ("cats-control-plane",)


def test_a_pod_s_own_search_list_is_read():
    assert from_api.pod(pod(dnsConfig={"searches": ["x.y"]})).searches == ("x.y",)


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
