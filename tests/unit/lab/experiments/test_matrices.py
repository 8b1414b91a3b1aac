"""What the matrices put on stage and what the model says of it, without a cluster."""

from dataclasses import replace

import pytest

from lab.errors import BadInput, LabError
from lab.experiments.matrix import bind_addresses, compare, engine, labels, names, variants, whatif
from lab.experiments.model.predict import predict
from lab.experiments.results import Cell, Measurement, Prediction
from lab.experiments.texts import Text

HERE = ("here", "there")
NO = Text(en="", fr="")
YES, NEVER = "answers", "refused"


def predicted(world, tries):
    """Return the outcome of each cell, by variant, vantage and address."""
    return {
        (one.variant, engine.short(one.vantage.id), one.address.id): predict(world, one.vantage, one.address).outcome
        for one in tries
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
    world = described(bind_addresses.MATRIX, HERE[:1])
    found = predicted(world, bind_addresses.tries(world, HERE[:1]))
    assert tuple(found[bind, vantage, address] for bind in bind_addresses.PORTS) == outcomes


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
    world = described(names.MATRIX, HERE)
    assert predicted(world, names.tries(world, HERE))["", vantage, address] == outcome


def test_the_name_matrix_tries_each_address_from_everywhere(described):
    world = described(names.MATRIX, HERE)
    cells = predicted(world, names.tries(world, HERE))
    assert len(cells) == 12 * 18 - 4 + 7
    assert "unmeasured" not in cells.values()


def test_the_init_container_is_asked_what_its_cells_are(described, empty):
    world = described(names.MATRIX, HERE)
    asked = {one.address.id for one in names.tries(world, HERE) if one.vantage.id == "init"}
    cast = names.MATRIX.cast(empty, "image", HERE)
    services = [{**one, "spec": {"ports": [{"nodePort": 1}], "clusterIP": "c"}} for one in cast.services]
    (init,) = cast.pods(services)[0]["spec"]["initContainers"]
    assert all(f'"id": "{one}"' in init["command"][-1] for one in asked)
    assert "$POD_IP" in init["command"][-1]


ON_LOOPBACK = {
    *(("app", one) for one in ("pod-ip", "pod-name", "service", "service-fqdn", "cluster-ip", "pod-dns")),
    *(("other", one) for one in ("pod-ip", "service", "service-fqdn", "cluster-ip", "pod-dns")),
    ("node", "pod-ip"),
    ("node", "cluster-ip"),
    ("pod-proxy", "proxy"),
}
OWN_NAME_LOST = {("app", "pod-name"), ("app", "service-like-pod"), ("app", "getent-pod-name")}
NO_CLUSTER_DNS = {("app", "service"), ("app", "service-fqdn"), ("app", "pod-dns")}
BY_SERVICE = {
    *((one, address) for one in ("app", "other") for address in ("service", "service-fqdn", "cluster-ip")),
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
        *(("other", one) for one in ("pod-name", "service-like-pod", "getent-pod-name", "nslookup-pod-name")),
    },
    "host-network": {*OWN_NAME_LOST, *NO_CLUSTER_DNS},
    "host-network-dns": OWN_NAME_LOST,
    "dns-default": NO_CLUSTER_DNS,
    "dns-none": {("app", "service")},
    "unready": BY_SERVICE,
}


@pytest.mark.parametrize("variant", [pytest.param(one, id=one.id) for one in variants.VARIANTS])
def test_one_change_flips_its_own_cells_and_no_other(described, variant):
    changed = whatif.of([variant])
    world = described(changed, HERE[:1])
    cells = [
        Cell(
            engine.short(vantage),
            address,
            "",
            Prediction(said),
            Measurement(said),
            agrees=True,
            mechanism="",
            because=NO,
            variant=of,
        )
        for (of, vantage, address), said in predicted(world, changed.tries(world, HERE[:1])).items()
    ]
    assert {(one.vantage, one.address) for one in compare.flips(cells)} == FLIPS[variant.id]


def test_only_those_asked_for_are_made(described):
    world = described(whatif.of(whatif.chosen(["rename", "hostname"])), HERE[:1])
    assert {one.name for one in world.pods} == {"other", "cat", "cat-rename", "cat-hostname"}


def test_an_unknown_counterfactual_is_named_beside_those_that_are():
    with pytest.raises(BadInput, match=r"no counterfactual 'renam'") as error:
        whatif.chosen(["rename", "renam"])
    assert "bind-loopback4" in error.value.hint


def test_on_the_nodes_network_ports_differ_from_run_to_run():
    on_node = next(one for one in variants.VARIANTS if one.id == "host-network")
    ports = {on_node.port(f"whatif-{number}") for number in range(20)}
    assert len(ports) > 15
    assert all(11_000 <= one < 20_000 for one in ports)


@pytest.mark.parametrize("of", [pytest.param(bind_addresses, id="binds"), pytest.param(names, id="names")])
def test_everything_has_a_label(described, of):
    world = described(of.MATRIX, HERE[: 1 + len(of.MATRIX.spaces)])
    tries = of.tries(world, HERE[: 1 + len(of.MATRIX.spaces)])
    vantages = labels.chosen(labels.VANTAGES, [one.vantage.id for one in tries])
    addresses = labels.chosen(labels.ADDRESSES, [one.address.id for one in tries])
    assert {one.id for one in vantages} == {one.vantage.id for one in tries}
    assert {one.id for one in addresses} == {one.address.id for one in tries}


def test_an_id_without_a_label_is_an_error():
    with pytest.raises(KeyError, match="nobody"):
        labels.chosen(labels.VANTAGES, ["app", "nobody"])


def test_what_was_taken_away_is_named(described):
    world = described(names.MATRIX, HERE)
    without = replace(world, pods=[one for one in world.pods if one.name != "other"])
    with pytest.raises(LabError, match="there is no Pod here/other any more"):
        engine.tries_on(names.MATRIX, without, HERE)


def test_a_service_that_is_gone_is_still_asked(described):
    world = described(names.MATRIX, HERE)
    first = engine.tries_on(names.MATRIX, world, HERE)
    without = replace(world, services=tuple(one for one in world.services if one.name != "cats"))
    with pytest.raises(LabError, match="there is no Service here/cats any more"):
        engine.tries_on(names.MATRIX, without, HERE)
    assert engine.tries_on(names.MATRIX, without, HERE, first) == first


def test_what_variants_ask_alike_is_asked_once(described, monkeypatch):
    changed = whatif.of(whatif.chosen(["rename"]))
    world = described(changed, HERE[:1])
    asked = []
    monkeypatch.setattr(engine, "measure", lambda *words: asked.extend(words[-1]))
    tries = changed.tries(world, HERE[:1])
    engine._measured(engine.Hand(None, None, "i"), world, tries)
    twice = [one for one in tries if one.vantage.id == "other" and one.address.id == "host-alias"]
    once = [one for vantage, one in asked if vantage.id == "other" and one.id.startswith("host-alias")]
    assert (len(twice), len(once)) == (2, 1)
    assert len({(vantage.id, one.id) for vantage, one in asked}) == len(asked)
