"""Exhibits: what was seen is shown unchanged, and the pieces are those that the cell's end rests on."""

from dataclasses import replace

import pytest

from lab.experiments.matrix.evidence import evidence
from lab.experiments.matrix.measure import Measured
from lab.experiments.matrix.probe_protocol import Socket, Surroundings
from lab.experiments.model.cluster import (
    Address,
    Cluster,
    ClusterModel,
    Container,
    Listener,
    Pod,
    Service,
    ServicePort,
    VantagePoint,
)
from lab.experiments.model.predict import predict, target
from lab.experiments.model.routing import Target
from lab.experiments.results import Measurement, Prediction

NODE_IP, IP, CLUSTER_IP = "172.18.0.2", "10.244.0.5", "10.96.0.9"
LABELS = (("app", "cats"),)
BACK, BESIDE = Container("back", listeners=(Listener("0.0.0.0", 3000),)), Container("side", "sidecar")
BEFORE = Container("init", "init"), Container("mesh", "sidecar")
"""The second is an init container that goes on."""
APP_POD = Pod("cats-1", "ns", IP, (*BEFORE, BACK, BESIDE, Container("guest", "ephemeral")), LABELS)
OTHER_POD = Pod("other", "ns", "10.244.0.6", (Container("look"),))
CATS = Service("cats", "ns", CLUSTER_IP, LABELS, (ServicePort(80, 3000, 30100),))
MODEL = ClusterModel(
    Cluster("containerd://2.4.2", "node-1", NODE_IP, "10.96.0.10"),
    pods=(APP_POD, OTHER_POD),
    services=(CATS,),
)
APP, SIDE = (
    VantagePoint("app", "container", "ns", "cats-1", "back"),
    VantagePoint("sidecar", "container", "ns", "cats-1", "side"),
)
OTHER, NODE, COMPUTER = (
    VantagePoint("other", "container", "ns", "other", "look"),
    VantagePoint("node", "node"),
    VantagePoint("computer", "computer"),
)
KUBELET, PROXY = (
    VantagePoint("kubelet-http", "kubelet", "ns", "cats-1", "w"),
    VantagePoint("pp", "pod-proxy", "ns", "cats-1"),
)
FORWARD = VantagePoint("port-forward", "port-forward", "ns", "cats-1")
UNREADY_POD = Pod("unready", "ns", "10.244.0.7", labels=(("app", "unready"),), ready=False)
UNREADY = Service("unready", "ns", "10.96.0.8", UNREADY_POD.labels, (ServicePort(80, 3000),))
ON_NODES = tuple(
    Pod(f"node-{port}", "ns", NODE_IP, (Container("back", listeners=(Listener("0.0.0.0", port),)),), host_network=True)
    for port in (3002, 3001)
)

LINE = "0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001 0 123 1 0 100 0 0 10 0"
RESOLV = "search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
IN_POD = Surroundings(
    "net:[7]",
    f"127.0.0.1\tlocalhost\n{IP}\tcats-1\n",
    RESOLV,
    "cats-1",
    sockets=(Socket("0.0.0.0:3000", f"   {LINE}"),),
)
IN_OTHER = Surroundings("net:[8]", "127.0.0.1\tlocalhost\n10.244.0.6\tother\n", RESOLV, "other")
ON_NODE = Surroundings("net:[1]", "127.0.0.1\tlocalhost\n", "nameserver 172.18.0.1\n", "node-1", sockets=())
ENDPOINT = '{"addresses": ["10.244.0.5"], "conditions": {"ready": true}}'


def shown(vantage, address, measurement, *, endpoint=ENDPOINT, rules=None):
    """Return the exhibits of a cell that was measured so."""
    measured = Measured(
        {(vantage.id, address.id): measurement},
        {"app": IN_POD, "sidecar": IN_POD, "other": IN_OTHER, "node": ON_NODE, "computer": Surroundings("net:[0]")},
        {("ns", "cats-1"): ("back", IN_POD), ("ns", "other"): ("look", IN_OTHER)},
        {("ns", "cats"): (endpoint,) if endpoint else ()},
    )
    prediction = predict(MODEL, vantage, address) if rules is None else Prediction("answers", rules=rules)
    return evidence(MODEL, vantage, address, prediction, measured)


def kinds(exhibits):
    return [exhibit.kind for exhibit in exhibits]


