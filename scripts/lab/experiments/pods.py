"""Pods and Services of experiments: the backend with its faults on, and containers beside it that only sleep.

Every container stays within the restricted Pod Security profile:
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.kubernetes.client import Api
from lab.kubernetes.ephemeral import SLEEP
from lab.kubernetes.objects import RESTRICTED, Object

PORT = 3000
LABEL = "chatroulette.lab/subject"
IMAGE = "the backend’s image"
"""Stands in a declaration for the image that is known when it is used; ``with_image`` fills it in."""
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


def backend(*, name: str = "back", env: Mapping[str, str] | None = None, **more: Any) -> Object:
    """Return the backend's container, faults on and drained at once; ``more`` are the container's own fields."""
    settings = {"FAULTS": "on", "DRAIN_SECONDS": "0", "CONTAINER_NAME": name, "PORT": str(PORT), **(env or {})}
    constants = [{"name": key, "value": value} for key, value in settings.items()]
    fields = [{"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in _FIELDS.items()]
    return container(name, env=[*constants, *fields], **more)


def container(name: str, image: str = IMAGE, **more: Any) -> Object:
    """Return a container with /tmp to write in; ``more`` are its own fields."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": _SMALL,
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the Pod's own
        **more,
    }


def idle(name: str, image: str = IMAGE, **more: Any) -> Object:
    """Return a container that only sleeps, to poll from or to be probed."""
    return container(name, image, command=list(SLEEP), **more)


def with_image(pod: Object, image: str) -> Object:
    """Return the Pod with the image filled in where it is still open."""
    spec = dict(pod["spec"])
    for kind in ("initContainers", "containers"):
        if kind in spec:
            spec[kind] = [{**entry, "image": image} if entry["image"] == IMAGE else entry for entry in spec[kind]]
    return {**pod, "spec": spec}


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


def create(api: Api, namespace: str, *items: Object) -> list[Object]:
    """Create Services and Pods in a namespace and return them as created; raises ApiError."""
    return [api.call("POST", f"/api/v1/namespaces/{namespace}/{item['kind'].lower()}s", item) for item in items]
