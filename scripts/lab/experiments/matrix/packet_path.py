"""The way of a cell's packet: what it passed, from the vantage point to where it ended as measured. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Pod, Vantage, World
    from lab.experiments.model.connect import Aim
    from lab.experiments.results import Measurement, Prediction

_STARTS = {
    "node": ("node",),
    "computer": ("computer",),
    "port-forward": ("computer", "api", "kubelet"),
    "service-forward": ("computer", "api", "kubelet"),
    "pod-proxy": ("computer", "api"),
    "kubelet": ("kubelet",),
}


def way(world: World, vantage: Vantage, aim: Aim, said: Prediction, seen: Measurement) -> tuple[str, ...]:
    """Return what the packet passed, in the words of ``Cell.way``; the start alone if none left."""
    start = _start(world, vantage)
    if seen.outcome in {"not-applicable", "unmeasured"}:
        return start
    if seen.outcome in {"no-name", "resolves"}:
        in_file = seen.outcome == "resolves" and any("hosts" in one for one in said.rules)
        return start if in_file else (start[0], "away" if "outside-cluster-dns" in said.rules else "dns")
    if seen.outcome == "elsewhere" or (said.outcome == "elsewhere" and not seen.who):
        return (*start, "away")
    passed = (*start, *_through(vantage, aim), *_end(world, vantage, aim, seen))
    return tuple(key for key, _ in groupby(passed))


def _start(world: World, vantage: Vantage) -> tuple[str, ...]:
    if vantage.kind not in {"container", "init"}:
        return _STARTS[vantage.kind]
    pod = world.pod(vantage.namespace, vantage.pod)
    return _container(pod, vantage.container), _net(pod)


def _through(vantage: Vantage, aim: Aim) -> tuple[str, ...]:
    """Return the Service whose cluster IP the packet went to, or whose NodePort; a forward's only chose the Pod."""
    service = aim.service
    if not service or vantage.kind == "service-forward":
        return ()
    key = f"service {service.namespace}/{service.name}"
    return (key,) if aim.address == service.cluster_ip else ("node", key)


def _end(world: World, vantage: Vantage, aim: Aim, seen: Measurement) -> tuple[str, ...]:
    """Return the door of the Pod that answered, else of the one that the call was for; and its app, if it answered."""
    pod = next((one for one in world.pods if one.name == seen.who), None) if seen.who else aim.pod
    if pod is None:
        return ("node",) if vantage.kind == "kubelet" else ()
    app = _app(pod, aim.port)
    return (_net(pod), _container(pod, app)) if seen.outcome == "answers" and app else (_net(pod),)


def _app(pod: Pod, port: int) -> str:
    """Return the container that listens on the port, else the first app; empty where there is none."""
    running = [one for one in pod.containers if one.kind in {"app", "sidecar"}]
    listens = (one.name for one in running if any(each.port == port for each in one.listeners))
    return next(listens, next((one.name for one in running if one.kind == "app"), ""))


def _net(pod: Pod) -> str:
    return "node" if pod.host_network else f"net {pod.namespace}/{pod.name}"


def _container(pod: Pod, name: str) -> str:
    return f"container {pod.namespace}/{pod.name}/{name}"
