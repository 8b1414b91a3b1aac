"""What changed: in an environment that somebody edits with kubectl, and between two measurements of it."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from lab import waiting
from lab.errors import TimedOut
from lab.experiments.results import Cell, Experiment
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object, condition_status

_KINDS: Mapping[str, str] = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}


def state(api: Api, namespaces: Sequence[str]) -> dict[str, str]:
    """Read what decides on answers, by the name of each object: what it is to be, and what of that is so by now."""
    return {
        f"{kind} {namespace}/{item['metadata']['name']}": json.dumps(_essence(item), sort_keys=True)
        for namespace in namespaces
        for kind, path in _KINDS.items()
        for item in api.items(path.format(namespace))
    }


def _essence(item: Object) -> Object:
    """Keep of an object what is not a matter of time alone."""
    meta, status = item["metadata"], item.get("status", {})
    containers = pod_status.container_statuses(item)
    return {
        "uid": meta["uid"],
        "labels": meta.get("labels"),
        "ends": pod_status.is_ending(item),
        "spec": item.get("spec"),
        "endpoints": [(endpoint["addresses"], endpoint["conditions"]) for endpoint in item.get("endpoints") or []],
        "ip": status.get("podIP"),
        "ready": condition_status(item, "Ready"),
        "containers": [(each["name"], each.get("containerID"), pod_status.state(each)) for each in containers],
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
    known = {_key(cell): cell for cell in before.cells}
    for cell in after.cells:
        was = known.get(_key(cell))
        if was is None or _ends(was) != _ends(cell):
            yield was, cell


def _key(cell: Cell) -> tuple[str, str, str]:
    return cell.variant, cell.vantage, cell.address


def _ends(cell: Cell) -> tuple[str, str, str]:
    return cell.predicted.outcome, cell.measured.outcome, cell.measured.who
