"""What a user would try of the Pods that carry the services: from where, by which address, and who is to answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lab.config import Settings
from lab.deploy.services import BACK, FRONT, PORTS, ServicePod
from lab.experiments.model.cluster import Address, Service, VantagePoint
from lab.kubernetes import ephemeral

PATHS = {BACK: "/version", FRONT: "/"}
NODE_PORTS = {BACK: 30030, FRONT: 30080}
"""The ports of the node that kind publishes on this computer (k8s/kind/cluster.yaml)."""


@dataclass(frozen=True)
class Trial:
    """An address and the service that is to answer; without one, the name must not exist.

    ``url`` may name a variable of the container that asks; ``address`` is the same for the model. ``pod`` is the only
    Pod that may answer, where the address leaves no choice. ``check`` is one that readiness must list as ok. ``note``
    is the id of a text on what leads to the address. ``says_pod``: the answer names the Pod, as the services' own do.
    """

    tried: str
    url: str
    address: Address
    service: str = ""
    pod: str = ""
    check: str = ""
    note: str = ""

    says_pod: bool = True

    @property
    def identity_url(self) -> str:
        """Where to ask which Pod answers: the page says it by itself."""
        return self.url.replace("/version", "/whoami") if self.service and self.says_pod else ""


@dataclass(frozen=True)
class Source:
    """A vantage point with what is tried from it; ``target`` is its Pod, None for this computer."""

    name: str
    vantage: VantagePoint
    trials: Sequence[Trial]
    target: ServicePod | None = None


@dataclass(frozen=True)
class Deployment:
    """What is deployed: a Pod of each make, those that share a Redis (None where there is none), and the Services."""

    pods: Sequence[ServicePod]
    services: Sequence[Service] = ()
    replicas: Sequence[ServicePod] | None = None

    def promised(self, service: str, namespace: str, *, by_lab: bool) -> bool:
        """Tell whether a Service's name is to answer: it exists, or it belongs to what the lab deployed."""
        return by_lab or any((each.name, each.namespace) == (service, namespace) for each in self.services)

    def peer(self, pod: ServicePod) -> ServicePod | None:
        """Return the other service's Pod in the same namespace."""
        others = (each for each in self.pods if each.service != pod.service and each.namespace == pod.namespace)
        return next(others, None)


def sources(settings: Settings, node_ip: str, deployment: Deployment) -> list[Source]:
    """Return all vantage points.

    Where backends share a Redis, NetworkPolicies forbid the backend's Pods to ask the frontend: whether that counts
    depends on the cluster, so it is not tried.
    """
    points = [point for pod in deployment.pods for point in _sources_of(pod, deployment)]
    computer = _from_computer(settings, node_ip, deployment)
    return [Source("this computer", VantagePoint("node", "node"), computer), *points] if computer else points


def _sources_of(pod: ServicePod, deployment: Deployment) -> list[Source]:
    """Return the vantage points of one Pod; inside another image there may be no program to ask with."""
    peer, shared = deployment.peer(pod), deployment.replicas
    if not pod.has_own_image:
        return [_forwarded(pod)]
    if pod.service == BACK:
        return [
            _forwarded(pod),
            _in_app(pod, [] if shared is None else [_redis(pod)]),
            _in_guest(pod, peer if shared is None else None, deployment),
        ]
    alone = [
        _trial(each, f"{each.name}, alone", each.pod["status"]["podIP"], pod_name=each.name) for each in shared or ()
    ]
    return [_forwarded(pod), _in_app(pod, [_backend_url(pod, deployment), *alone]), _in_guest(pod, peer, deployment)]


def _trial(pod: ServicePod, tried: str, host: str, *, pod_name: str = "", port: int = 0) -> Trial:
    port = port or pod.port
    url = f"http://{host}:{port}{PATHS[pod.service]}"
    return Trial(tried, url, Address("host", host, port), pod.service, pod_name, says_pod=pod.has_own_image)


