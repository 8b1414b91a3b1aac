"""The way of a packet: from the vantage point to where it ended as measured, by what stands in the picture."""

import pytest

from lab.experiments.matrix import bind_addresses, names, whatif
from lab.experiments.matrix.packet_path import way
from lab.experiments.matrix.topology import scene
from lab.experiments.model.predict import aim, place_of, predict
from lab.experiments.model.resolve import resolve
from lab.experiments.model.rule import Book
from lab.experiments.model.rules import RULES
from lab.experiments.results import Measurement
from lab.report.html.diagram import layout

HERE = ("here", "there")
MATRICES = [
    pytest.param(names.MATRIX, HERE, id="names"),
    pytest.param(bind_addresses.MATRIX, HERE[:1], id="binds"),
    pytest.param(whatif.of(whatif.chosen([])), HERE[:1], id="whatif"),
]
POD = "here/k8-chatroulette-back"
APP, NET = f"container {POD}/back", f"net {POD}"
OTHER = ("container here/other/look", "net here/other")


def passed(world, tried, **otherwise):
    """Return the way of a cell that was measured as predicted, but for what is said."""
    said = predict(world, tried.vantage, tried.address)
    place, address = place_of(world, tried.vantage), tried.address
    known = resolve(Book(RULES), world, place, address.host, address.how).addresses
    seen = Measurement(**{"outcome": said.outcome, "who": said.who, "resolved": known, **otherwise})
    return way(world, tried.vantage, aim(world, tried.vantage, address, seen.resolved), said, seen)


@pytest.mark.parametrize(
    ("vantage", "address", "otherwise", "wanted"),
    [
        pytest.param("app", "pod-name", {}, (APP, NET, APP), id="own network"),
        pytest.param("sidecar", "localhost", {}, (f"container {POD}/sidecar", NET, APP), id="shared loopback"),
        pytest.param("other", "service", {}, (*OTHER, "service here/cats", NET, APP), id="through the Service"),
        pytest.param("other", "pod-ip", {}, (*OTHER, NET, APP), id="to the Pod IP"),
        pytest.param("other", "pod-ip", {"outcome": "refused", "who": ""}, (*OTHER, NET), id="refused at the door"),
        pytest.param("init", "service", {}, (f"container {POD}/init", NET, "service here/cats", NET), id="not ready"),
        pytest.param("other", "localhost", {}, OTHER, id="own loopback only"),
        pytest.param("host-network", "loopback4", {}, ("container here/host-network/look", "node"), id="the node's"),
        pytest.param("other", "pod-name", {}, (OTHER[0], "dns"), id="no such name"),
        pytest.param("app", "getent-pod-name", {}, (APP, NET), id="a name in the hosts file"),
        pytest.param("other", "getent-service", {}, (OTHER[0], "dns"), id="a name in DNS"),
        pytest.param("node", "service", {}, ("node", "away"), id="another DNS"),
        pytest.param("computer", "cluster-ip", {}, ("computer", "away"), id="elsewhere"),
        pytest.param("computer", "cluster-ip", {"outcome": "timeout"}, ("computer", "away"), id="nobody answers there"),
        pytest.param(
            "computer",
            "cluster-ip",
            {"outcome": "answers", "who": names.POD},
            ("computer", "service here/cats", NET, APP),
            id="not elsewhere",
        ),
        pytest.param("node", "node-port", {}, ("node", "service here/cats", NET, APP), id="NodePort"),
        pytest.param("computer", "node-port", {}, ("computer", "node", "service here/cats", NET, APP), id="from here"),
        pytest.param("port-forward", "forward", {}, ("computer", "api", "kubelet", NET, APP), id="forward"),
        pytest.param("service-forward", "forward", {}, ("computer", "api", "kubelet", NET, APP), id="of a Service"),
        pytest.param("pod-proxy", "proxy", {}, ("computer", "api", NET, APP), id="proxy"),
        pytest.param("kubelet-http", "probe", {}, ("kubelet", NET, APP), id="probe"),
        pytest.param("kubelet-http", "probe-loopback", {}, ("kubelet", "node"), id="probe of the node"),
        pytest.param("kubelet-exec", "probe-loopback", {}, ("kubelet", NET, APP), id="probe inside"),
        pytest.param("kubelet-http", "probe", {"outcome": "refused"}, ("kubelet", NET), id="probe refused"),
        pytest.param("app", "service", {"outcome": "not-applicable"}, (APP, NET), id="nothing was sent"),
    ],
)
def test_a_packet_s_way(described, vantage, address, otherwise, wanted):
    world = described(names.MATRIX, HERE)
    (tried,) = [one for one in names.tries(world, HERE) if (one.vantage.id, one.address.id) == (vantage, address)]
    assert passed(world, tried, **otherwise) == wanted


@pytest.mark.parametrize("bind", ["0.0.0.0", "pod-ip", "::"])
def test_the_way_ends_at_the_app_that_listens_on_the_port(described, bind):
    """Five apps share that Pod, each on a port of its own."""
    world = described(bind_addresses.MATRIX, HERE[:1])
    ways = [
        passed(world, one)[-1]
        for one in bind_addresses.tries(world, HERE[:1])
        if (one.variant, one.vantage.id, one.address.id) == (bind, "other", "pod-ip")
    ]
    assert ways == [f"container here/binds/http-{bind_addresses.PORTS[bind]}"]


@pytest.mark.parametrize(("of", "namespaces"), MATRICES)
def test_all_that_is_passed_stands_in_the_picture(described, of, namespaces):
    world = described(of, namespaces)
    tries = of.tries(world, namespaces)
    known = {one.key for one in layout(scene(world, [one.vantage for one in tries], {})).shapes}
    ways = [passed(world, one) for one in tries]
    assert all(ways)
    assert {key for one in ways for key in one} <= known


def test_a_variant_starts_in_the_pod_of_its_own(described):
    of = whatif.of(whatif.chosen([]))
    world = described(of, HERE[:1])
    starts = {
        one.vantage.pod: passed(world, one)[0] for one in of.tries(world, HERE[:1]) if one.address.id == "hostname"
    }
    assert len(starts) > len(of.variants)
    assert all(start.startswith(f"container here/{pod}/") for pod, start in starts.items())


def test_a_hostname_of_one_s_own_is_in_the_hosts_file_too(described):
    of = whatif.of(whatif.chosen(["hostname-subdomain"]))
    world = described(of, HERE[:1])
    asked = [
        one for one in of.tries(world, HERE[:1]) if (one.variant, one.address.how) == ("hostname-subdomain", "getent")
    ]
    ways = [passed(world, one) for one in asked if one.vantage.pod.startswith("cat")]
    assert [one[-1] for one in ways] == ["net here/cat-hostname-subdomain"]