def test_why_does_the_name_answer():
    """The hosts file's own line, the same inode on both sides, the listening socket, and whose name it is."""
    exhibits = shown(SIDE, Address("pod-name", "cats-1", 3000), Measurement("answers", "cats-1", resolved=(IP,)))
    assert kinds(exhibits) == ["hosts", "netns", "netns", "socket", "field"]
    hosts, near, far, socket, field = exhibits
    assert hosts.text == f"{IP}\tcats-1"
    assert hosts.command == "kubectl exec -n ns cats-1 -c side -- cat /etc/hosts"
    assert near.text == far.text == "net:[7]"
    assert near.where != far.where
    assert "same number" in far.shows.en
    assert near.shows != far.shows
    assert socket.text == LINE
    assert "écoute sur 0.0.0.0:3000" in socket.shows.fr
    assert "0BB8 est le port 3000" in socket.shows.fr
    assert field.text == "metadata.name: cats-1"


def test_why_does_another_pod_not_know_the_name():
    """It is in no hosts file; the search list was tried; nobody knows an address."""
    measurement = Measurement("no-name", detail="[Errno -2] Name or service not known")
    exhibits = shown(OTHER, Address("pod-name", "cats-1", 3000), measurement)
    assert kinds(exhibits) == ["hosts", "resolver", "dns", "field"]
    assert exhibits[0].text == "10.244.0.6\tother"
    assert "not in the hosts file" in exhibits[0].shows.en
    assert exhibits[1].text == RESOLV.strip()
    assert "ns.svc.cluster.local" in exhibits[1].shows.en
    assert exhibits[2].text == measurement.detail
    assert exhibits[3].text == "spec.dnsPolicy: ClusterFirst"


def test_a_container_s_name_is_shown_to_be_no_hostname():
    exhibits = shown(APP, Address("container-name", "back", 3000), Measurement("no-name", detail="NXDOMAIN"))
    assert exhibits[-1].text == "spec.containers[*].name: back side"


def test_a_service_s_way_leads_over_its_endpoints():
    asked = Address("service", "cats", 80)
    exhibits = shown(OTHER, asked, Measurement("answers", "cats-1", resolved=(CLUSTER_IP,)))
    assert kinds(exhibits) == ["hosts", "resolver", "dns", "netns", "netns", "socket", "endpoints", "field", "field"]
    assert "two network namespaces" in exhibits[4].shows.en
    assert len({exhibit.shows for exhibit in exhibits}) == len(exhibits), "no two share a sentence"
    assert exhibits[6].text == ENDPOINT
    assert exhibits[6].command == "kubectl get endpointslices -n ns -l kubernetes.io/service-name=cats -o yaml"
    fields = shown(OTHER, asked, Measurement("answers", resolved=(CLUSTER_IP,)), rules=("cluster-ip", "node-port"))[-2:]
    assert [field.text for field in fields] == [f"spec.clusterIP: {CLUSTER_IP}", "spec.ports[*].nodePort: 30100"]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param('{"addresses": ["10.244.0.5"], "conditions": {"ready": false}}', id="not ready"),
        pytest.param("", id="none"),
    ],
)
def test_a_service_without_a_ready_endpoint_says_so(entry):
    exhibits = shown(OTHER, Address("cluster-ip", CLUSTER_IP, 80), Measurement("refused"), endpoint=entry)
    endpoints = next(exhibit for exhibit in exhibits if exhibit.kind == "endpoints")
    assert "no ready endpoint" in endpoints.shows.en
    assert endpoints.text == (entry or "endpoints: []")


def test_refused_shows_that_nobody_listens():
    exhibits = shown(OTHER, Address("loopback4", "127.0.0.1", 3000), Measurement("refused"))
    assert kinds(exhibits) == ["netns", "socket"]
    assert exhibits[0].text == "net:[8]"
    assert "Nobody listens on port 3000" in exhibits[1].shows.en


def test_nslookup_shows_dns_even_where_the_hosts_file_has_the_name():
    measurement = Measurement("no-name", detail="cats-1.ns.svc.cluster.local.: NXDOMAIN")
    exhibits = shown(APP, Address("nslookup-pod-name", "cats-1", 0, "nslookup"), measurement)
    assert kinds(exhibits)[:3] == ["hosts", "resolver", "dns"]
    assert exhibits[2].command.endswith("nslookup cats-1")


def test_the_node_s_loopback_is_the_node_s_own():
    exhibits = shown(NODE, Address("loopback4", "127.0.0.1", 3000), Measurement("refused"))
    assert [exhibit.where for exhibit in exhibits] == [
        "node node-1: /proc/self/ns/net",
        "node node-1: /proc/net/tcp, tcp6",
    ]
    assert exhibits[0].command == "docker exec node-1 readlink /proc/self/ns/net"


