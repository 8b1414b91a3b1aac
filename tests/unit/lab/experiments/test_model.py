"""The model's predictions and explanations over a made-up cluster like the matrices' own."""

from dataclasses import replace

import pytest

from lab.experiments import texts
from lab.experiments.matrix import bind_addresses, names, whatif
from lab.experiments.model.cluster import (
    Address,
    Cluster,
    ClusterModel,
    Computer,
    Container,
    HandEdit,
    HostAlias,
    Listener,
    Pod,
    Service,
    ServicePort,
    VantagePoint,
)
from lab.experiments.model.explain import because
from lab.experiments.model.predict import RULES, mechanism, predict

NODE_IP, DNS, CATS_IP, TWIN_IP = "172.18.0.2", "10.96.0.10", "10.96.1.1", "10.96.1.2"
APP_IP, NODE_PORT, LONG = "10.244.0.21", 31000, "cat" * 20 + "-b-cdefg"
SUBDOMAIN = "felix.herd.lab.svc.cluster.local"
BINDS = {"any": "0.0.0.0", "loopback": "127.0.0.1", "dual": "::", "six": "::1"}


def _app(bind: str = "0.0.0.0", at: str = "2026-01-01T10:00:00Z") -> Container:
    return Container("back", listeners=(Listener(bind, 3000),), started_at=at)


APP = Pod(
    "k8-back",
    "lab",
    APP_IP,
    (_app(), Container("sidecar", "sidecar"), Container("init", "init", ended=True)),
    labels=(("app", "cats"), ("more", "yes")),
    host_aliases=(HostAlias("127.0.0.1", ("purr",)),),
    hand_edits=(HandEdit("127.0.0.1 scratch", "2026-01-01T10:00:05Z"),),
)
EDITED = replace(APP, name="edited", ip="10.244.0.30", labels=(), host_aliases=())
GONE = replace(
    EDITED, name="gone", ip="10.244.0.31", containers=(_app(), replace(_app(at="2026-01-01T10:00:09Z"), name="guest"))
)
TWIN = Pod("twin", "lab", "10.244.0.22", (_app(),), labels=(("app", "twin"),))
NAMED = Pod("named", "lab", "10.244.0.23", (_app(),), labels=(("app", "herd"),), hostname="felix", subdomain="herd")
LONE = replace(NAMED, name="lone", ip="10.244.0.32", labels=(), hostname="tom", subdomain="nobody")
BARE = replace(NAMED, name="bare", ip="10.244.0.33", labels=(), dns_policy="None", nameservers=(DNS,))
TOM = Pod("tom", "lab", NODE_IP, (Container("back", listeners=(Listener("0.0.0.0", 3999),)),), host_network=True)
MEG = replace(TOM, name="meg", containers=(Container("back", listeners=(Listener("0.0.0.0", 3998),)),))
UNREADY = Pod("unready", "lab", "10.244.0.24", (_app(),), labels=(("app", "unready"),), ready=False)
LONG_POD = Pod(LONG, "lab", "10.244.0.25", (_app(),))
OTHER = Pod("other", "lab", "10.244.0.26", (Container("other"),))
FAR = Pod("other", "far", "10.244.0.27", (Container("other"),))
HOSTNET = Pod("host-network", "lab", NODE_IP, (Container("other"),), host_network=True)
HOSTNET_DNS = replace(HOSTNET, name="host-dns", dns_policy="ClusterFirstWithHostNet")
NODE_DNS = Pod("node-dns", "lab", "10.244.0.28", (_app(),), dns_policy="Default")
OWN_DNS = Pod(
    "own-dns", "lab", "10.244.0.29", dns_policy="None", nameservers=(DNS,), searches=("lab.svc.cluster.local",)
)
BOUND = tuple(Pod(f"bind-{id_}", "lab", f"10.244.1.{n}", (_app(b),)) for n, (id_, b) in enumerate(BINDS.items()))
BOUND_IP = Pod("bind-ip", "lab", "10.244.1.9", (_app("10.244.1.9"),), labels=(("app", "bind-ip"),))


def _service(name: str, ip: str, chosen: str, node_port: int = 0) -> Service:
    return Service(name, "lab", ip, (("app", chosen),), (ServicePort(80, 3000, node_port),))


MODEL = ClusterModel(
    Cluster("containerd://2.4.2", "cats-control-plane", NODE_IP, DNS),
    pods=(
        *(APP, EDITED, GONE, TWIN, NAMED, UNREADY, LONG_POD, OTHER, FAR, HOSTNET, HOSTNET_DNS, NODE_DNS, OWN_DNS),
        *(*BOUND, BOUND_IP, LONE, BARE, MEG, TOM),
    ),
    services=(
        *(_service("cats", CATS_IP, "cats", NODE_PORT), _service("twin", TWIN_IP, "twin")),
        *(_service("unready", "10.96.1.3", "unready"), _service("herd", "None", "herd")),
    ),
)


def inside(pod: Pod, container: str = "back") -> VantagePoint:
    return VantagePoint(pod.name, "container", pod.namespace, pod.name, container)


