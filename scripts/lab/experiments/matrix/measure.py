"""Measure: every vantage point is asked once, all of them at the same time, each within its own bounded time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.experiments.matrix import runners
from lab.experiments.matrix.probe_protocol import Reply, Surroundings
from lab.experiments.results import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.model.cluster import Address, Vantage, World
    from lab.kubernetes.client import Api

Asked = tuple["Vantage", tuple["Address", ...]]
PATIENCE = 15.0
"""Seconds that an app which took a call has to answer, when it was too slow at first."""
_ONCE = {"computer", "init", "kubelet"}


@dataclass(frozen=True)
class Measured:
    """What was measured: ``of`` by the ids of vantage and address, ``surroundings`` by the id of the vantage.

    ``pods`` is a container of a running Pod, and what was seen in it, by the Pod's namespace and name; ``endpoints``
    are the entries of a Service's EndpointSlices, raw, by the Service's.
    """

    of: Mapping[tuple[str, str], Measurement] = field(default_factory=dict)
    surroundings: Mapping[str, Surroundings] = field(default_factory=dict)
    pods: Mapping[tuple[str, str], tuple[str, Surroundings]] = field(default_factory=dict)
    endpoints: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def measure(
    settings: Settings, api: Api, image: str, world: World, cells: Sequence[tuple[Vantage, Address]]
) -> Measured:
    """Try all cells, and look around at their vantage points.

    What cannot be asked is ``unmeasured``, with the reason as its detail; nothing is left out. Raises Refused where
    the cluster is not the lab's own, LabError where its API server does not answer.
    """
    way = runners.Ways(settings, api, image, world)
    patient = replace(way, seconds=PATIENCE)
    asked = grouped(cells)
    with ThreadPoolExecutor(len(asked) + 1) as pool:
        slices = pool.submit(_endpoints, api, world)
        first = dict(zip((one for one, _ in asked), pool.map(lambda one: _answer(way, *one), asked), strict=True))
        second = list(pool.map(lambda turn: _in_turn(patient, turn), turns(first, cells)))
        endpoints = slices.result()
    seen = {vantage: answer.surroundings for vantage, answer in first.items() if isinstance(answer, Reply)}
    of = {(vantage.id, one.id): told(one, first[vantage]) for vantage, one in cells}
    inside = [(one, sees) for one, sees in reversed(seen.items()) if one.kind == "container"]  # the first one stays
    return Measured(
        of | {key: value for part in second for key, value in part.items()},
        {vantage.id: sees for vantage, sees in seen.items()},
        {(one.namespace, one.pod): (one.container, sees) for one, sees in inside},
        endpoints,
    )


def grouped(cells: Sequence[tuple[Vantage, Address]]) -> list[Asked]:
    """Return each vantage once, with all that is to be tried from it."""
    tried: dict[Vantage, tuple[Address, ...]] = {}
    for vantage, address in cells:
        tried[vantage] = (*tried.get(vantage, ()), address)
    return list(tried.items())


def told(address: Address, answer: Reply | LabError) -> Measurement:
    """Return what an answer says of an address; an error, and silence, are said aloud."""
    if isinstance(answer, LabError):
        return Measurement("unmeasured", detail=answer.what)
    return answer.cells.get(address.id, Measurement("unmeasured", detail="it was not tried from there"))


def turns(first: Mapping[Vantage, Reply | LabError], cells: Sequence[tuple[Vantage, Address]]) -> list[list[Asked]]:
    """Return what timed out and is to be tried again, with less going on: a Pod's containers in turn, each Pod a list.

    A Service without endpoints is refused by ICMP, of which Linux sends one address no more than six at once and then
    one a second (``icmp_ratelimit``, icmp(7)): a Pod's containers, which share its address, use that up in an instant.
    An init container tries once; so does this computer, whose packets may leave for where nobody ever answers.
    """
    late = [(one, address) for one, address in cells if _late(one, told(address, first[one]))]
    pods: dict[tuple[str, str], list[Asked]] = {}
    for vantage, addresses in grouped(late):
        pods.setdefault((vantage.namespace, vantage.pod), []).append((vantage, addresses))
    return list(pods.values())


def _late(vantage: Vantage, found: Measurement) -> bool:
    """Tell whether to try again: also from this computer where somebody took the call, who is only slow."""
    again = vantage.kind not in _ONCE or (vantage.kind == "computer" and found.detail.startswith("connected"))
    return found.outcome == "timeout" and again


def _in_turn(way: runners.Ways, asked: list[Asked]) -> dict[tuple[str, str], Measurement]:
    """Ask again, one vantage after another, and return what that changes."""
    found: dict[tuple[str, str], Measurement] = {}
    for vantage, addresses in asked:
        answer = _answer(way, vantage, addresses)
        found |= {(vantage.id, one.id): told(one, answer) for one in addresses}
    return found


def _answer(way: runners.Ways, vantage: Vantage, tried: tuple[Address, ...]) -> Reply | LabError:
    try:
        return way.ask(vantage, tried)
    except LabError as error:
        return error


def _endpoints(api: Api, world: World) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read the EndpointSlices beside the world's Services: what kube-proxy goes by."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for namespace in sorted({one.namespace for one in world.services}):
        for one in api.items(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"):
            key = (namespace, one["metadata"].get("labels", {}).get("kubernetes.io/service-name", ""))
            found[key] = (*found.get(key, ()), *map(_short, one.get("endpoints") or []))
    return found


def _short(endpoint: dict[str, object]) -> str:
    return json.dumps({key: endpoint[key] for key in ("addresses", "conditions") if key in endpoint})
