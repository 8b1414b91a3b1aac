"""Name x vantage: from where which name or address leads to the app, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lab.experiments.matrix import environment, manifests
from lab.experiments.matrix.engine import Matrix, Try
from lab.experiments.matrix.manifests import PORT, Cast, Copy, Guests
from lab.experiments.matrix.probe_protocol import command
from lab.experiments.model.cluster import Address, Vantage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from lab.config import Settings
    from lab.experiments.matrix.environment import Stage
    from lab.experiments.model.cluster import How, Service, World
    from lab.experiments.results import Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

POD, COPY, TWIN, OTHER, ON_NODE = "k8-chatroulette-back", "k8-chatroulette-back-copy", "twin", "other", "host-network"
SERVICE, LITTER, ALIAS = "cats", "litter", "minou"
_PATIENCE, _AGAIN = 15.0, 3
"""Seconds for the init container's answers, and how often it tries again itself: it runs once, maybe before kube-proxy
knows its Service."""
_SETTLED = {(OTHER, "cluster-ip"), (OTHER, "service-like-pod"), (OTHER, "headless"), ("copy", "loopback4")}
"""Cells that come as predicted once kube-proxy and DNS follow, and once the copy, which has no probes, listens."""
_LATER = {"service-like-pod", "headless", "getent-service", "nslookup-service"}
"""Addresses of another Pod, which may be Ready or not while the init container runs, or asked for elsewhere."""


def staged(settings: Settings, api: Api, image: str, report: Report) -> AbstractContextManager[Stage]:
    """Return the context manager of the stage, which can be looked at again and again."""
    return environment.staged(settings, api, image, MATRIX, report)


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Measure the whole matrix once; raises LabError."""
    with staged(settings, api, image, report) as found:
        return found.look()


def players(world: World, image: str, namespaces: Sequence[str]) -> Cast:
    """Return who is on stage: the app's Pod with its guests and its copy, a twin, and Pods to look from."""
    here, there = namespaces

    def pods(services: Sequence[Object]) -> list[Object]:
        return [
            manifests.pod(here, POD, *_app(image), initContainers=[_init(image, world, services)], **_alias()),
            manifests.pod(here, TWIN, manifests.standin(image, name="cat"), hostname=TWIN, subdomain=LITTER),
            manifests.pod(here, OTHER, manifests.idle(image, "look")),
            manifests.pod(there, OTHER, manifests.idle(image, "look")),
            manifests.pod(here, ON_NODE, manifests.idle(image, "look"), hostNetwork=True),
        ]

    return Cast(
        services=(
            manifests.service(here, SERVICE, POD, node_port=True),
            manifests.service(here, TWIN, TWIN),
            manifests.headless(here, LITTER),
        ),
        pods=pods,
        guests=[
            Guests(POD, (manifests.guest(image, "guest"), manifests.guest(image, "guest-target", "back")), after="back")
        ],
        copies=(Copy(POD, COPY, "debugger"),),
    )


def _app(image: str) -> list[Object]:
    """Return the app, which is probed over HTTP as apps are, and beside it a witness of each other probe."""
    witnesses = {
        "sidecar": manifests.http(host="127.0.0.1"),
        "witness-tcp": manifests.tcp(),
        "witness-exec": manifests.dials("127.0.0.1"),
    }
    return [manifests.backend(image), *(manifests.witness(image, name, probe) for name, probe in witnesses.items())]


def _alias() -> Object:
    return {"hostAliases": [{"ip": "127.0.0.1", "hostnames": [ALIAS]}]}


def _init(image: str, world: World, services: Sequence[Object]) -> Object:
    """Return the init container: its command is the probe, its log the answer."""
    spec = next(one["spec"] for one in services if one["metadata"]["name"] == SERVICE)
    namespace = services[0]["metadata"]["namespace"]
    asked = addresses(
        namespace,
        world,
        pod_ip="$POD_IP",
        dashed="$DASHED_POD_IP",
        cluster_ip=spec["clusterIP"],
        node_port=spec["ports"][0]["nodePort"],
    )
    tried = [one for one in asked if one.id not in _LATER]
    env = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    return {**manifests.idle(image, "init", env=env), "command": command(tried, seconds=_PATIENCE, again=_AGAIN)}