@pytest.mark.parametrize(
    ("vantage", "address", "measurement", "kind", "command"),
    [
        pytest.param(
            KUBELET,
            Address("probe", "", 3000, "http-probe"),
            Measurement("answers", detail="prober_probe_total 4"),
            "status",
            "kubectl get --raw /api/v1/nodes/node-1/proxy/metrics/probes",
            id="a probe that passes",
        ),
        pytest.param(
            KUBELET,
            Address("probe-loopback", "127.0.0.1", 3000, "http-probe"),
            Measurement("refused", detail="refused"),
            "event",
            "kubectl get events -n ns --field-selector involvedObject.name=cats-1,reason=Unhealthy",
            id="a probe that fails",
        ),
        pytest.param(
            PROXY,
            Address("proxy", "", 3000, "pod-proxy"),
            Measurement("refused", detail="dial tcp"),
            "command",
            "kubectl get --raw /api/v1/namespaces/ns/pods/cats-1:3000/proxy/whoami",
            id="the API server",
        ),
        pytest.param(
            FORWARD,
            Address("forward", "service/cats", 80, "forward"),
            Measurement("answers", "cats-1", "HTTP/1.0 200 OK"),
            "command",
            "kubectl port-forward -n ns service/cats :80",
            id="port-forward",
        ),
        pytest.param(
            COMPUTER,
            Address("pod-ip", IP, 3000),
            Measurement("elsewhere", detail="HTTP/1.1 404"),
            "command",
            f"curl -i http://{IP}:3000/whoami",
            id="elsewhere",
        ),
    ],
)
def test_who_dials_is_quoted_first(vantage, address, measurement, kind, command):
    first = shown(vantage, address, measurement)[0]
    assert (first.kind, first.text, first.command) == (kind, measurement.detail, command)


def test_a_port_forward_shows_the_runtime_that_dials():
    exhibits = shown(
        FORWARD, Address("forward", "pod/cats-1", 3000, "forward"), Measurement("answers", "cats-1", "200")
    )
    assert exhibits[-1].text == "status.nodeInfo.containerRuntimeVersion: containerd://2.4.2"
    assert kinds(exhibits) == ["command", "socket", "field"]


def test_init_shows_what_it_saw_itself():
    """The Pod's sockets of today are no evidence for what was before the app started."""
    init = VantagePoint("init", "init", "ns", "cats-1", "first")
    address = Address("loopback4", "127.0.0.1", 3000)
    measured = Measured(
        {("init", "loopback4"): Measurement("refused")},
        {"init": Surroundings("net:[7]")},
        {("ns", "cats-1"): ("back", IN_POD)},
    )
    exhibits = evidence(MODEL, init, address, Prediction("refused"), measured)
    assert kinds(exhibits) == ["netns", "socket"]
    assert "Nobody listens" in exhibits[1].shows.en
    assert exhibits[1].command == ""


@pytest.mark.parametrize("outcome", ["unmeasured", "not-applicable"])
def test_what_was_not_measured_has_no_evidence(outcome):
    assert shown(APP, Address("pod-name", "cats-1", 3000), Measurement(outcome)) == ()


@pytest.mark.parametrize(
    ("vantage", "address", "resolved", "expected"),
    [
        pytest.param(COMPUTER, Address("a", IP, 3000), (), Target(3000, APP_POD, None, IP), id="never reached"),
        pytest.param(
            OTHER, Address("a", "cats", 81), (CLUSTER_IP,), Target(81, None, CATS, CLUSTER_IP), id="not its port"
        ),
        pytest.param(OTHER, Address("a", NODE_IP, 30100), (), Target(3000, APP_POD, CATS, NODE_IP), id="a NodePort"),
        pytest.param(
            NODE,
            Address("a", "127.0.0.1", 30100),
            (),
            Target(3000, APP_POD, CATS, "127.0.0.1"),
            id="on the node itself",
        ),
        pytest.param(
            OTHER, Address("a", "localhost", 3000), ("::1",), Target(3000, OTHER_POD, None, "::1"), id="localhost"
        ),
        pytest.param(COMPUTER, Address("a", "::1", 3000), (), Target(3000, address="::1"), id="this computer's"),
        pytest.param(OTHER, Address("a", "nobody", 3000), (), Target(), id="no name"),
        pytest.param(OTHER, Address("a", "10.244.9.9", 3000), (), Target(3000, address="10.244.9.9"), id="nobody's"),
        pytest.param(
            OTHER,
            Address("a", UNREADY.cluster_ip, 80),
            (),
            Target(3000, UNREADY_POD, UNREADY, "10.96.0.8"),
            id="unready",
        ),
        pytest.param(OTHER, Address("a", NODE_IP, 3001), (), Target(3001, ON_NODES[1], None, NODE_IP), id="one of two"),
    ],
)
def test_whom_a_call_is_for(vantage, address, resolved, expected):
    """By what was resolved when it was measured, whatever the model says of the name."""
    everybody = replace(MODEL, pods=(*MODEL.pods, UNREADY_POD, *ON_NODES), services=(CATS, UNREADY))
    assert target(everybody, vantage, address, resolved) == expected
