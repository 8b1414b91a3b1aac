"""What a user would try of the services that are deployed: from where, by which address, and who is to answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lab.config import Settings
from lab.errors import LabError
from lab.experiments.model.cluster import Address, VantagePoint
from lab.kubernetes import ephemeral, pod_status
from lab.kubernetes.objects import Object

BACK, FRONT = "k8-chatroulette-back", "k8-chatroulette-front"
PORTS = {BACK: 3000, FRONT: 8080}
PATHS = {BACK: "/version", FRONT: "/"}
NODE_PORTS = {BACK: 30030, FRONT: 30080}
"""The ports of the node that kind publishes on this computer (k8s/kind/cluster.yaml)."""


@dataclass(frozen=True)
class Trial:
    """An address and the service that is to answer; without one, the name must not exist.

    ``url`` may name a variable of the container that asks; ``address`` is the same for the model. ``pod`` is the only
    Pod that may answer, where the address leaves no choice. ``check`` is one that readiness must list as ok. ``note``
    is the id of a text on what leads to the address.
    """

    tried: str
    url: str
    address: Address
    service: str = ""
    pod: str = ""
    check: str = ""
    note: str = ""

    @property
    def identity_url(self) -> str:
        """Where to ask which Pod answers: the page says it by itself."""
        return self.url.replace("/version", "/whoami") if self.service else ""


@dataclass(frozen=True)
class Target:
    service: str
    pod: Object

    @property
    def name(self) -> str:
        """The Pod's name, which is its hostname too."""
        return str(self.pod["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.pod["metadata"]["namespace"])

    @property
    def port(self) -> int:
        return PORTS[self.service]

    @property
    def container(self) -> Object:
        container: Object = self.pod["spec"]["containers"][0]
        return container

    def trial(self, tried: str, host: str, *, pod: str = "") -> Trial:
        url = f"http://{host}:{self.port}{PATHS[self.service]}"
        return Trial(tried, url, Address("host", host, self.port), self.service, pod)


@dataclass(frozen=True)
class Source:
    """A vantage point with what is tried from it; ``target`` is its Pod, None for this computer."""

    name: str
    vantage: VantagePoint
    trials: Sequence[Trial]
    target: Target | None = None


def targets(pods: Sequence[Object]) -> tuple[Target, Target]:
    """Return a Pod of the backend and one of the frontend, Ready ones first; raises LabError where one is missing."""
    back, front = (_of(pods, service) for service in (BACK, FRONT))
    for service, own in ((BACK, back), (FRONT, front)):
        if not own:
            hint = "`make deploy` does; a Pod of that name that you made gives way to it"
            raise LabError(f"the lab has deployed no Pod of {service}", hint)
    return back[0], front[0]


def replicas(pods: Sequence[Object]) -> list[Target]:
    return [target for target in _of(pods, BACK) if pod_status.is_ready(target.pod)]


def _of(pods: Sequence[Object], service: str) -> list[Target]:
    own = [pod for pod in pods if pod["metadata"]["labels"].get("app.kubernetes.io/name") == service]
    return [Target(service, pod) for pod in sorted(own, key=lambda pod: not pod_status.is_ready(pod))]


def sources(
    settings: Settings, node_ip: str, back: Target, front: Target, replicas: Sequence[Target] | None
) -> list[Source]:
    """Return all vantage points; ``replicas`` are the backend's Pods where they share a Redis, else None.

    Where they do, NetworkPolicies forbid the backend's Pods to ask the frontend: whether that counts depends on the
    cluster, so it is not tried.
    """
    redis = Trial(
        "Redis, as the backend sees it",
        f"http://localhost:{back.port}/readyz",
        Address("host", "localhost", back.port),
        check="redis",
        note="redis",
    )
    backend_url = replace(back.trial("BACKEND_URL", back.service), url="$BACKEND_URL/version", note="backend-url")
    alone = [each.trial(f"{each.name}, alone", each.pod["status"]["podIP"], pod=each.name) for each in replicas or ()]
    return [
        Source("this computer", VantagePoint("node", "node"), _from_computer(settings, node_ip)),
        _forwarded(back),
        _in_app(back, [] if replicas is None else [redis]),
        _in_guest(back, front if replicas is None else None),
        _forwarded(front),
        _in_app(front, [backend_url, *alone]),
        _in_guest(front, back),
    ]


def _from_computer(settings: Settings, node_ip: str) -> list[Trial]:
    """Return what a browser on this computer would ask; kind passes it to the node, whose address the model knows."""
    return [
        Trial(tried, url, Address("node-port", node_ip, NODE_PORTS[service]), service, note="published-port")
        for tried, url, service in (
            ("the page, on the node's port", f"{settings.front_url}/", FRONT),
            ("the backend, on the node's port", f"{settings.back_url}/version", BACK),
        )
    ]


def _forwarded(target: Target) -> Source:
    trial = target.trial(f"port-forward to {target.name}", "localhost", pod=target.name)
    trial = replace(trial, address=Address("forward", f"pod/{target.name}", target.port, "forward"))
    vantage = VantagePoint("port-forward", "port-forward", target.namespace)
    return Source(f"a port-forward to {target.name}", vantage, [trial], target)


def _in_app(target: Target, more: Sequence[Trial]) -> Source:
    name = target.container["name"]
    trials = [
        target.trial("localhost", "localhost", pod=target.name),
        target.trial("127.0.0.1", "127.0.0.1", pod=target.name),
        target.trial("the Pod's name", target.name, pod=target.name),
    ]
    if name not in {target.name, target.service}:
        trials.append(replace(target.trial("the container's name", name), service=""))
    return Source(f"container {name} of {target.name}", _vantage(target, name), [*trials, *more], target)


def _in_guest(target: Target, other: Target | None) -> Source:
    """Return an ephemeral container: it asks its own Pod, and the other one through its Service."""
    trials = [
        target.trial("localhost", "localhost", pod=target.name),
        target.trial("the Pod's name", target.name, pod=target.name),
    ]
    if other:
        trials.append(other.trial(f"Service {other.service}, from another Pod", other.service))
    return Source(f"ephemeral container in {target.name}", _vantage(target, ephemeral.NAME), trials, target)


def _vantage(target: Target, container: str) -> VantagePoint:
    return VantagePoint(container, "container", target.namespace, target.name, container)
