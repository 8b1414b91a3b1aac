"""Bind address by route: what an app that listens on one address still answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.matrix import environment, manifests
from lab.experiments.matrix.engine import Matrix, Try
from lab.experiments.matrix.manifests import Cast
from lab.experiments.model.cluster import Address, Vantage
from lab.experiments.results import Label
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from lab.config import Settings
    from lab.experiments.matrix.environment import Stage
    from lab.experiments.model.cluster import Service, World
    from lab.experiments.results import Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

POD, OTHER = "binds", "other"
PORTS: Mapping[str, int] = {"127.0.0.1": 3001, "0.0.0.0": 3002, "pod-ip": 3003, "::": 3004, "::1": 3005}  # noqa: S104
"""What the apps listen on, each at a port of its own, all in one Pod."""
_KINDS = ("http", "tcp", "exec")
_ONWARD = 5000
"""What the Service adds to an app's port: one sees which of the two was used."""


def staged(settings: Settings, api: Api, image: str, report: Report) -> AbstractContextManager[Stage]:
    """Return the context manager of the stage, which can be looked at again and again."""
    return environment.staged(settings, api, image, MATRIX, report)


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Measure the whole matrix once; raises LabError."""
    with staged(settings, api, image, report) as found:
        return found.look()


def players(_world: World, image: str, namespaces: Sequence[str]) -> Cast:
    """Return who is on stage: five apps in one Pod, their witnesses, a Service with a port for each, another Pod."""
    (here,) = namespaces
    apps = [part for bind, port in PORTS.items() for part in _app(image, bind, port)]
    listed = [(port + _ONWARD, port) for port in PORTS.values()]
    return Cast(
        services=[manifests.service(here, POD, POD, *listed, node_port=True)],
        pods=lambda _: [
            manifests.pod(here, POD, *apps, manifests.idle(image, "look")),
            manifests.pod(here, OTHER, manifests.idle(image, "look")),
        ],
    )


def _app(image: str, bind: str, port: int) -> tuple[Object, Object, Object]:
    """Return an app, which is probed over HTTP, and the witnesses of the two other kinds; no probe of theirs acts."""
    own = manifests.looks(manifests.http(port))
    app = manifests.backend(image, name=f"http-{port}", bind=bind, port=port, readinessProbe=None, livenessProbe=own)
    return (
        app,
        manifests.witness(image, f"tcp-{port}", manifests.tcp(port)),
        manifests.witness(image, f"exec-{port}", manifests.dials("127.0.0.1", port)),
    )


def tries(world: World, namespaces: Sequence[str]) -> list[Try]:
    """Return all cells: every route to every app."""
    (here,) = namespaces
    service = world.service(here, POD)
    ip = world.pod(here, POD).ip
    return [
        Try(vantage, address, bind)
        for bind, port in PORTS.items()
        for vantage, address in (
            *_programs(here, world, service, ip, port),
            *_dialled(here, service, port),
            *_probes(here, port),
        )
    ]


def _programs(here: str, world: World, service: Service, ip: str, port: int) -> list[tuple[Vantage, Address]]:
    inside = Vantage("app", "container", here, POD, "look")
    other = Vantage("other", "container", here, OTHER, "look")
    node, computer = Vantage("node", "node"), Vantage("computer", "computer")
    node_port = next(one.node_port for one in service.ports if one.target == port)
    by_ip, by_name = Address("pod-ip", ip, port), Address("pod-name", POD, port)
    by_service = Address("service", POD, port + _ONWARD)
    by_node = Address("node-port", world.cluster.node_ip, node_port)
    return [
        (inside, Address("loopback4", "127.0.0.1", port)),
        (inside, Address("loopback6", "::1", port)),
        (inside, Address("localhost", "localhost", port)),
        (inside, by_ip),
        (inside, by_name),
        (inside, Address("cluster-ip", service.cluster_ip, port + _ONWARD)),
        (other, by_ip),
        (other, by_service),
        (node, by_ip),
        (node, by_node),
        (computer, by_node),
    ]


def _dialled(here: str, service: Service, port: int) -> list[tuple[Vantage, Address]]:
    return [
        (Vantage("port-forward", "port-forward", here, POD), Address("forward", f"pod/{POD}", port, "forward")),
        (Vantage("pod-proxy", "pod-proxy", here, POD), Address("proxy", service.name, port, "pod-proxy")),
    ]


def _probes(here: str, port: int) -> list[tuple[Vantage, Address]]:
    """Return the cells of the probes; a command's own address is the loopback, where one would point it."""
    kubelet = {kind: Vantage(f"kubelet-{kind}", "kubelet", here, POD, f"{kind}-{port}") for kind in _KINDS}
    return [
        (kubelet["http"], Address("probe", "", port, "http-probe")),
        (kubelet["tcp"], Address("probe", "", port, "tcp-probe")),
        (kubelet["exec"], Address("probe-loopback", "127.0.0.1", port, "exec-probe")),
    ]


def _bind(id_: str, en: str, fr: str) -> Label:
    return Label(id_, Text(en=id_, fr=id_), Text(en=en, fr=fr))


MATRIX = Matrix(
    id="binds",
    spaces=(),
    cast=players,
    tries=tries,
    settles=lambda one: one.vantage.id in {"app", "other"},
    variants=(
        _bind("127.0.0.1", "It listens on IPv4’s loopback only.", "Elle n’écoute que sur la boucle locale IPv4."),
        _bind("0.0.0.0", "It listens on every IPv4 address.", "Elle écoute sur toutes les adresses IPv4."),  # noqa: S104
        Label(
            "pod-ip",
            Text(en="Pod IP", fr="IP du Pod"),
            Text(en="It listens on the Pod’s own address only.", fr="Elle n’écoute que sur l’adresse du Pod."),
        ),
        _bind(
            "::", "It listens on every address, IPv6 and IPv4.", "Elle écoute sur toutes les adresses, IPv6 et IPv4."
        ),
        _bind("::1", "It listens on IPv6’s loopback only.", "Elle n’écoute que sur la boucle locale IPv6."),
    ),
)
