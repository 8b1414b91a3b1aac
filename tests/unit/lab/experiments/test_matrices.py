"""What the matrices create, and what the model predicts of it, without a cluster."""

import json

import pytest

from lab.errors import BadInput
from lab.experiments.matrix import bind_addresses, labels, names, whatif

NAMESPACES = ("here", "there")


def test_the_init_container_is_asked_what_its_cells_are(described):
    model = described(names.MATRIX, NAMESPACES)
    ids = {each.address.id for each in names.MATRIX.attempts(model, NAMESPACES) if each.vantage.id == "init"}
    pods = names.MATRIX.setup(model, NAMESPACES).pods(model)
    (init,) = pods[0]["spec"]["initContainers"]
    request = json.loads(init["command"][-1])
    assert {cell["id"] for cell in request["cells"]} == ids
    assert "$POD_IP" in {cell["host"] for cell in request["cells"]}


def test_only_those_asked_for_are_made(described):
    model = described(whatif.matrix(["rename", "hostname"]), NAMESPACES[:1])
    assert {pod.name for pod in model.pods} == {"other", "cat", "cat-rename", "cat-hostname"}


def test_an_unknown_counterfactual_is_named_beside_those_that_are():
    with pytest.raises(BadInput, match=r"no counterfactual 'renam'") as error:
        whatif.matrix(["rename", "renam"])
    assert "bind-loopback4" in error.value.hint


def test_on_the_nodes_network_ports_differ_from_run_to_run(described):
    namespaces = [f"whatif-{number}" for number in range(20)]
    matrix = whatif.matrix(["host-network"])
    models = [described(matrix, [namespace]) for namespace in namespaces]
    pods = [model.pod(name, "cat-host-network") for name, model in zip(namespaces, models, strict=True)]
    ports = {pod.containers[0].listeners[0].port for pod in pods}
    assert len(ports) > 15
    assert all(11_000 <= port < 20_000 for port in ports)


@pytest.mark.parametrize(
    ("matrix", "namespaces"),
    [
        pytest.param(bind_addresses.MATRIX, NAMESPACES[:1], id="binds"),
        pytest.param(names.MATRIX, NAMESPACES, id="names"),
        pytest.param(whatif.matrix(), NAMESPACES[:1], id="whatif"),
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
