"""What kubelet writes into a Pod's status, read from the JSON of the API server. Pure.

A container's status is an entry of ``status.containerStatuses`` or its two sisters:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus
"""

from lab.kubernetes.objects import Object, is_condition_true

INIT, APP, EPHEMERAL = "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"
NEVER_STARTS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "RunContainerError"}
)
"""Reasons of ``waiting`` that do not pass by themselves."""


def is_ready(pod: Object) -> bool:
    """Tell whether the Pod's condition Ready is True."""
    return is_condition_true(pod, "Ready")


def is_ending(pod: Object) -> bool:
    """Tell whether the Pod's deletion has been asked for."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def container_statuses(pod: Object, *kinds: str) -> list[Object]:
    """List the statuses of a Pod's containers, of every kind or of the named ones, in the order of the kinds."""
    status = pod.get("status", {})
    return [entry for kind in kinds or (INIT, APP, EPHEMERAL) for entry in status.get(kind) or []]


def container_status(pod: Object, name: str) -> Object:
    """Return a container's status, of whichever kind; empty where kubelet has written none yet."""
    return next((status for status in container_statuses(pod) if status["name"] == name), {})


def state(status: Object) -> str:
    """Name a container's state: ``waiting``, ``running`` or ``terminated``; empty where there is none yet."""
    return next(iter(status.get("state") or {}), "")


def is_running(status: Object) -> bool:
    return state(status) == "running"


def waiting(status: Object) -> Object:
    """Return why a container waits, ``{"reason", "message"}``; empty where it does not."""
    return _state(status, "state", "waiting")


def terminated(status: Object) -> Object:
    """Return how a container ended that was not started again; empty where it has not ended."""
    return _state(status, "state", "terminated")


def last_terminated(status: Object) -> Object:
    """Return how a container ended last: for good, or before it was started again; empty where it never has."""
    return terminated(status) or _state(status, "lastState", "terminated")


def has_ended(status: Object) -> bool:
    """Tell whether a container has ended, for good or until kubelet starts it again after a while."""
    return waiting(status).get("reason") == "CrashLoopBackOff" or state(status) == "terminated"


def started_at(status: Object) -> str:
    """Return when a container that runs or has ended was started (RFC 3339); empty where it was not."""
    entry = _state(status, "state", "running") or terminated(status)
    return str(entry.get("startedAt") or "")


def restarts(status: Object) -> int:
    """Return how often kubelet started a container again."""
    return int(status.get("restartCount", 0))


def describe(status: Object) -> str:
    """Say a container's state in one word: its reason where there is one, else its name."""
    kind = state(status)
    return str(_state(status, "state", kind).get("reason") or kind or "unknown")


def _state(status: Object, when: str, kind: str) -> Object:
    entry: Object = (status.get(when) or {}).get(kind) or {}
    return entry
