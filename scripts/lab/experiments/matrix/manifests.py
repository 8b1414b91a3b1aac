"""The Pods and Services that the matrices need, as the API takes them; their image is filled in later. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.experiments import pods
from lab.experiments.matrix import stub_server
from lab.kubernetes.objects import Object

PORT = pods.PORT
PART_OF = "chatroulette.lab/part-of"
"""The label that all Pods of one matrix have."""
_NEVER = 1000
"""Failures after which a probe acts: such a probe only measures."""
_POD_IP: Object = {"name": "BIND", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


@dataclass(frozen=True)
class EphemeralContainers:
    """Ephemeral containers for a Pod: pairs of a name and the container whose processes it sees, or nothing.

    They are added once the container ``after`` has started, by its startup probe too, and run ``apart`` seconds.
    """

    pod: str
    containers: Sequence[tuple[str, str]]
    after: str
    apart: float = 0.0


@dataclass(frozen=True)
class Copy:
    """A copy that ``kubectl debug --copy-to`` makes of a Pod, with one container more."""

    of: str
    name: str
    container: str


@dataclass(frozen=True)
class Setup:
    """All that a matrix creates; objects name their namespace.

    ``pods`` is given the Services as they were made: an init container must know their addresses. Ephemeral containers
    and copies are of the first namespace. ``unready`` are Pods that are never to be Ready.
    """

    services: Sequence[Object]
    pods: Callable[[Sequence[Object]], Sequence[Object]]
    ephemeral: Sequence[EphemeralContainers] = ()
    copies: Sequence[Copy] = ()
    unready: Sequence[str] = ()


def pod(namespace: str, name: str, *containers: Object, **spec: Any) -> Object:
    """Return a Pod that ends without grace; ``spec`` are the spec's own fields."""
    made = pods.pod(name, *containers, grace=0, **spec)
    labels = {**made["metadata"]["labels"], PART_OF: "matrix"}
    return {**made, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


def backend(*, name: str = "back", bind: str = "0.0.0.0", port: int = PORT, **more: Any) -> Object:  # noqa: S104
    """Return the backend's container; to ``bind`` is an address, or ``pod-ip``. Ready a second after it listens."""
    ready = {"httpGet": {"path": "/readyz", "port": port}, "periodSeconds": 1}
    made = pods.backend(name=name, env={"PORT": str(port)}, **{"readinessProbe": ready, **more})
    return {**made, "env": [*made["env"], _POD_IP if bind == "pod-ip" else {"name": "BIND", "value": bind}]}


def stub(*, name: str = "back", bind: str = "0.0.0.0", port: int = PORT, **more: Any) -> Object:  # noqa: S104
    """Return a container that listens and names its Pod, as the backend does, at a twentieth of its cost."""
    source = Path(stub_server.__file__).read_text(encoding="utf-8")
    return {**backend(name=name, bind=bind, port=port, **more), "command": ["python3", "-I", "-c", source]}


def probed(name: str, handler: Object) -> Object:
    """Return a container that sleeps, and whose only probe is what is measured."""
    return pods.idle(name, livenessProbe=probe(handler))


def probe(handler: Object) -> Object:
    """Return a probe that tries every second and whose failures have no consequence."""
    return {**handler, "periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": _NEVER}


def http(port: int = PORT, host: str = "") -> Object:
    """Return the handler of an HTTP probe; without a host kubelet takes the Pod's address."""
    return {"httpGet": {"path": "/readyz", "port": port, **({"host": host} if host else {})}}


def tcp(port: int = PORT) -> Object:
    return {"tcpSocket": {"port": port}}


def dials(host: str, port: int = PORT) -> Object:
    """Return the handler of an exec probe: its command connects to a host, and prints why not."""
    source = f"import socket; socket.create_connection(({host!r}, {port}), 1)"
    return {"exec": {"command": ["python3", "-IS", "-c", source]}}


def service(namespace: str, name: str, of: str, *ports: tuple[int, int], node_port: bool = False) -> Object:
    """Return a Service that leads to the Pod ``of``; its ports are (port, target port), 80 to the app's by default."""
    listed = [{"name": f"p{port}", "port": port, "targetPort": target} for port, target in ports or ((80, PORT),)]
    kind = "NodePort" if node_port else "ClusterIP"
    return _service(namespace, name, {"type": kind, "selector": {pods.LABEL: pods.labelled(of)}, "ports": listed})


def headless(namespace: str, name: str) -> Object:
    """Return a headless Service: DNS leads to the Pods of the matrix that name it as their subdomain."""
    selector = {PART_OF: "matrix"}
    return _service(namespace, name, {"clusterIP": "None", "selector": selector, "ports": [{"port": PORT}]})


def _service(namespace: str, name: str, spec: Object) -> Object:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
