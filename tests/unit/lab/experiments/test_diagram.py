"""The path of a packet, from the vantage point to where it ended as measured, by what the diagram shows."""

import pytest

from lab.experiments.matrix import bind_addresses, names, whatif
from lab.experiments.matrix.diagram import diagram, packet_path
from lab.experiments.matrix.probe_protocol import Surroundings
from lab.experiments.model.cluster import Cluster, ClusterModel, Container, Pod, Service, ServicePort, VantagePoint
from lab.experiments.model.dns import resolve
from lab.experiments.model.predict import RULES, place_of, predict, target
from lab.experiments.model.rule_set import Caller
from lab.experiments.results import Measurement

NAMESPACES = ("here", "there")
MATRICES = [
    pytest.param(names.MATRIX, NAMESPACES, id="names"),
    pytest.param(bind_addresses.MATRIX, NAMESPACES[:1], id="binds"),
    pytest.param(whatif.matrix(), NAMESPACES[:1], id="whatif"),
]
POD = "here/k8-chatroulette-back"
APP, NET = f"container {POD}/back", f"net {POD}"
OTHER = ("container here/other/look", "net here/other")


def path(model, attempt, **differing):
    """Return the path of a cell that was measured as predicted, but for what is given."""
    vantage, address = attempt.vantage, attempt.address
    prediction = predict(model, vantage, address)
    resolved = resolve(Caller(RULES, model, place_of(model, vantage)), address.host, address.how).addresses
    expected = {"outcome": prediction.outcome, "who": prediction.who, "resolved": resolved}
    measurement = Measurement(**{**expected, **differing})
    return packet_path(model, vantage, target(model, vantage, address, measurement.resolved), prediction, measurement)


@pytest.mark.parametrize(
    ("vantage", "address", "differing", "expected"),
    [
        pytest.param("app", "pod-name", {}, (APP, NET, APP), id="own network"),
        pytest.param("sidecar", "localhost", {}, (f"container {POD}/sidecar", NET, APP), id="shared loopback"),
        pytest.param("other", "service", {}, (*OTHER, "service here/cats", NET, APP), id="through the Service"),
        pytest.param("other", "pod-ip", {}, (*OTHER, NET, APP), id="to the Pod IP"),
        pytest.param("other", "pod-ip", {"outcome": "refused", "who": ""}, (*OTHER, NET), id="refused by the Pod"),
        pytest.param("init", "service", {}, (f"container {POD}/init", NET, "service here/cats", NET), id="not ready"),
        pytest.param("other", "localhost", {}, OTHER, id="own loopback only"),
        pytest.param("host-network", "loopback4", {}, ("container here/host-network/look", "node"), id="the node's"),
        pytest.param("other", "pod-name", {}, (OTHER[0], "dns"), id="no such name"),
        pytest.param("app", "getent-pod-name", {}, (APP, NET), id="a name in the hosts file"),
        pytest.param("other", "getent-service", {}, (OTHER[0], "dns"), id="a name in DNS"),
        pytest.param("node", "service", {}, ("node", "away"), id="another DNS"),
        pytest.param("computer", "cluster-ip", {"outcome": "timeout"}, ("computer", "away"), id="elsewhere"),
        pytest.param(
            "computer",
            "cluster-ip",
            {"outcome": "answers", "who": "k8-chatroulette-back"},
            ("computer", "service here/cats", NET, APP),
            id="not elsewhere",
        ),
        pytest.param("node", "node-port", {}, ("node", "service here/cats", NET, APP), id="NodePort"),
        pytest.param("port-forward", "forward", {}, ("computer", "api", "kubelet", NET, APP), id="forward"),
        pytest.param("service-forward", "forward", {}, ("computer", "api", "kubelet", NET, APP), id="of a Service"),
        pytest.param("pod-proxy", "proxy", {}, ("computer", "api", NET, APP), id="proxy"),
        pytest.param("kubelet-http", "probe-loopback", {}, ("kubelet", "node"), id="probe of the node"),
        pytest.param("kubelet-exec", "probe-loopback", {}, ("kubelet", NET, APP), id="probe inside"),
        pytest.param("app", "service", {"outcome": "not-applicable"}, (APP, NET), id="nothing was sent"),
    ],
)
def test_a_packet_s_path(described, vantage, address, differing, expected):
    model = described(names.MATRIX, NAMESPACES)
    attempts = names.MATRIX.attempts(model, NAMESPACES)
    (attempt,) = [each for each in attempts if (each.vantage.id, each.address.id) == (vantage, address)]
    assert path(model, attempt, **differing) == expected


@pytest.mark.parametrize(("bind", "port"), [("0.0.0.0", 3002), ("pod-ip", 3003), ("::", 3004)])
def test_the_path_ends_at_the_app_that_listens_on_the_port(described, bind, port):
    """Five apps share that Pod, each on a port of its own."""
    model = described(bind_addresses.MATRIX, NAMESPACES[:1])
    ends = [
        path(model, attempt)[-1]
        for attempt in bind_addresses.MATRIX.attempts(model, NAMESPACES[:1])
        if (attempt.variant, attempt.vantage.id, attempt.address.id) == (bind, "other", "pod-ip")
    ]
    assert ends == [f"container here/binds/http-{port}"]


@pytest.mark.parametrize(("matrix", "namespaces"), MATRICES)
def test_all_that_is_passed_is_in_the_diagram(described, matrix, namespaces):
    model = described(matrix, namespaces)
    attempts = matrix.attempts(model, namespaces)
    shown = diagram(model, [attempt.vantage for attempt in attempts], {})
    known = {"node", "kubelet", "api", "dns", "computer", "away"}
    known |= {f"service {service.namespace}/{service.name}" for service in shown.services}
    for pod in shown.pods:
        known.add(f"net {pod.namespace}/{pod.name}")
        known |= {f"container {pod.namespace}/{pod.name}/{name}" for name, _, _ in pod.containers}
    paths = [path(model, attempt) for attempt in attempts]
    assert all(paths)
    assert {key for passed in paths for key in passed} <= known


def test_the_diagram_shows_who_shares_a_network_namespace():
    pod = Pod("p", "n", "10.0.0.1", (Container("back"), Container("s", "sidecar")), labels=(("a", "1"),))
    service = Service("s", "n", "10.96.0.1", (("a", "1"),), (ServicePort(80, 3000, 30001),))
    model = ClusterModel(Cluster("c://1", "node", "172.18.0.2", "10.96.0.10"), pods=(pod,), services=(service,))
    inside = VantagePoint("app", "container", "n", "p", "back")
    shown = diagram(model, [inside], {"app": Surroundings(netns="net:[7]")})
    assert shown.pods[0].netns == "net:[7]"
    assert shown.pods[0].containers == (("back", "app", "app"), ("s", "sidecar", ""))
    assert (shown.services[0].pods, shown.services[0].ports) == (("p",), "80 → 3000, node 30001")
