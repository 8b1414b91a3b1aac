"""Pods for experiments in time: the backend with its faults on, and guests beside it that only wait or ask.

Every container asks for nothing that the restricted Pod Security profile forbids:
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.kubernetes import client
from lab.kubernetes.objects import RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

PORT = 3000
LABEL = "chatroulette.lab/subject"
IMAGE = "the backend’s image"
"""Stands in a declaration for the image that is known when it is used; ``with_image`` fills it in."""
WAITS = ("sleep", "infinity")
"""What a container does that is only there: a process, and no work."""

_FIELDS = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace", "POD_IP": "status.podIP"}
_SMALL: Object = {"requests": {"cpu": "10m", "memory": "32Mi"}}


@dataclass(frozen=True)
class Probe:
    """A probe's four figures, as in the spec: seconds, and counts of answers in a row.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe
    """

    period: int = 1
    timeout: int = 2
    failures: int = 2
    successes: int = 1
    delay: int = 0

    def fields(self, handler: Object) -> Object:
        """Return the probe as a Pod's spec has it; the handler is its ``httpGet``, ``tcpSocket`` or ``exec``."""
        return {
            **handler,
            "periodSeconds": self.period,
            "timeoutSeconds": self.timeout,
            "failureThreshold": self.failures,
            "successThreshold": self.successes,
            "initialDelaySeconds": self.delay,
        }

    def http(self, path: str, port: int = PORT) -> Object:
        """Return it as a GET of that path at the Pod's address."""
        return self.fields({"httpGet": {"path": path, "port": port}})


def backend(
    image: str = IMAGE,
    *,
    name: str = "back",
    env: Mapping[str, str] | None = None,
    resources: Object | None = None,
    **more: Any,
) -> Object:
    """Return the backend's container, faults on and drained at once; ``more`` are the container's own fields."""
    settings = {"FAULTS": "on", "DRAIN_SECONDS": "0", "CONTAINER_NAME": name, "PORT": str(PORT), **(env or {})}
    known = [{"name": key, "value": value} for key, value in settings.items()]
    told = [{"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in _FIELDS.items()]
    return {**guest(image, name, resources=resources, command=None), "env": [*known, *told], **more}


def guest(
    image: str, name: str, *, command: Sequence[str] | None = WAITS, resources: Object | None = None, **more: Any
) -> Object:
    """Return a container that runs a command (None: the image's own), with /tmp to write in."""
    made: Object = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": _SMALL if resources is None else resources,
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the Pod's own
        **more,
    }
    return made if command is None else {**made, "command": list(command)}


def idle(name: str, **more: Any) -> Object:
    """Return a container with the backend's image that only waits, to poll from or to be probed."""
    return guest(IMAGE, name, **more)


def with_image(pod: Object, image: str) -> Object:
    """Return the Pod with the image filled in where it is still open."""
    spec = dict(pod["spec"])
    for kind in ("initContainers", "containers"):
        if kind in spec:
            spec[kind] = [
                {**entry, "image": image if entry["image"] == IMAGE else entry["image"]} for entry in spec[kind]
            ]
    return {**pod, "spec": spec}


def ephemeral(image: str, name: str, target: str = "") -> Object:
    """Return an ephemeral container that waits; with a target it shares that container's processes."""
    made = guest(image, name)
    kept = {key: made[key] for key in ("name", "image", "imagePullPolicy", "securityContext", "command")}
    return {**kept, **({"targetContainerName": target} if target else {})}


def pod(name: str, *containers: Object, grace: int = 1, **more: Any) -> Object:
    """Return a Pod of these containers, labelled for ``service``; ``more`` are the spec's own fields."""
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace,
        "containers": list(containers),
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}],
        **more,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {LABEL: labelled(name)}},
        "spec": spec,
    }


def labelled(name: str) -> str:
    """Return a Pod's name as a label's value, which has 63 characters at the most."""
    return name[:63]


def service(name: str, of: str) -> Object:
    """Return a Service on port 80 that leads to the Pod ``of``."""
    spec = {"selector": {LABEL: of}, "ports": [{"port": 80, "targetPort": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@dataclass(frozen=True)
class Subject:
    """One Pod on the cluster, and what can be done to it."""

    api: Api
    namespace: str
    name: str
    port: int = field(default=PORT)

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the backend by way of the API server's Pod proxy; raises ApiError for what is not a 2xx."""
        return self.api.call(method, f"{self.path}:{self.port}/proxy{path}", body)

    def fault(self, name: str, **values: float) -> Any:
        """Switch a fault on."""
        return self.ask("POST", f"/faults/{name}", values)

    def well(self) -> None:
        """Switch every fault off."""
        self.ask("DELETE", "/faults")

    def join(self, *containers: Object) -> None:
        """Add ephemeral containers; a patch shaped like a Pod, or the API server would ignore it without a word."""
        body = {"spec": {"ephemeralContainers": list(containers)}}
        self.api.call("PATCH", f"{self.path}/ephemeralcontainers", body, media=client.STRATEGIC)

    def end(self, grace: int) -> None:
        """Ask for the Pod's end, with so many seconds of grace."""
        self.api.delete(self.path, gracePeriodSeconds=grace)


def create(api: Api, namespace: str, *objects: Object) -> list[Subject]:
    """Create Services and Pods in a namespace, and return the Pods; raises ApiError."""
    for one in objects:
        api.call("POST", f"/api/v1/namespaces/{namespace}/{one['kind'].lower()}s", one)
    return [Subject(api, namespace, one["metadata"]["name"]) for one in objects if one["kind"] == "Pod"]
