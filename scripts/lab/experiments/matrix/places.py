"""A place where evidence was taken: what it is called, what was seen there, and how a learner gets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.matrix.probe_protocol import Surroundings

if TYPE_CHECKING:
    from lab.experiments.matrix.measure import Measured
    from lab.experiments.model.cluster import Pod, Vantage, World


@dataclass(frozen=True)
class Site:
    """``enter`` goes before a command to run it there; None where nobody can enter any more."""

    name: str
    sees: Surroundings
    enter: str | None

    def command(self, words: str) -> str:
        """Return what a learner types to see the same; empty where that cannot be."""
        return "" if self.enter is None else f"{self.enter}{words}"


def of_vantage(world: World, vantage: Vantage, measured: Measured) -> Site:
    """Return the place from which something was tried; the node for what kubelet and the API server dial."""
    sees = measured.surroundings.get(vantage.id, Surroundings())
    if vantage.kind == "container":
        return inside(vantage.namespace, vantage.pod, vantage.container, sees)
    if vantage.kind == "init":
        return Site(f"{vantage.namespace}/{vantage.pod}, init container {vantage.container}", sees, None)
    if vantage.kind in {"computer", "port-forward", "service-forward"}:
        return Site("this computer", sees, "")
    node = world.cluster.node
    return Site(f"node {node}", measured.surroundings.get("node", Surroundings()), f"docker exec {node} ")


def of_pod(pod: Pod, measured: Measured) -> Site | None:
    """Return the inside of a Pod; None where nobody looked around in there."""
    container, sees = measured.pods.get((pod.namespace, pod.name), ("", None))
    return inside(pod.namespace, pod.name, container, sees) if sees else None


def inside(namespace: str, pod: str, container: str, sees: Surroundings) -> Site:
    """Return the inside of a container."""
    name = f"{namespace}/{pod}, container {container}"
    return Site(name, sees, f"kubectl exec -n {namespace} {pod} -c {container} -- ")
