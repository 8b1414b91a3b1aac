"""What the matrices create, and what the model predicts of it, without a cluster."""

import json

import pytest

from lab.errors import BadInput
from lab.experiments.matrix import bind_addresses, labels, names, variants, whatif
from lab.experiments.model.predict import predict

NAMESPACES = ("here", "there")
YES, NEVER = "answers", "refused"


def predicted(model, attempts):
    """Return the outcome of each cell, by variant, vantage and address."""
    return {
        (attempt.variant, attempt.vantage_id, attempt.address.id): predict(
            model, attempt.vantage, attempt.address
        ).outcome
        for attempt in attempts
    }


@pytest.mark.parametrize(
    ("vantage", "address", "outcomes"),
    [
        pytest.param("app", "loopback4", (YES, YES, NEVER, YES, NEVER), id="127.0.0.1 in the Pod"),
        pytest.param("app", "loopback6", (NEVER, NEVER, NEVER, YES, YES), id="::1 in the Pod"),
        pytest.param("app", "localhost", (YES, YES, NEVER, YES, YES), id="localhost in the Pod"),
        pytest.param("app", "pod-name", (NEVER, YES, YES, YES, NEVER), id="the name in the Pod"),
        pytest.param("other", "pod-ip", (NEVER, YES, YES, YES, NEVER), id="another Pod"),
        pytest.param("other", "service", (NEVER, YES, YES, YES, NEVER), id="a Service"),
        pytest.param("kubelet-http", "probe", (NEVER, YES, YES, YES, NEVER), id="an HTTP probe"),
        pytest.param("kubelet-exec", "probe-loopback", (YES, YES, NEVER, YES, NEVER), id="an exec probe"),
        pytest.param("port-forward", "forward", (YES, YES, NEVER, YES, YES), id="port-forward"),
        pytest.param("pod-proxy", "proxy", (NEVER, YES, YES, YES, NEVER), id="the API server's proxy"),
    ],
)
def test_a_bind_address_answers_by_its_routes(described, vantage, address, outcomes):
    model = described(bind_addresses.MATRIX, NAMESPACES[:1])
    outcome = predicted(model, bind_addresses.attempts(model, NAMESPACES[:1]))
    assert tuple(outcome[bind, vantage, address] for bind in bind_addresses.PORTS) == outcomes


@pytest.mark.parametrize(
    ("vantage", "address", "outcome"),
    [
        pytest.param("app", "pod-name", YES, id="the app knows its Pod's name"),
        pytest.param("guest", "pod-name", YES, id="an ephemeral container knows it too"),
        pytest.param("app", "container-name", "no-name", id="nobody knows a container's name"),
        pytest.param("other", "pod-name", "no-name", id="another Pod does not know the Pod's name"),
        pytest.param("copy", "pod-name", "no-name", id="nor does the copy"),
        pytest.param("copy", "localhost", YES, id="the copy has its own app"),
        pytest.param("init", "localhost", NEVER, id="the app has not started yet"),
        pytest.param("init", "getent-pod-name", "resolves", id="but its name is there"),
        pytest.param("twin", "service-like-pod", NEVER, id="the hosts file hides a Service of the Pod's name"),
        pytest.param("other", "service-like-pod", YES, id="elsewhere that Service answers"),
        pytest.param("other-namespace", "service", "no-name", id="a short name ends at its namespace"),
        pytest.param("other-namespace", "service-fqdn", YES, id="the full name does not"),
        pytest.param("node", "cluster-ip", YES, id="the node reaches a cluster IP"),
        pytest.param("node", "service-fqdn", "no-name", id="but asks another DNS"),
        pytest.param("kubelet-http", "probe-loopback", NEVER, id="a probe's 127.0.0.1 is the node's"),
        pytest.param("kubelet-exec", "probe-loopback", YES, id="a command's is the Pod's"),
    ],
)
def test_names_are_known_where_they_are(described, vantage, address, outcome):
    model = described(names.MATRIX, NAMESPACES)
    assert predicted(model, names.attempts(model, NAMESPACES))["", vantage, address] == outcome


def test_the_init_container_is_asked_what_its_cells_are(described, empty):
    model = described(names.MATRIX, NAMESPACES)
    ids = {each.address.id for each in names.attempts(model, NAMESPACES) if each.vantage.id == "init"}
    setup = names.MATRIX.setup(empty, NAMESPACES)
    spec = {"ports": [{"nodePort": 1}], "clusterIP": "c"}
    pods = setup.pods([{**service, "spec": spec} for service in setup.services])
    (init,) = pods[0]["spec"]["initContainers"]
    request = json.loads(init["command"][-1])
    assert {cell["id"] for cell in request["cells"]} == ids
    assert "$POD_IP" in {cell["host"] for cell in request["cells"]}


