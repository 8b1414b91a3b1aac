"""Bind address by route: by which ways an app that listens on one address is still reached."""

from collections.abc import Mapping, Sequence

from lab.experiments import texts
from lab.experiments.matrix import manifests
from lab.experiments.matrix.engine import Attempt
from lab.experiments.matrix.environment import Matrix
from lab.experiments.matrix.labels import labels
from lab.experiments.matrix.manifests import Setup
from lab.experiments.model.cluster import Address, ClusterModel, Service, VantagePoint
from lab.experiments.pods import idle
from lab.kubernetes.objects import Object

POD, OTHER = "binds", "other"
PORTS: Mapping[str, int] = {"127.0.0.1": 3001, "0.0.0.0": 3002, "pod-ip": 3003, "::": 3004, "::1": 3005}  # noqa: S104
"""What the apps listen on, each at a port of its own, all in one Pod."""
_SERVICE_PORT = 5000
"""What the Service adds to an app's port: one sees which of the two was used."""


def setup(_model: ClusterModel, namespaces: Sequence[str]) -> Setup:
    """Create five apps in one Pod, a probe of each kind for each, a Service with a port for each, and another Pod."""
    (namespace,) = namespaces
    apps = [part for bind, port in PORTS.items() for part in _app(bind, port)]
    ports = [(port + _SERVICE_PORT, port) for port in PORTS.values()]
    return Setup(
        services=[manifests.service(namespace, POD, POD, *ports, node_port=True)],
        pods=lambda _: [
            manifests.pod(namespace, POD, *apps, idle("look")),
            manifests.pod(namespace, OTHER, idle("look")),
        ],
    )


def _app(bind: str, port: int) -> tuple[Object, Object, Object]:
    """Return an app, which is probed over HTTP, and the containers with its two other probes."""
    own = manifests.probe(manifests.http(port))
    return (
        manifests.backend(name=f"http-{port}", bind=bind, port=port, readinessProbe=None, livenessProbe=own),
        manifests.probed(f"tcp-{port}", manifests.tcp(port)),
        manifests.probed(f"exec-{port}", manifests.dials("127.0.0.1", port)),
    )


def attempts(model: ClusterModel, namespaces: Sequence[str]) -> list[Attempt]:
    """Return every route to every app."""
    (namespace,) = namespaces
    service, ip = model.service(namespace, POD), model.pod(namespace, POD).ip
    return [
        Attempt(vantage, address, bind)
        for bind, port in PORTS.items()
        for vantage, address in (*_from_programs(namespace, model, service, ip, port), *_dialled(namespace, port))
    ]


def _from_programs(
    namespace: str, model: ClusterModel, service: Service, ip: str, port: int
) -> list[tuple[VantagePoint, Address]]:
    inside = VantagePoint("app", "container", namespace, POD, "look")
    other = VantagePoint("other", "container", namespace, OTHER, "look")
    node, computer = VantagePoint("node", "node"), VantagePoint("computer", "computer")
    node_port = next(listed.node_port for listed in service.ports if listed.target == port)
    by_ip, by_node = Address("pod-ip", ip, port), Address("node-port", model.cluster.node_ip, node_port)
    return [
        (inside, Address("loopback4", "127.0.0.1", port)),
        (inside, Address("loopback6", "::1", port)),
        (inside, Address("localhost", "localhost", port)),
        (inside, by_ip),
        (inside, Address("pod-name", POD, port)),
        (inside, Address("cluster-ip", service.cluster_ip, port + _SERVICE_PORT)),
        (other, by_ip),
        (other, Address("service", POD, port + _SERVICE_PORT)),
        (node, by_ip),
        (node, by_node),
        (computer, by_node),
    ]


def _dialled(namespace: str, port: int) -> list[tuple[VantagePoint, Address]]:
    """Return what others dial; an exec probe's command dials the loopback, where one would point it."""
    forward = VantagePoint("port-forward", "port-forward", namespace, POD)
    proxy = VantagePoint("pod-proxy", "pod-proxy", namespace, POD)
    http = VantagePoint("kubelet-http", "kubelet", namespace, POD, f"http-{port}")
    tcp = VantagePoint("kubelet-tcp", "kubelet", namespace, POD, f"tcp-{port}")
    exec_ = VantagePoint("kubelet-exec", "kubelet", namespace, POD, f"exec-{port}")
    return [
        (forward, Address("forward", f"pod/{POD}", port, "forward")),
        (proxy, Address("proxy", POD, port, "pod-proxy")),
        (http, Address("probe", "", port, "http-probe")),
        (tcp, Address("probe", "", port, "tcp-probe")),
        (exec_, Address("probe-loopback", "127.0.0.1", port, "exec-probe")),
    ]


MATRIX = Matrix(
    id="binds",
    setup=setup,
    attempts=attempts,
    settles=lambda attempt: attempt.vantage.id in {"app", "other"},
    variants=labels(texts.load("binds").section("variants", PORTS)),
)
run, environment = MATRIX.run, MATRIX.environment
