"""What changed: on a stage that somebody edits with kubectl, and between two looks at it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from lab import waiting
from lab.errors import TimedOut
from lab.kubernetes import pod_status
from lab.kubernetes.objects import condition_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lab.experiments.results import Cell, Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

_KINDS: Mapping[str, str] = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}


def state(api: Api, namespaces: Sequence[str]) -> dict[str, str]:
    """Read what decides on answers, by the name of each object: what it is to be, and what of that is so by now."""
    return {
        f"{kind} {one['metadata']['namespace']}/{one['metadata']['name']}": json.dumps(_essence(one), sort_keys=True)
        for namespace in namespaces
        for kind, path in _KINDS.items()
        for one in api.items(path.format(namespace))
    }


def _essence(found: Object) -> Object:
    """Keep of an object what is not a matter of time alone."""
    meta, status = found["metadata"], found.get("status", {})
    statuses = pod_status.container_statuses(found)
    return {
        "uid": meta["uid"],
        "labels": meta.get("labels"),
        "ends": "deletionTimestamp" in meta,
        "spec": found.get("spec"),
        "endpoints": [(one["addresses"], one["conditions"]) for one in found.get("endpoints") or []],
        "ip": status.get("podIP"),
        "ready": condition_status(found, "Ready"),
        "containers": [(each["name"], each.get("containerID"), pod_status.state(each)) for each in statuses],
    }


def different(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Name the objects that came, went or changed."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def awaited(look: Callable[[], dict[str, str]], before: Mapping[str, str], timeout: float) -> dict[str, str] | None:
    """Wait for a state other than ``before`` that then stays so for a second, and return it; None where none came."""
    last = dict(before)

    def settled() -> tuple[bool, str]:
        nonlocal last
        now = look()
        same, last = now == last, now
        return same and now != before, ", ".join(different(before, now))

    with contextlib.suppress(TimedOut):  # what still changes at the deadline is a change too
        waiting.until("a change", settled, timeout=timeout, interval=1)
    return None if last == before else last


def between(before: Experiment, after: Experiment) -> Iterator[tuple[Cell | None, Cell]]:
    """Yield the cells whose outcome, predicted or measured, is not as it was; a new one has nothing before it."""
    known = {_key(one): one for one in before.cells}
    for cell in after.cells:
        was = known.get(_key(cell))
        if was is None or _ends(was) != _ends(cell):
            yield was, cell


def _key(cell: Cell) -> tuple[str, str, str]:
    return cell.variant, cell.vantage, cell.address


def _ends(cell: Cell) -> tuple[str, str, str]:
    return cell.predicted.outcome, cell.measured.outcome, cell.measured.who
