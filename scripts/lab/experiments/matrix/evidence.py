"""The evidence for a cell: which pieces of what was seen show why it ends as it does, in the order of the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.matrix import exhibits, places, spec_fields
from lab.experiments.model.context import BOOK
from lab.experiments.model.dns import is_address
from lab.experiments.model.predict import aim
from lab.experiments.model.routing import reads_names
from lab.experiments.results import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.matrix.measure import Measured
    from lab.experiments.matrix.places import Site
    from lab.experiments.model.cluster import Address, Vantage, World
    from lab.experiments.model.connect import Aim
    from lab.experiments.results import Exhibit, Prediction


def evidence(
    world: World, vantage: Vantage, address: Address, prediction: Prediction, measured: Measured
) -> tuple[Exhibit, ...]:
    """Return a cell's evidence: how the name was read, whose network it is, whom it leads to, and who listens there.

    All of it was seen in the measurement; the fields are those that the prediction's rules go by.
    """
    found = measured.of.get((vantage.id, address.id), Measurement("unmeasured"))
    if found.outcome in {"unmeasured", "not-applicable"}:
        return ()
    here = places.of_vantage(world, vantage, measured)
    aimed = aim(world, vantage, address, found.resolved)
    shown = [*_dialler(world, vantage, address, found, here), *_name(here, vantage, address, found)]
    if address.how not in {"getent", "nslookup"} and found.outcome != "no-name":
        shown += [*_network(here, vantage, aimed, measured), *_service(aimed, measured)]
    shown += spec_fields.of_rules(world, vantage, aimed, prediction.rules)
    return tuple(dict.fromkeys([*shown, *_container_name(world, vantage, address)]))


def _dialler(world: World, vantage: Vantage, address: Address, found: Measurement, here: Site) -> Iterator[Exhibit]:
    """Yield the words of whoever dials for somebody else, and of what answers elsewhere."""
    node = world.cluster.node
    if vantage.kind == "kubelet" and found.outcome == "answers":
        yield exhibits.said("status", f"kubelet on {node}", found.detail, _raw(f"nodes/{node}/proxy/metrics/probes"))
    elif vantage.kind == "kubelet":
        chosen = f"--field-selector involvedObject.name={vantage.pod},reason=Unhealthy"
        command = f"kubectl get events -n {vantage.namespace} {chosen}"
        yield exhibits.said("event", f"pod {vantage.namespace}/{vantage.pod}", found.detail, command)
    elif vantage.kind == "pod-proxy":
        path = f"namespaces/{vantage.namespace}/pods/{vantage.pod}:{address.port}/proxy/whoami"
        yield exhibits.said("command", "API server", found.detail, _raw(path))
    elif address.how == "forward":
        command = f"kubectl port-forward -n {vantage.namespace} {address.host} :{address.port}"
        yield exhibits.said("command", "kubectl port-forward", found.detail, command)
    elif found.outcome == "elsewhere":
        yield exhibits.said("command", here.name, found.detail, here.command(f"curl -i {address.url}/whoami"))


def _raw(path: str) -> str:
    return f"kubectl get --raw /api/v1/{path}"


def _name(here: Site, vantage: Vantage, address: Address, found: Measurement) -> Iterator[Exhibit]:
    """Yield how a name was read: the hosts file's line, and where that has none, or is passed by, what DNS said."""
    if not reads_names(vantage) or is_address(address.host):
        return
    if line := exhibits.hosts(here, address.host):
        yield line
    if address.how == "nslookup" or not exhibits.lines_with(here, address.host):
        if asked := exhibits.resolver(here):
            yield asked
        yield exhibits.dns(here, address, found)


def _network(here: Site, vantage: Vantage, aimed: Aim, measured: Measured) -> Iterator[Exhibit]:
    """Yield the network namespaces on both sides, and who listens at the far one."""
    own = aimed.pod is None or (vantage.kind == "init" and aimed.pod.name == vantage.pod)
    there = here if own or aimed.pod is None else places.of_pod(aimed.pod, measured)
    if there is None or not there.sees.netns:
        return
    if reads_names(vantage):
        yield from exhibits.netns(here, there)
    if aimed.pod or BOOK.holds("own-loopback", aimed.address):
        yield exhibits.socket(there, aimed.port)


def _service(aimed: Aim, measured: Measured) -> Iterator[Exhibit]:
    """Yield whom a Service leads to."""
    if one := aimed.service:
        yield exhibits.endpoints(one, measured.endpoints.get((one.namespace, one.name), ()))


def _container_name(world: World, vantage: Vantage, address: Address) -> Iterator[Exhibit]:
    """Yield the containers' names where the host is one of them, and not the Pod's: it is no name in the network."""
    for one in world.pods:
        own = (one.namespace, one.name) == (vantage.namespace, vantage.pod)
        if own and address.host != one.name and address.host in {each.name for each in one.containers}:
            yield spec_fields.names(one)
