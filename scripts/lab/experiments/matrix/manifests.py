"""The Pods and Services that the matrices need, as the API takes them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.experiments import pods
from lab.experiments.matrix import stub_server as program
from lab.kubernetes import ephemeral

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.kubernetes.objects import Object


PORT = pods.PORT
APP = pods.LABEL
"""The label by which a Service finds its Pod."""
ALL = "chatroulette.lab/part-of"
"""The label that all Pods of one matrix have."""
_NEVER = 1000
"""Failures after which a probe acts: such a probe only looks."""
_POD_IP: Object = {"name": "BIND", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


@dataclass(frozen=True)
class Guests:
    """Ephemeral containers to be added to a Pod, once its container ``after`` has started and run ``apart`` seconds.

    A container with a startup probe has started when that passes.
    """

    pod: str
    containers: Sequence[Object]
    after: str
    apart: float = 0.0


@dataclass(frozen=True)
class Copy:
    """A copy that ``kubectl debug --copy-to`` makes of a Pod, with one container more."""

    of: str
    name: str
    container: str


@dataclass(frozen=True)
class Cast:
    """All that one stage needs; objects name their namespace.

    ``pods`` is told the Services as they were made: an init container must know their addresses. Guests and copies are
    of the first namespace. ``unready`` are Pods that are never to be Ready.
    """

    services: Sequence[Object]
    pods: Callable[[Sequence[Object]], Sequence[Object]]
    guests: Sequence[Guests] = ()
    copies: Sequence[Copy] = ()
    unready: Sequence[str] = ()


def pod(namespace: str, name: str, *containers: Object, **spec: Any) -> Object:
    """Return a Pod that ends at once when it is told to; ``spec`` are the spec's own fields."""
    made = pods.pod(name, *containers, grace=0, **spec)
    labels = {**made["metadata"]["labels"], ALL: "matrix"}
    return {**made, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


def backend(image: str, *, name: str = "back", bind: str = "0.0.0.0", port: int = PORT, **more: Any) -> Object:  # noqa: S104
    """Return the backend's container; to ``bind`` is an address, or ``pod-ip``. Ready a second after it listens."""
    ready = {"httpGet": {"path": "/readyz", "port": port}, "periodSeconds": 1}
    made = pods.backend(image, name=name, env={"PORT": str(port)}, **{"readinessProbe": ready, **more})
    return {**made, "env": [*made["env"], _bound(bind)]}


def standin(image: str, *, name: str = "back", bind: str = "0.0.0.0", port: int = PORT, **more: Any) -> Object:  # noqa: S104
    """Return a container that listens and says who it is, as the backend does, at a twentieth of its cost."""
    source = Path(program.__file__).read_text(encoding="utf-8")
    return {**backend(image, name=name, bind=bind, port=port, **more), "command": ["python3", "-I", "-c", source]}


def idle(image: str, name: str, **more: Any) -> Object:
    """Return a container that only sleeps: somewhere to try addresses from."""
    return pods.idle(name, image, **more)


def guest(image: str, name: str, target: str = "") -> Object:
    """Return an ephemeral container that sleeps; with a target it sees that container's processes."""
    return ephemeral.container(name, image, target=target)


def witness(image: str, name: str, probe: Object) -> Object:
    """Return a container that sleeps, and whose only probe is what is looked at; it never acts."""
    return idle(image, name, livenessProbe=looks(probe))


def looks(probe: Object) -> Object:
    """Return a probe that tries every second and whose failures have no consequence."""
    return {**probe, "periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": _NEVER}


def http(port: int = PORT, host: str = "") -> Object:
    """Return the handler of a probe that asks over HTTP; without a host the kubelet takes the Pod's address."""
    return {"httpGet": {"path": "/readyz", "port": port, **({"host": host} if host else {})}}


def tcp(port: int = PORT, host: str = "") -> Object:
    """Return the handler of a probe that only connects."""
    return {"tcpSocket": {"port": port, **({"host": host} if host else {})}}


def dials(host: str, port: int = PORT) -> Object:
    """Return the handler of a probe that runs a command in the container: it connects to a host, and says why not."""
    source = f"import socket; socket.create_connection(({host!r}, {port}), 1)"
    return {"exec": {"command": ["python3", "-IS", "-c", source]}}


def service(namespace: str, name: str, of: str, *ports: tuple[int, int], node_port: bool = False) -> Object:
    """Return a Service that leads to the Pod ``of``; its ports are (port, target port), 80 to the app's by default."""
    listed = [{"name": f"p{port}", "port": port, "targetPort": target} for port, target in ports or ((80, PORT),)]
    kind = "NodePort" if node_port else "ClusterIP"
    return _service(namespace, name, {"type": kind, "selector": {APP: pods.labelled(of)}, "ports": listed})


def headless(namespace: str, name: str) -> Object:
    """Return a Service without an address: DNS leads to the Pods of the matrix that name it as their subdomain."""
    return _service(namespace, name, {"clusterIP": "None", "selector": {ALL: "matrix"}, "ports": [{"port": PORT}]})


def _service(namespace: str, name: str, spec: Object) -> Object:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _bound(bind: str) -> Object:
    return _POD_IP if bind == "pod-ip" else {"name": "BIND", "value": bind}
