"""What the picture of an experiment shows: its Pods with their containers, its Services and whom they lead to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.model.rules import RULES
from lab.experiments.results import Diagram, DiagramPod, DiagramService

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.matrix.probe_protocol import Surroundings
    from lab.experiments.model.cluster import Pod, Service, Vantage, World


def scene(world: World, vantages: Sequence[Vantage], surroundings: Mapping[str, Surroundings]) -> Diagram:
    """Draw what the model was told, with the network namespaces that were seen."""
    inside = {(one.namespace, one.pod, one.container): one.id for one in vantages if one.kind in {"container", "init"}}
    return Diagram(
        node=world.cluster.node,
        pods=tuple(_pod(one, inside, surroundings) for one in world.pods),
        services=tuple(_service(one, world.pods) for one in world.services),
    )


def _pod(pod: Pod, inside: Mapping[tuple[str, str, str], str], surroundings: Mapping[str, Surroundings]) -> DiagramPod:
    ids = [inside.get((pod.namespace, pod.name, one.name), "") for one in pod.containers]
    netns = (surroundings[one].netns for one in ids if one in surroundings)
    return DiagramPod(
        name=pod.name,
        namespace=pod.namespace,
        ip=pod.ip,
        netns=next(filter(None, netns), ""),
        containers=tuple((one.name, one.kind, id_) for one, id_ in zip(pod.containers, ids, strict=True)),
        ready=pod.ready,
        host_network=pod.host_network,
    )


def _service(service: Service, pods: Sequence[Pod]) -> DiagramService:
    chosen = [one.name for one in pods if RULES["selector"].holds(service, one)]
    ports = ", ".join(
        f"{one.port} → {one.target}" + (f", node {one.node_port}" if one.node_port else "") for one in service.ports
    )
    return DiagramService(service.name, service.namespace, service.cluster_ip, ports, tuple(chosen))
