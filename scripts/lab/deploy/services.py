"""The Pods that carry the two services, whoever made them: known by their image, or by what they answer."""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab.deploy.manifests import MANAGED_BY, image_name
from lab.errors import LabError
from lab.kubernetes import namespaces, pod_status
from lab.kubernetes.client import MANAGER, Api
from lab.kubernetes.objects import Object, pod_path

BACK, FRONT = "k8-chatroulette-back", "k8-chatroulette-front"
PORTS = {BACK: 3000, FRONT: 8080}
"""Each service and its own port: the backend's first."""
NO_POD = "`make deploy` makes both; or make them as the course does, with `k run`"
_SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
_SECONDS = 2.0

Ask = Callable[[Object, int], str]
"""Asks a Pod at a port, and returns the service's name by its ``/version``; empty where it is none."""


@dataclass(frozen=True)
class ServicePod:
    """A Pod with the container that carries a service."""

    service: str
    pod: Object
    container: Object

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])

    @property
    def hostname(self) -> str:
        """The name that kubelet writes into the Pod's hosts file."""
        return str(self.pod["spec"].get("hostname") or self.name)

    @property
    def namespace(self) -> str:
        return str(self.pod["metadata"]["namespace"])

    @property
    def port(self) -> int:
        value = next((each.get("value", "") for each in self.container.get("env") or [] if each["name"] == "PORT"), "")
        return int(value) if value.isdecimal() else PORTS[self.service]

    @property
    def by_lab(self) -> bool:
        """Tell whether `lab deploy` made it, or what made it."""
        return (self.pod["metadata"].get("labels") or {}).get(MANAGED_BY) == MANAGER

    @property
    def has_own_image(self) -> bool:
        """Tell whether the image is the service's own, which has Python and says which Pod answers."""
        return _service_of(self.container) == self.service

    @property
    def is_ready(self) -> bool:
        return pod_status.is_ready(self.pod)

    @property
    def owner(self) -> tuple[str, ...]:
        """What Pods of one make have in common: the lab's, those of one controller, else the Pod alone."""
        owners = self.pod["metadata"].get("ownerReferences") or [{"name": self.name}]
        return (self.service, self.namespace, "" if self.by_lab else str(owners[0]["name"]))


def find(api: Api) -> list[ServicePod]:
    """Return all that carry a service, in whatever namespace but an experiment's; Ready ones first, then by name."""
    lasting = {each["metadata"]["name"] for each in api.items("/api/v1/namespaces") if _is_lasting(each)} - _SYSTEM
    pods = [
        pod
        for pod in api.items("/api/v1/pods")
        if not pod_status.is_ending(pod) and pod["metadata"]["namespace"] in lasting
    ]
    patient = api.within(_SECONDS)
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = pool.map(lambda pod: of(pod, lambda pod, port: _answered(patient, pod, port)), pods)
        return sorted(filter(None, found), key=lambda each: (not each.is_ready, each.namespace, each.name))


def of(pod: Object, ask: Ask) -> ServicePod | None:
    """Tell which service a Pod carries: by an image that runs its own command, else by what it answers."""
    containers = pod["spec"]["containers"]
    for container in containers:
        if (name := _service_of(container)) and "command" not in container and "args" not in container:
            return ServicePod(name, pod, container)
    if not pod.get("status", {}).get("podIP") or pod["status"].get("phase") != "Running":
        return None
    for service, port in PORTS.items():
        if ask(pod, port) == service:
            return ServicePod(service, pod, _listed(containers, port))
    return None


def one_of_each(pods: Iterable[ServicePod]) -> list[ServicePod]:
    """Return one Pod of each make, the first: the others are its replicas."""
    return list({pod.owner: pod for pod in reversed(list(pods))}.values())[::-1]


def first(pods: Sequence[ServicePod]) -> list[ServicePod]:
    """Return one Pod of each service, of the backend first: a Ready one where there is one, the lab's before others."""
    best = sorted(pods, key=lambda pod: (not pod.is_ready, not pod.by_lab))
    return [pod for service in PORTS for pod in [next((p for p in best if p.service == service), None)] if pod]


def named(pods: Sequence[ServicePod], name: str | None) -> ServicePod:
    """Return the Pod of that name, or NAMESPACE/NAME; without one the first. Raises LabError where there is none."""
    chosen = [pod for pod in pods if name in {pod.name, f"{pod.namespace}/{pod.name}"}] if name else first(pods)
    if not chosen:
        names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in pods)
        what = f"no Pod {name} carries {BACK} or {FRONT}" if name else f"no Pod carries {BACK} or {FRONT}"
        raise LabError(what, f"there are: {names}" if names else NO_POD)
    return chosen[0]


def _is_lasting(namespace: Object) -> bool:
    return not pod_status.is_ending(namespace) and namespaces.LABEL not in (namespace["metadata"].get("labels") or {})


def _service_of(container: Object) -> str:
    """Return the service that an image is of, whatever its registry and tag; empty for another image."""
    name = image_name(container["image"]).rpartition("/")[2]
    return name if name in PORTS else ""


def _listed(containers: Sequence[Object], port: int) -> Object:
    """Return the container that lists the port, else the first: which one listens cannot be seen from outside."""
    lists = (each for each in containers if port in {listed.get("containerPort") for listed in each.get("ports") or []})
    return next(lists, containers[0])


def _answered(api: Api, pod: Object, port: int) -> str:
    """Ask by the API server's proxy, which reaches any Pod: this computer may not."""
    meta = pod["metadata"]
    try:
        content = json.loads(api.text(f"{pod_path(meta['namespace'], meta['name'])}:{port}/proxy/version"))
    except (LabError, ValueError):
        return ""
    return str(content.get("name", "")) if isinstance(content, dict) else ""