APP_V, SIDECAR, OTHER_V, FAR_V = inside(APP), inside(APP, "sidecar"), inside(OTHER), inside(FAR)
INIT = VantagePoint("init", "init", "lab", "k8-back", "init")
NODE, COMPUTER = VantagePoint("node", "node"), VantagePoint("computer", "computer")
KUBELET = VantagePoint("kubelet-http", "kubelet", "lab", "k8-back")


def forward(host: str, port: int = 3000) -> tuple[VantagePoint, Address]:
    kind = "service-forward" if host.startswith("service") else "port-forward"
    return VantagePoint(kind, kind, "lab"), Address("forward", host, port, "forward")


def proxy(pod: Pod) -> tuple[VantagePoint, Address]:
    return VantagePoint("pod-proxy", "pod-proxy", "lab", pod.name), Address("proxy", pod.name, 3000, "pod-proxy")


def probe(how: str, host: str = "", pod: Pod = APP) -> tuple[VantagePoint, Address]:
    return replace(KUBELET, pod=pod.name), Address("probe", host, 3000, how)


def to(vantage: VantagePoint, host: str, port: int = 3000, how: str = "connect") -> tuple[VantagePoint, Address]:
    return vantage, Address(host, host, port, how)


CELLS = [
    pytest.param(*to(OTHER_V, "cats.lab.svc.cluster.local.", 80), "answers", "k8-back", id="service-rooted"),
    pytest.param(*to(FAR_V, "cats.lab", 80), "answers", "k8-back", id="service-with-its-namespace"),
    pytest.param(*to(OTHER_V, "cats", 3000), "elsewhere", "", id="port-that-no-service-lists"),
    pytest.param(*to(inside(TWIN), "twin"), "answers", "twin", id="on-the-app-s-own-port"),
    pytest.param(*to(inside(LONE), "tom.nobody.lab.svc.cluster.local"), "answers", "lone", id="subdomain-no-service"),
    pytest.param(*to(OTHER_V, "tom.nobody.lab.svc.cluster.local"), "no-name", "", id="subdomain-no-service-no-dns"),
    pytest.param(*to(OTHER_V, "herd"), "answers", "named", id="headless"),
    pytest.param(*to(OTHER_V, "10-244-9-9.lab.pod.cluster.local"), "elsewhere", "", id="pod-dns-of-nobody"),
    pytest.param(*to(OTHER_V, "10-244-9-999.lab.pod.cluster.local"), "no-name", "", id="pod-dns-of-no-address"),
    pytest.param(*to(inside(LONG_POD), LONG[:63].rstrip("-.")), "answers", LONG, id="long-name-cut"),
    pytest.param(*to(inside(HOSTNET), "cats-control-plane", 9), "refused", "", id="which-names-the-node"),
    pytest.param(*to(inside(OWN_DNS), "cats.lab", 80), "no-name", "", id="its-search-list-is-short"),
    pytest.param(*to(NODE, "127.0.0.1", NODE_PORT), "answers", "k8-back", id="node-port-on-its-loopback"),
    pytest.param(*to(OTHER_V, "127.0.0.1", NODE_PORT), "refused", "", id="not-on-a-pod-s-loopback"),
    pytest.param(*to(INIT, "twin", 80), "answers", "twin", id="init-reaches-others"),
    pytest.param(*forward("service/unready", 80), "answers", "unready", id="forward-service-unready"),
    pytest.param(*to(KUBELET, "127.0.0.1"), "not-applicable", "", id="kubelet-only-probes"),
]
"""Cells that no matrix has: each run on a cluster measures the others."""


@pytest.mark.parametrize(("vantage", "address", "outcome", "who"), CELLS)
def test_predicts(vantage: VantagePoint, address: Address, outcome: str, who: str):
    prediction = predict(MODEL, vantage, address)
    assert (prediction.outcome, prediction.who) == (outcome, who)
    assert mechanism(prediction) in RULES


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_where_it_is_written(rule: str):
    text = texts.load("model").section("rules").section(rule)
    assert text["source"].en.startswith("https://")
    assert text["says"].en


@pytest.mark.parametrize(
    ("runtime", "outcome"),
    [("containerd://2.4.2", "refused"), ("containerd://1.7.24", "refused"), ("containerd://2.5.0", "answers")],
)
def test_a_newer_containerd_forwards_to_the_pod_ip_too(runtime: str, outcome: str):
    model = replace(MODEL, cluster=replace(MODEL.cluster, runtime=runtime))
    assert predict(model, *forward("pod/bind-ip")).outcome == outcome


def test_without_a_route_the_node_port_is_elsewhere():
    model = replace(MODEL, computer=Computer(reaches_node=False))
    assert predict(model, *to(COMPUTER, NODE_IP, NODE_PORT)).outcome == "elsewhere"


def test_a_service_may_publish_pods_that_are_not_ready():
    publishing = replace(MODEL.services[2], publish_not_ready=True)
    assert predict(replace(MODEL, services=(publishing,)), *to(OTHER_V, "unready", 80)).who == "unready"


