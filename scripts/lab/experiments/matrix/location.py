"""Where evidence is taken: what it is called, what was seen there, and how a learner gets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.matrix.probe_protocol import Surroundings

if TYPE_CHECKING:
    from lab.experiments.matrix.measure import Measured
    from lab.experiments.model.cluster import ClusterModel, Pod, VantagePoint


@dataclass(frozen=True)
class Location:
    """``enter`` goes before a command to run it there; None where nobody can enter any more."""

    name: str
    surroundings: Surroundings
    enter: str | None

    def command(self, words: str) -> str:
        """Return what a learner types to see the same; empty where that cannot be."""
        return "" if self.enter is None else f"{self.enter}{words}"

    def hosts_lines(self, name: str) -> list[str]:
        """Return the lines of the hosts file that have a name."""
        return [line for line in self.surroundings.hosts.splitlines() if name in line.split("#")[0].split()[1:]]


def of_vantage(model: ClusterModel, vantage: VantagePoint, measured: Measured) -> Location:
    """Return the place from which something was tried; the node for what kubelet and the API server dial."""
    surroundings = measured.surroundings.get(vantage.id, Surroundings())
    if vantage.kind == "container":
        return _inside(vantage.namespace, vantage.pod, vantage.container, surroundings)
    if vantage.kind == "init":
        return Location(f"{vantage.namespace}/{vantage.pod}, init container {vantage.container}", surroundings, None)
    if vantage.kind in {"computer", "port-forward", "service-forward"}:
        return Location("this computer", surroundings, "")
    node = model.cluster.node
    return Location(f"node {node}", measured.surroundings.get("node", Surroundings()), f"docker exec {node} ")


def of_pod(pod: Pod, measured: Measured) -> Location | None:
    """Return the inside of a Pod; None where no probe ran in it."""
    container, surroundings = measured.pods.get((pod.namespace, pod.name), ("", None))
    return _inside(pod.namespace, pod.name, container, surroundings) if surroundings else None


def _inside(namespace: str, pod: str, container: str, surroundings: Surroundings) -> Location:
    enter = f"kubectl exec -n {namespace} {pod} -c {container} -- "
    return Location(f"{namespace}/{pod}, container {container}", surroundings, enter)
