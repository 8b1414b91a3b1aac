"""The way that a cell's packet took, as the keys of the things in the picture that it passed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from lab.report.html.scene import container_key, net_key, service_key

if TYPE_CHECKING:
    from lab.findings import Cell, PodSeen, Scene, ServiceSeen

_STARTS = {
    "node": ("node",),
    "computer": ("computer",),
    "port-forward": ("computer", "api", "kubelet"),
    "service-forward": ("computer", "api", "kubelet"),
    "pod-proxy": ("computer", "api"),
}
_FROM_NODE = {"kubelet-http", "kubelet-tcp"}
_AIMED = {*_FROM_NODE, "kubelet-exec", "port-forward", "service-forward", "pod-proxy"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ASKED = {"no-name", "resolves"}
_NEVER_SENT = {"not-applicable", "unmeasured"}


def way(scene: Scene, cell: Cell) -> tuple[str, ...]:
    """Return the keys from the vantage point to where the packet ended, as measured; the start alone if none left."""
    start = _start(scene, cell)
    if not start or cell.measured.outcome in _NEVER_SENT:
        return start
    if cell.measured.outcome in _ASKED:
        return start if "hosts" in cell.mechanism and cell.measured.outcome == "resolves" else (start[0], "dns")
    if cell.measured.outcome == "elsewhere" or (cell.predicted.outcome == "elsewhere" and not cell.measured.who):
        return (*start, "away")
    return _without_repeats((*start, *_through(scene, cell), *_end(scene, cell)))


def _start(scene: Scene, cell: Cell) -> tuple[str, ...]:
    if cell.vantage.startswith("kubelet"):
        return ("kubelet",)
    inside = _container(scene, cell)
    return (container_key(*inside), net_key(inside[0])) if inside else _STARTS.get(cell.vantage, ())


def _container(scene: Scene, cell: Cell) -> tuple[PodSeen, str] | None:
    """Return where the vantage point is: by its id, or by its Pod's name and its id where each variant has a Pod."""
    known = [(pod, name, where) for pod in scene.pods for name, _, where in pod.containers if where]
    exact = ((pod, name) for pod, name, where in known if where == cell.vantage)
    own = (
        (pod, name)
        for pod, name, where in sorted(known, key=lambda one: len(one[0].name))
        if where == f"{pod.name}/{cell.vantage}" and pod.name.endswith(cell.variant)
    )
    return next(exact, None) or next(own, None)


def _through(scene: Scene, cell: Cell) -> tuple[str, ...]:
    service = _service(scene, cell)
    if service is None:
        return ()
    return ("node", service_key(service)) if cell.address == "node-port" else (service_key(service),)


def _service(scene: Scene, cell: Cell) -> ServiceSeen | None:
    """Return the Service whose cluster IP the packet went to, or whose NodePort."""
    host, port = _host(cell), _port(cell)
    for one in scene.services:
        if one.cluster_ip in {host, *cell.measured.resolved}:
            return one
        if cell.address == "node-port" and port in one.ports:
            return one
    return None


def _end(scene: Scene, cell: Cell) -> tuple[str, ...]:
    pod = _target(scene, cell)
    if pod is None:
        return ("node",) if cell.vantage in _FROM_NODE else ()
    app = next((name for name, kind, _ in pod.containers if kind == "app"), "")
    return (net_key(pod), container_key(pod, app)) if cell.measured.outcome == "answers" and app else (net_key(pod),)


def _target(scene: Scene, cell: Cell) -> PodSeen | None:
    """Return the Pod that answered; else the one whose address was tried, or that the Service leads to."""
    if cell.measured.who:
        return next((pod for pod in scene.pods if pod.name == cell.measured.who), None)
    service = _service(scene, cell)
    tried = {_host(cell), *cell.measured.resolved}
    led = service.pods if service else ()
    found = next((pod for pod in scene.pods if pod.ip in tried or pod.name in led), None)
    return found or (_app(scene, cell) if cell.vantage in _AIMED else None)


def _app(scene: Scene, cell: Cell) -> PodSeen | None:
    """Return the Pod that a probe or a forwarded port is for."""
    if _host(cell) in _LOOPBACK and cell.vantage in _FROM_NODE:
        return None
    inside = _container(scene, msgspec.structs.replace(cell, vantage="app"))
    return inside[0] if inside else None


def _host(cell: Cell) -> str:
    return urlsplit(cell.url).hostname or cell.url


def _port(cell: Cell) -> str:
    return urlsplit(cell.url).netloc.rpartition(":")[2]


def _without_repeats(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for number, key in enumerate(keys) if number == 0 or key != keys[number - 1])
