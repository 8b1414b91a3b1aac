"""What the matrices create, and what the model predicts of it, without a cluster."""

import json

import pytest

from lab.errors import BadInput
from lab.experiments.matrix import bind_addresses, labels, names, variants, whatif

NAMESPACES = ("here", "there")


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
