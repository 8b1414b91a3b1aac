"""QoS classes and what follows from them: who the kernel kills first, and who the kubelet evicts first. Pure.

Pods are JSON as the API has them. The rules are those of
https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ and of the code that each function names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lab.kubernetes.quantities import exact, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from lab.kubernetes.objects import Object

Class = Literal["Guaranteed", "Burstable", "BestEffort"]
_COUNTED = ("cpu", "memory")
CRITICAL = 2_000_000_000
"""A Pod of this priority or above is never evicted for the node's sake."""
_KEPT, _FIRST = -997, 1000
_NODE_CRITICAL = "system-node-critical"


def defaulted(resources: Mapping[str, Any] | None) -> Object:
    """Return ``resources`` as the API server stores them: a request that is left out is its limit.

    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/core/v1/defaults.go
    """
    limits = (resources or {}).get("limits") or {}
    return {"limits": dict(limits), "requests": {**limits, **((resources or {}).get("requests") or {})}}


def qos_class(spec: Mapping[str, Any]) -> Class:
    """Predict the class of a Pod from its spec: only CPU and memory count, zero is as good as nothing.

    Where the Pod itself has ``resources``, they alone decide; else all containers, init containers among them.
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/core/v1/helper/qos/qos.go
    """
    shares = [_counted(one) for one in _resources(spec)]
    if not any(limits or requests for limits, requests in shares):
        return "BestEffort"
    full = all(set(limits) == set(_COUNTED) and limits == requests for limits, requests in shares)
    return "Guaranteed" if full else "Burstable"


def _resources(spec: Mapping[str, Any]) -> Iterator[Object]:
    if spec.get("resources"):
        yield spec["resources"]
        return
    for one in (*spec["containers"], *spec.get("initContainers", ())):
        yield one.get("resources") or {}


def _counted(resources: Object) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    known = defaulted(resources)
    limits, requests = (
        {
            name: exact(str(amount))
            for name, amount in known[kind].items()
            if name in _COUNTED and exact(str(amount)) > 0
        }
        for kind in ("limits", "requests")
    )
    return limits, requests


def oom_score_adj(spec: Mapping[str, Any], container: Mapping[str, Any], capacity: int, floor: int = -1000) -> int:
    """Predict how much more readily the kernel kills a container, -1000 to 1000, on a node of so many bytes.

    ``floor`` is the runtime's own value where it may not go below (containerd's ``restrict_oom_score_adj``).
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/qos/policy.go
    """
    found = qos_class(spec)
    if spec.get("priorityClassName") == _NODE_CRITICAL or found == "Guaranteed":
        return max(floor, _KEPT)
    return max(floor, _FIRST if found == "BestEffort" else _burstable(spec, container, capacity))


def _burstable(spec: Mapping[str, Any], container: Mapping[str, Any], capacity: int) -> int:
    rest = _rest_of_the_pod(spec)
    request = _request(container) + rest
    if container.get("restartPolicy") == "Always":  # a sidecar dies no sooner than whom it serves
        request = max(request, min(_request(one) for one in spec["containers"]) + rest)
    return min(_FIRST - 1, max(_FIRST + _KEPT, _FIRST - 1000 * request // capacity))


def _rest_of_the_pod(spec: Mapping[str, Any]) -> int:
    """Return what the Pod requests beyond its containers' own, an equal part for each container."""
    if not spec.get("resources"):
        return 0
    asked = size(str(defaulted(spec["resources"])["requests"].get("memory", "0")))
    lasting = [one for one in spec.get("initContainers", ()) if one.get("restartPolicy") == "Always"]
    counted = [*spec["containers"], *lasting]
    return max(0, asked - sum(_request(one) for one in counted)) // len(counted)


def _request(container: Mapping[str, Any]) -> int:
    return size(str(defaulted(container.get("resources"))["requests"].get("memory", "0")))


def memory_request(spec: Mapping[str, Any]) -> int:
    """Return what a Pod's containers request together, in bytes: what eviction measures its use against."""
    if spec.get("resources"):
        return size(str(defaulted(spec["resources"])["requests"].get("memory", "0")))
    return sum(_request(one) for one in spec["containers"])


@dataclass(frozen=True)
class Candidate:
    """A Pod as the kubelet ranks it: what it uses and requests of memory, in bytes, and its priority."""

    name: str
    used: int
    requested: int
    priority: int = 0

    @property
    def exceeds(self) -> bool:
        """Tell whether it uses more than it requested."""
        return self.used > self.requested


def evicted_first(candidates: Iterable[Candidate]) -> Sequence[Candidate]:
    """Rank Pods as the kubelet does when the node runs short of memory, the first to go first.

    Those that use more than they requested; among them the lower priority; then whoever exceeds by most. The class is
    no criterion of its own. A critical Pod is never chosen.
    https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#pod-selection-for-kubelet-eviction
    """
    willing = [one for one in candidates if one.priority < CRITICAL]
    return sorted(willing, key=lambda one: (not one.exceeds, one.priority, one.requested - one.used))