def tries(world: World, namespaces: Sequence[str]) -> list[Try]:
    """Return all cells: every address from everywhere, and what only forwards and probes can try."""
    here, there = namespaces
    pod = world.pod(here, POD)
    service = world.service(here, SERVICE)
    known = addresses(
        here,
        world,
        pod_ip=pod.ip,
        dashed=pod.ip.replace(".", "-"),
        cluster_ip=service.cluster_ip,
        node_port=_node_port(service),
    )
    vantages = _vantages(here, there)
    cells = [
        Try(one, address) for one in vantages for address in known if one.kind != "init" or address.id not in _LATER
    ]
    return cells + _dialled(here)


def _vantages(here: str, there: str) -> tuple[Vantage, ...]:
    return (
        Vantage("app", "container", here, POD, "back"),
        Vantage("sidecar", "container", here, POD, "sidecar"),
        Vantage("guest", "container", here, POD, "guest"),
        Vantage("guest-target", "container", here, POD, "guest-target"),
        Vantage("init", "init", here, POD, "init"),
        Vantage("copy", "container", here, COPY, "debugger"),
        Vantage("twin", "container", here, TWIN, "cat"),
        Vantage("other", "container", here, OTHER, "look"),
        Vantage("other-namespace", "container", there, OTHER, "look"),
        Vantage("host-network", "container", here, ON_NODE, "look"),
        Vantage("node", "node"),
        Vantage("computer", "computer"),
    )


def addresses(  # noqa: PLR0913 - what is known of the app by then, each by its own name
    namespace: str, world: World, *, pod_ip: str, dashed: str, cluster_ip: str, node_port: int
) -> tuple[Address, ...]:
    """Return every address of the app, and those of its twin that only the twin can show."""
    domain = f"{namespace}.svc.{world.cluster.domain}"
    return (
        Address("loopback4", "127.0.0.1", PORT),
        Address("loopback6", "::1", PORT),
        Address("localhost", "localhost", PORT),
        Address("pod-ip", pod_ip, PORT),
        Address("pod-name", POD, PORT),
        Address("container-name", "back", PORT),
        Address("service", SERVICE, 80),
        Address("service-fqdn", f"{SERVICE}.{domain}", 80),
        Address("service-like-pod", TWIN, 80),
        Address("cluster-ip", cluster_ip, 80),
        Address("headless", f"{TWIN}.{LITTER}.{domain}", PORT),
        Address("pod-dns", f"{dashed}.{namespace}.pod.{world.cluster.domain}", PORT),
        Address("node-port", world.cluster.node_ip, node_port),
        Address("host-alias", ALIAS, PORT),
        Address("getent-pod-name", POD, PORT, "getent"),
        Address("nslookup-pod-name", POD, PORT, "nslookup"),
        Address("getent-service", SERVICE, 80, "getent"),
        Address("nslookup-service", SERVICE, 80, "nslookup"),
    )


def _dialled(here: str) -> list[Try]:
    """Return the cells of those who dial for somebody: forwards, the API server, the kubelet's probes."""
    return [
        Try(Vantage("port-forward", "port-forward", here, POD), Address("forward", f"pod/{POD}", PORT, "forward")),
        Try(
            Vantage("service-forward", "service-forward", here), Address("forward", f"service/{SERVICE}", 80, "forward")
        ),
        Try(Vantage("pod-proxy", "pod-proxy", here, POD), Address("proxy", POD, PORT, "pod-proxy")),
        _probed(here, "http", "back"),
        _probed(here, "http", "sidecar", "127.0.0.1"),
        _probed(here, "tcp", "witness-tcp"),
        _probed(here, "exec", "witness-exec", "127.0.0.1"),
    ]


def _probed(here: str, kind: Literal["http", "tcp", "exec"], witness: str, host: str = "") -> Try:
    """Return the cell of a probe, which the container named ``witness`` has."""
    how: Mapping[str, How] = {"http": "http-probe", "tcp": "tcp-probe", "exec": "exec-probe"}
    address = Address("probe-loopback" if host else "probe", host, PORT, how[kind])
    return Try(Vantage(f"kubelet-{kind}", "kubelet", here, POD, witness), address)


def _node_port(service: Service) -> int:
    return service.ports[0].node_port


MATRIX = Matrix(
    id="names",
    spaces=("other",),
    cast=players,
    tries=tries,
    settles=lambda one: (one.vantage.id, one.address.id) in _SETTLED,
)