@pytest.mark.parametrize(
    ("matrix", "namespaces"),
    [
        pytest.param(names.MATRIX, ("here", "there"), id="names"),
        pytest.param(bind_addresses.MATRIX, ("here",), id="binds"),
        pytest.param(whatif.matrix(), ("here",), id="whatif"),
    ],
)
def test_explains_in_two_sentences_at_most(described, matrix, namespaces):
    model = described(matrix, namespaces)
    for attempt in matrix.attempts(model, namespaces):
        cell = (attempt.vantage, attempt.address)
        explanation = because(model, *cell, predict(model, *cell))
        for text in (explanation.en, explanation.fr):
            assert 1 <= len([part for part in text.split(". ") if part]) <= 2, text
            assert text.endswith(".")
            assert "None" not in text


def test_the_name_s_explanation_is_the_course_s_answer():
    explanation = because(MODEL, *to(APP_V, "k8-back"), predict(MODEL, *to(APP_V, "k8-back")))
    assert explanation.en.startswith("`k8-back` is in this Pod's /etc/hosts: kubelet writes the Pod's IP, 10.244.0.21,")
    assert "It is the Pod's hostname, not the container's name" in explanation.en
    assert "pas celui du conteneur\u202f; l’app écoute sur 0.0.0.0" in explanation.fr


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        pytest.param(to(SIDECAR, "back"), "`back` is a container's name", id="container-name"),
        pytest.param(to(FAR_V, "cats", 80), "`cats.lab` would lead there", id="other-namespace"),
        pytest.param(to(inside(TWIN), "twin", 80), "not the Service of the same name", id="twin"),
        pytest.param(to(APP_V, "k8-back", how="nslookup"), "nslookup never reads", id="nslookup"),
        pytest.param(to(inside(GONE), "scratch"), "written by hand", id="hand-edit"),
        pytest.param(to(INIT, "cats", 80), "has no endpoint yet", id="init"),
        pytest.param(to(INIT, "127.0.0.1"), "nobody listens in `k8-back` yet", id="init-loopback"),
        pytest.param(forward("pod/bind-ip"), "listens on 10.244.1.9 alone", id="forward"),
        pytest.param(forward("pod/unready"), "never asks whether the Pod is ready", id="forward-unready"),
        pytest.param(probe("http-probe", "127.0.0.1"), "the node's own 127.0.0.1", id="probe-loopback"),
        pytest.param(to(inside(BOUND[1]), "bind-loopback"), "listens on 127.0.0.1 alone", id="loopback-only"),
        pytest.param(to(inside(BARE), "cats", 80), "`spec.dnsConfig` and does not lead", id="own-search-list"),
        pytest.param(to(inside(NODE_DNS), "cats", 80), "`dnsPolicy: Default` means the node's DNS", id="node-s-dns"),
        pytest.param(to(inside(NAMED), SUBDOMAIN), "even without a Service. The app in `named`", id="subdomain"),
        pytest.param(to(inside(TOM), "::1", 3999), "`tom` listens on 0.0.0.0 alone", id="one-of-two-on-the-node"),
        pytest.param(to(inside(NAMED), "felix", 80), "Nobody listens on port 80 in `named`", id="no-service-so-named"),
        pytest.param(to(inside(HOSTNET), "host-network"), "gets the node's hosts file", id="host-network"),
    ],
)
def test_says_why(cell: tuple[VantagePoint, Address], words: str):
    assert words in because(MODEL, *cell, predict(MODEL, *cell)).en


def test_the_short_name_is_the_hostname_s_doing():
    """A subdomain adds the full name; the short one is there without it."""
    prediction = predict(MODEL, *to(inside(NAMED), "felix", how="getent"))
    assert mechanism(prediction) == "hostname-field"
    assert mechanism(predict(MODEL, *to(inside(NAMED), SUBDOMAIN, how="getent"))) == "subdomain-field"


WILD = replace(MODEL, cluster=replace(MODEL.cluster, wildcards=(("corp.example", "192.0.2.80"),)))


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        pytest.param(to(APP_V, "back"), "elsewhere", id="a name that nobody has"),
        pytest.param(to(APP_V, "back", how="getent"), "resolves", id="its address"),
        pytest.param(to(APP_V, "k8-back"), "answers", id="the hosts file comes first"),
        pytest.param(to(APP_V, "cats", 80), "answers", id="the cluster's domains come first"),
        pytest.param(to(OTHER_V, "cats.lab.svc.cluster.local", 80), "elsewhere", id="four dots: searched first"),
        pytest.param(to(OTHER_V, SUBDOMAIN), "answers", id="five dots: tried as it is first"),
        pytest.param(to(inside(NODE_DNS), "cats", 80), "elsewhere", id="the node's DNS, by policy"),
        pytest.param(to(NODE, "cats", 80), "elsewhere", id="on the node"),
        pytest.param(to(inside(BARE), "back"), "no-name", id="a search list of its own"),
    ],
)
def test_a_search_domain_that_answers_every_name_is_predicted_and_named(cell, outcome):
    prediction = predict(WILD, *cell)
    assert prediction.outcome == outcome
    if outcome == "elsewhere":
        sentence = because(WILD, *cell, prediction).en
        assert "corp.example, at 192.0.2.80" in sentence