ON_LOOPBACK = {
    *(("app", address) for address in ("pod-ip", "pod-name", "service", "service-fqdn", "cluster-ip", "pod-dns")),
    *(("other", address) for address in ("pod-ip", "service", "service-fqdn", "cluster-ip", "pod-dns")),
    ("node", "pod-ip"),
    ("node", "cluster-ip"),
    ("pod-proxy", "proxy"),
}
OWN_NAME_LOST = {("app", "pod-name"), ("app", "service-like-pod"), ("app", "getent-pod-name")}
NO_CLUSTER_DNS = {("app", "service"), ("app", "service-fqdn"), ("app", "pod-dns")}
BY_SERVICE = {
    *((vantage, address) for vantage in ("app", "other") for address in ("service", "service-fqdn", "cluster-ip")),
    ("node", "cluster-ip"),
}
FLIPS = {
    "bind-loopback4": ON_LOOPBACK,
    "bind-pod-ip": {("app", "loopback4"), ("app", "localhost")},
    "bind-any6": {("app", "loopback6")},
    "bind-loopback6": {*ON_LOOPBACK, ("app", "loopback4"), ("app", "loopback6")},
    "rename": {("app", "container-name")},
    "hostname": {*OWN_NAME_LOST, ("app", "hostname")},
    "subdomain": {("app", "headless")},
    "hostname-subdomain": {("app", "headless"), ("other", "headless")},
    "host-aliases": {("app", "host-alias")},
    "hosts-edit": {("app", "hand-edit")},
    "hosts-edit-guest": set(),
    "long-name": OWN_NAME_LOST,
    "service-like-pod": {
        ("app", "nslookup-pod-name"),
        *(("other", address) for address in ("pod-name", "service-like-pod", "getent-pod-name", "nslookup-pod-name")),
    },
    "host-network": {*OWN_NAME_LOST, *NO_CLUSTER_DNS},
    "host-network-dns": OWN_NAME_LOST,
    "dns-default": NO_CLUSTER_DNS,
    "dns-none": {("app", "service")},
    "unready": BY_SERVICE,
}


@pytest.mark.parametrize("variant", [pytest.param(variant, id=variant.id) for variant in variants.VARIANTS])
def test_one_change_flips_its_own_cells_and_no_other(described, variant):
    matrix = whatif.matrix([variant])
    model = described(matrix, NAMESPACES[:1])
    outcomes = predicted(model, matrix.attempts(model, NAMESPACES[:1]))
    flipped = {
        (vantage, address)
        for (changed, vantage, address), outcome in outcomes.items()
        if changed and ("", vantage, address) in outcomes and outcomes["", vantage, address] != outcome
    }
    assert flipped == FLIPS[variant.id]


def test_only_those_asked_for_are_made(described):
    model = described(whatif.matrix(whatif.chosen(["rename", "hostname"])), NAMESPACES[:1])
    assert {pod.name for pod in model.pods} == {"other", "cat", "cat-rename", "cat-hostname"}


def test_an_unknown_counterfactual_is_named_beside_those_that_are():
    with pytest.raises(BadInput, match=r"no counterfactual 'renam'") as error:
        whatif.chosen(["rename", "renam"])
    assert "bind-loopback4" in error.value.hint


def test_on_the_nodes_network_ports_differ_from_run_to_run():
    on_node = next(variant for variant in variants.VARIANTS if variant.id == "host-network")
    ports = {on_node.port(f"whatif-{number}") for number in range(20)}
    assert len(ports) > 15
    assert all(11_000 <= port < 20_000 for port in ports)


@pytest.mark.parametrize(
    ("matrix", "namespaces"),
    [
        pytest.param(bind_addresses.MATRIX, NAMESPACES[:1], id="binds"),
        pytest.param(names.MATRIX, NAMESPACES, id="names"),
        pytest.param(whatif.matrix(variants.VARIANTS), NAMESPACES[:1], id="whatif"),
    ],
)
def test_everything_has_a_label(described, matrix, namespaces):
    model = described(matrix, namespaces)
    attempts = matrix.attempts(model, namespaces)
    assert labels.chosen(labels.VANTAGES, [attempt.vantage_id for attempt in attempts])
    assert labels.chosen(labels.ADDRESSES, [attempt.address.id for attempt in attempts])
    assert {attempt.variant for attempt in attempts} - {""} == {label.id for label in matrix.variants}


def test_an_id_without_a_label_is_an_error():
    with pytest.raises(KeyError, match="nobody"):
        labels.chosen(labels.VANTAGES, ["app", "nobody"])