def _redis(pod: ServicePod) -> Trial:
    url, address = f"http://localhost:{pod.port}/readyz", Address("host", "localhost", pod.port)
    return Trial("Redis, as the backend sees it", url, address, check="redis", note="redis")


def _backend_url(front: ServicePod, deployment: Deployment) -> Trial:
    """Return the way to the backend that the frontend uses: by its variable, or by its default, a Service's name."""
    env = {each["name"]: each.get("value", "") for each in front.container.get("env") or []}
    is_set = "BACKEND_URL" in env or bool(front.container.get("envFrom"))
    parts = urlsplit(env.get("BACKEND_URL") or f"http://{BACK}:{PORTS[BACK]}")
    host, port = parts.hostname or BACK, parts.port or 80
    trial = Trial(
        "BACKEND_URL",
        "$BACKEND_URL/version" if is_set else f"http://{host}:{port}/version",
        Address("host", host, port),
        BACK,
        note="backend-url",
    )
    if host != BACK or deployment.promised(BACK, front.namespace, by_lab=front.by_lab):
        return trial
    has_backend = any(pod.service == BACK for pod in deployment.pods)
    return replace(trial, service="", note="backend-without-service" if has_backend else "frontend-alone")


def _from_computer(settings: Settings, node_ip: str, deployment: Deployment) -> list[Trial]:
    """Return what a browser on this computer would ask; kind passes it to the node, whose address the model knows."""
    published = {port.node_port for service in deployment.services for port in service.ports}
    by_lab = {pod.service for pod in deployment.pods if pod.by_lab}
    return [
        Trial(tried, url, Address("node-port", node_ip, NODE_PORTS[service]), service, note="published-port")
        for tried, url, service in (
            ("the page, on the node's port", f"{settings.front_url}/", FRONT),
            ("the backend, on the node's port", f"{settings.back_url}/version", BACK),
        )
        if service in by_lab or NODE_PORTS[service] in published
    ]


def _forwarded(pod: ServicePod) -> Source:
    trial = _trial(pod, f"port-forward to {pod.name}", "localhost", pod_name=pod.name)
    trial = replace(trial, address=Address("forward", f"pod/{pod.name}", pod.port, "forward"))
    vantage = VantagePoint("port-forward", "port-forward", pod.namespace)
    return Source(f"a port-forward to {pod.name}", vantage, [trial], pod)


def _in_app(pod: ServicePod, more: Sequence[Trial]) -> Source:
    name = pod.container["name"]
    trials = [
        _trial(pod, "localhost", "localhost", pod_name=pod.name),
        _trial(pod, "127.0.0.1", "127.0.0.1", pod_name=pod.name),
        _trial(pod, "the Pod's name", pod.hostname, pod_name=pod.name),
    ]
    if name not in {pod.name, pod.hostname, pod.service}:
        trials.append(replace(_trial(pod, "the container's name", name), service=""))
    return Source(f"container {name} of {pod.name}", _vantage(pod, name), [*trials, *more], pod)


def _in_guest(pod: ServicePod, other: ServicePod | None, deployment: Deployment) -> Source:
    """Return an ephemeral container: it asks its own Pod, and the other one through its Service."""
    trials = [
        _trial(pod, "localhost", "localhost", pod_name=pod.name),
        _trial(pod, "the Pod's name", pod.hostname, pod_name=pod.name),
    ]
    if other and deployment.promised(other.service, pod.namespace, by_lab=other.by_lab):
        name = other.service
        trials.append(_trial(other, f"Service {name}, from another Pod", name, port=PORTS[name]))
    return Source(f"ephemeral container in {pod.name}", _vantage(pod, ephemeral.NAME), trials, pod)


def _vantage(pod: ServicePod, container: str) -> VantagePoint:
    return VantagePoint(container, "container", pod.namespace, pod.name, container)
