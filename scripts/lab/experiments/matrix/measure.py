"""Measure: every vantage point is asked once, all of them at the same time, each within its own bounded time."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from lab.errors import LabError
from lab.experiments.matrix.probe_protocol import Reply, Surroundings
from lab.experiments.matrix.runners import Runner
from lab.experiments.model.cluster import Address, ClusterModel, VantagePoint
from lab.experiments.results import Measurement
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object

Batch = tuple[VantagePoint, tuple[Address, ...]]
RETRY_SECONDS = 15.0
"""Seconds that an app which took a call has to answer, when it was too slow at first."""
_ONCE = {"computer", "init", "kubelet"}


@dataclass(frozen=True)
class Measured:
    """What was measured: ``results`` by the ids of vantage and address, ``surroundings`` by the vantage's.

    ``pods`` is a container of a running Pod, and what was seen in it, by the Pod's namespace and name; ``endpoints``
    are the entries of a Service's EndpointSlices, raw, by the Service's.
    """

    results: Mapping[tuple[str, str], Measurement] = field(default_factory=dict)
    surroundings: Mapping[str, Surroundings] = field(default_factory=dict)
    pods: Mapping[tuple[str, str], tuple[str, Surroundings]] = field(default_factory=dict)
    endpoints: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def measure(runner: Runner, cells: Sequence[tuple[VantagePoint, Address]]) -> Measured:
    """Try all cells, and read the surroundings of their vantage points.

    What cannot be asked is ``unmeasured``, with the reason as its detail; nothing is left out. Raises Refused where
    the cluster is not the lab's own, LabError where its API server does not answer.
    """
    patient = replace(runner, seconds=RETRY_SECONDS)
    batches = grouped(cells)
    with ThreadPoolExecutor(len(batches) + 1) as pool:
        slices = pool.submit(_endpoints, runner.api, runner.model)
        asked = pool.map(lambda batch: _ask(runner, *batch), batches)
        replies = dict(zip((vantage for vantage, _ in batches), asked, strict=True))
        retried = list(pool.map(lambda turn: _in_turn(patient, turn), turns(replies, cells)))
        endpoints = slices.result()
    surroundings = {vantage: reply.surroundings for vantage, reply in replies.items() if isinstance(reply, Reply)}
    results = {(vantage.id, address.id): measurement(address, replies[vantage]) for vantage, address in cells}
    # Reversed, so that a Pod's first container stays.
    inside = [vantage for vantage in reversed(surroundings) if vantage.kind == "container"]
    return Measured(
        results | {key: value for part in retried for key, value in part.items()},
        {vantage.id: read for vantage, read in surroundings.items()},
        {(vantage.namespace, vantage.pod): (vantage.container, surroundings[vantage]) for vantage in inside},
        endpoints,
    )


def grouped(cells: Sequence[tuple[VantagePoint, Address]]) -> list[Batch]:
    """Return each vantage once, with all that is to be tried from it."""
    batches: dict[VantagePoint, tuple[Address, ...]] = {}
    for vantage, address in cells:
        batches[vantage] = (*batches.get(vantage, ()), address)
    return list(batches.items())


def measurement(address: Address, reply: Reply | LabError) -> Measurement:
    """Return what a reply has of an address; an error, and a missing entry, are ``unmeasured``."""
    if isinstance(reply, LabError):
        return Measurement("unmeasured", detail=reply.what)
    return reply.cells.get(address.id, Measurement("unmeasured", detail="it was not tried from there"))


def turns(
    replies: Mapping[VantagePoint, Reply | LabError], cells: Sequence[tuple[VantagePoint, Address]]
) -> list[list[Batch]]:
    """Return what timed out and is to be tried again, with less going on: a Pod's containers in turn, each Pod a list.

    A Service without endpoints is refused by ICMP, of which Linux sends one address no more than six at once and then
    one a second (``icmp_ratelimit``, icmp(7)): a Pod's containers, which share its address, use that up in an instant.
    An init container tries once; so does this computer, whose packets may leave for where nobody ever answers.
    """
    late = [cell for cell in cells if _is_late(cell[0], measurement(cell[1], replies[cell[0]]))]
    pods: dict[tuple[str, str], list[Batch]] = {}
    for vantage, addresses in grouped(late):
        pods.setdefault((vantage.namespace, vantage.pod), []).append((vantage, addresses))
    return list(pods.values())


def _is_late(vantage: VantagePoint, result: Measurement) -> bool:
    """Tell whether to try again: also from this computer where somebody took the call, who is only slow."""
    again = vantage.kind not in _ONCE or (vantage.kind == "computer" and result.detail.startswith("connected"))
    return result.outcome == "timeout" and again


def _in_turn(runner: Runner, batches: list[Batch]) -> dict[tuple[str, str], Measurement]:
    """Ask again, one vantage after another, and return what that changes."""
    results: dict[tuple[str, str], Measurement] = {}
    for vantage, addresses in batches:
        reply = _ask(runner, vantage, addresses)
        results |= {(vantage.id, address.id): measurement(address, reply) for address in addresses}
    return results


def _ask(runner: Runner, vantage: VantagePoint, addresses: tuple[Address, ...]) -> Reply | LabError:
    try:
        return runner.ask(vantage, addresses)
    except LabError as error:
        return error


def _endpoints(api: Api, model: ClusterModel) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read the EndpointSlices of the model's Services: what kube-proxy goes by."""
    entries: dict[tuple[str, str], tuple[str, ...]] = {}
    for namespace in sorted({service.namespace for service in model.services}):
        for endpoint_slice in api.items(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"):
            labels = endpoint_slice["metadata"].get("labels", {})
            key = (namespace, labels.get("kubernetes.io/service-name", ""))
            entries[key] = (*entries.get(key, ()), *map(_brief, endpoint_slice.get("endpoints") or []))
    return entries


def _brief(endpoint: Object) -> str:
    return json.dumps({key: endpoint[key] for key in ("addresses", "conditions") if key in endpoint})
