"""The lab's own Pod from which lessons measure: elsewhere in the cluster, out of the learner's sight."""

from lab import waiting
from lab.config import Settings
from lab.errors import LabError
from lab.experiments import pods
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.exec import ContainerRef
from lab.kubernetes.objects import Object, pod_path

NAMESPACE = "lab-lessons"
NAME = "observer"
IMAGE = "810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest"
"""The course's own name of the backend's image, which the cluster's registry answers for; it has a Python."""
CONTAINER = ContainerRef(NAMESPACE, NAME, NAME)
_CONFLICT = 409


def ensure(api: Api, settings: Settings, *, timeout: float = 60) -> ContainerRef:
    """Return the observer's container, running; make the Pod where there is none.

    Raises LabError where its image is not in the cluster's registry, TimedOut after ``timeout`` seconds.
    """
    path = pod_path(NAMESPACE, NAME)

    def look() -> tuple[bool, str]:
        pod = api.get(path)
        if pod is None or pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}:
            _create(api, pod)
            return False, "made"
        status = pod_status.container_status(pod, NAME)
        if pod_status.waiting(status).get("reason") in pod_status.NEVER_STARTS:
            raise LabError(
                f"the lessons' observer has no image: {pod_status.waiting(status)['reason']}",
                f"LAB_CLUSTER={settings.cluster} make deploy: it puts the image into the cluster's registry",
            )
        return pod_status.is_running(status), pod_status.describe(status)

    waiting.until("the lessons' observer", look, timeout=timeout, interval=0.1)
    return CONTAINER


def _create(api: Api, ended: Object | None) -> None:
    if ended:
        api.delete(pod_path(NAMESPACE, NAME), gracePeriodSeconds=0)
    create_namespace(api, NAMESPACE, {})
    pod = pods.pod(NAME, pods.idle(NAME, IMAGE))
    try:
        pods.create(api, NAMESPACE, pod)
    except ApiError as error:
        if error.code != _CONFLICT:
            raise


def create_namespace(api: Api, name: str, labels: dict[str, str]) -> None:
    """Create a namespace, unless it exists, and wait until Pods can be made in it."""
    try:
        api.call("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
    except ApiError as error:
        if error.code != _CONFLICT:
            raise
    path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    waiting.until(f"namespace {name}", lambda: (api.get(path) is not None, "no service account yet"), timeout=15)
