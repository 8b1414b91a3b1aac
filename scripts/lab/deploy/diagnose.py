"""Diagnose why a Pod is not Ready: from the API server's JSON to one paragraph and the next command to try. Pure.

The rules are tried in order, the most telling first; each reads what kubelet, the scheduler or admission writes into a
Pod's status and events (Kubernetes 1.37), or what is certain from its spec. Their texts and commands are in
``diagnoses.yaml``, but for what is put together from a container's own words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lab.deploy.causes import images, probes, process, spec, whole_pod
from lab.deploy.causes.case import Case, Container, Diagnosis
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

_BEFORE: tuple[Callable[[Case], Diagnosis | None], ...] = (
    whole_pod.failed,
    whole_pod.unschedulable,
    whole_pod.memory_unit,
)
_CONTAINER: tuple[Callable[[Case, Container], Diagnosis | None], ...] = (
    images.image,
    process.settings,
    spec.memory_unit,
    process.start,
    process.hook,
    process.memory,
    probes.killed,
    process.crash,
    spec.port_name,
    probes.failing,
    process.still_runs,
)
_AFTER: tuple[Callable[[Case], Diagnosis | None], ...] = (whole_pod.volume, whole_pod.sandbox, whole_pod.gates)


def diagnose(pod: Object, events: Sequence[Object] = (), logs: Mapping[str, str] | None = None) -> Diagnosis | None:
    """Return why a Pod is not Ready, or None where nothing is wrong (yet).

    ``events`` are the Pod's own, in any order; ``logs`` the last lines of each container that ended, by its name.
    Where several containers are at fault, the first in the rules' order is the diagnosis, and names the others.
    """
    if pod_status.is_ending(pod):
        return None
    case = Case(pod, events, logs or {})
    whole = next(filter(None, (rule(case) for rule in _BEFORE)), None)
    return whole or _of_containers(case) or next(filter(None, (rule(case) for rule in _AFTER)), None)


def _of_containers(case: Case) -> Diagnosis | None:
    """Diagnose each container that is not well by the first rule that fits."""
    found = [_of(case, container) for container in case.containers if not container.is_well]
    ranked = sorted(filter(None, found), key=lambda pair: pair[0])
    if not ranked:
        return None
    first, *others = (diagnosis for _, diagnosis in ranked)
    return replace(first, detail="; also, ".join([first.detail, *(other.detail for other in others)]))


def _of(case: Case, container: Container) -> tuple[int, Diagnosis] | None:
    for rank, rule in enumerate(_CONTAINER):
        if diagnosis := rule(case, container):
            return rank, diagnosis
    return None
