"""What concerns a whole Pod: its place on a node, its volumes, its network, its end."""

import re

from lab.deploy.causes.case import Case, Diagnosis, explained
from lab.deploy.causes.spec import too_little_memory, too_many_cores
from lab.kubernetes.objects import condition, is_condition_true

_NODE_NOT_AUTHORIZED = "no relationship found between node"
"""The API server's words to a kubelet that asks before its authorizer has seen the Pod; kubelet asks again later."""


def failed(case: Case) -> Diagnosis | None:
    """Name why kubelet, or a controller, ended a Pod for good: ``status.reason`` says it."""
    status = case.pod.get("status", {})
    reason, message = status.get("reason"), status.get("message", "").strip()
    if status.get("phase") != "Failed" or not reason:
        return None
    entry = {"Evicted": "evicted", "DeadlineExceeded": "deadline"}.get(reason, "failed")
    seconds = case.pod["spec"].get("activeDeadlineSeconds")
    return case.diagnosis(entry, reason=reason, message=message, seconds=seconds)


def unschedulable(case: Case) -> Diagnosis | None:
    scheduled = condition(case.pod, "PodScheduled")
    if scheduled.get("reason") == "SchedulingGated":
        return case.diagnosis("gated")
    if scheduled.get("reason") != "Unschedulable":
        return None
    message = scheduled.get("message", "")
    is_volume = re.search("persistent ?volume|volume node", message.lower())
    words = _cores(case) + explained(message, "scheduler")
    return case.diagnosis("unbound" if is_volume else "unschedulable", message=words)


def memory_unit(case: Case) -> Diagnosis | None:
    limit, meant = too_little_memory(case.pod["spec"])
    return case.diagnosis("unit", whose="the whole Pod", limit=limit, meant=meant) if limit else None


def _cores(case: Case) -> str:
    spec = case.pod["spec"]
    for owner in (spec, *(spec.get("containers") or []), *(spec.get("initContainers") or [])):
        asked, meant = too_many_cores(owner)
        if asked:
            return f"it asks for {asked} of cpu, which is in cores; {meant}, thousandths of one, may be meant. "
    return ""


def volume(case: Case) -> Diagnosis | None:
    message = case.event("FailedMount", "FailedAttachVolume")
    if not message or not case.is_creating:
        return None
    entry = "volume-not-authorized" if _NODE_NOT_AUTHORIZED in message else "volume"
    return case.diagnosis(entry, message=explained(message, "kubelet"))


def sandbox(case: Case) -> Diagnosis | None:
    message = case.event("FailedCreatePodSandBox")
    return case.diagnosis("sandbox", message=message) if message and case.is_creating else None


def gates(case: Case) -> Diagnosis | None:
    """Name readiness gates that somebody else has not opened, where all containers are ready."""
    names = [gate["conditionType"] for gate in case.pod["spec"].get("readinessGates") or []]
    closed = [name for name in names if not is_condition_true(case.pod, name)]
    if not closed or not is_condition_true(case.pod, "ContainersReady"):
        return None
    return case.diagnosis("gates", names=", ".join(closed))
