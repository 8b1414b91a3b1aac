"""What the matrices create, and what the model predicts of it, without a cluster."""

import json

import pytest

from lab.errors import BadInput
from lab.experiments.matrix import bind_addresses, labels, names, variants, whatif
from lab.experiments.model.predict import predict

NAMESPACES = ("here", "there")


def predicted(model, attempts):
    """Return the outcome of each cell, by variant, vantage and address."""
    return {
        (attempt.variant, attempt.vantage_id, attempt.address.id): predict(
            model, attempt.vantage, attempt.address
        ).outcome
        for attempt in attempts
    }


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
