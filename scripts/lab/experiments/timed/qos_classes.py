"""QoS classes and what follows from them: whom the kernel kills first, and whom the kubelet evicts first. Pure.

Pods are JSON as the API has them. The rules are those of
https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ and of the code that each function names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lab.kubernetes.objects import Object
from lab.kubernetes.quantities import exact, size

Class = Literal["Guaranteed", "Burstable", "BestEffort"]
_COUNTED = ("cpu", "memory")
CRITICAL = 2_000_000_000
"""A Pod of this priority or above is never evicted for the node's sake."""
_MIN_SCORE, _MAX_SCORE = -997, 1000


def qos_class(spec: Object) -> Class:
    """Predict the class of a Pod from its spec: only CPU and memory count, zero is as good as nothing.

    Where the Pod itself has ``resources``, they alone decide; else all containers, init containers among them.
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/core/v1/helper/qos/qos.go
    """
    containers = [spec] if spec.get("resources") else [*spec["containers"], *spec.get("initContainers", ())]
    amounts = [(_counted(container, "limits"), _counted(container, "requests")) for container in containers]
    if not any(limits or requests for limits, requests in amounts):
        return "BestEffort"
    guaranteed = all(set(limits) == set(_COUNTED) and limits == requests for limits, requests in amounts)
    return "Guaranteed" if guaranteed else "Burstable"


def oom_score_adj(spec: Object, container: Object, capacity: int, floor: int = -1000) -> int:
    """Predict how much more readily the kernel kills a container, -1000 to 1000, on a node of so many bytes.

    ``floor`` is the runtime's own value where it may not go below (containerd's ``restrict_oom_score_adj``).
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/qos/policy.go
    """
    qos = qos_class(spec)
    if spec.get("priorityClassName") == "system-node-critical" or qos == "Guaranteed":
        return max(floor, _MIN_SCORE)
    return max(floor, _MAX_SCORE if qos == "BestEffort" else _burstable_score(spec, container, capacity))


def _burstable_score(spec: Object, container: Object, capacity: int) -> int:
    request, rest = _memory_request(container), _rest_of_the_pod(spec)
    if container.get("restartPolicy") == "Always":  # a sidecar is killed no sooner than the containers it serves
        request = max(request, min(map(_memory_request, spec["containers"])))
    return min(_MAX_SCORE - 1, max(_MAX_SCORE + _MIN_SCORE, _MAX_SCORE - 1000 * (request + rest) // capacity))


def _rest_of_the_pod(spec: Object) -> int:
    """Return what the Pod requests beyond its containers' own, an equal part for each container."""
    if not spec.get("resources"):
        return 0
    sidecars = [container for container in spec.get("initContainers", ()) if container.get("restartPolicy") == "Always"]
    containers = [*spec["containers"], *sidecars]
    return max(0, _memory_request(spec) - sum(map(_memory_request, containers))) // len(containers)


def memory_request(spec: Object) -> int:
    """Return what a Pod requests, in bytes: what eviction measures its use against."""
    return _memory_request(spec) if spec.get("resources") else sum(map(_memory_request, spec["containers"]))


def _memory_request(container: Object) -> int:
    return size(str(_amounts(container, "requests").get("memory", "0")))


def _counted(container: Object, kind: str) -> dict[str, Decimal]:
    amounts = {name: exact(str(amount)) for name, amount in _amounts(container, kind).items() if name in _COUNTED}
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _amounts(container: Object, kind: str) -> Object:
    """Return limits or requests as the API server stores them: a request that is left out is its limit.

    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/core/v1/defaults.go
    """
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    return {**limits, **(resources.get("requests") or {})} if kind == "requests" else limits


@dataclass(frozen=True)
class Candidate:
    """A Pod as the kubelet ranks it: what it uses and requests of memory, in bytes, and its priority."""

    name: str
    used: int
    requested: int
    priority: int = 0


def eviction_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Rank Pods as the kubelet does when the node runs short of memory, the first to go first.

    Those that use more than they requested; among them the lower priority; then whoever exceeds by most. The class is
    no criterion of its own. A critical Pod is never chosen.
    https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#pod-selection-for-kubelet-eviction
    """
    return sorted(
        (candidate for candidate in candidates if candidate.priority < CRITICAL),
        key=lambda pod: (pod.used <= pod.requested, pod.priority, pod.requested - pod.used),
    )
