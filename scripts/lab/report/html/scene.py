"""Where everything stands in the picture: the node as a house in section, namespaces as floors, Pods as rooms.

Lengths are units of the drawing, 1120 wide. Each thing has a key: the word for it in a cell's `way`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.results import Diagram, DiagramPod, DiagramService

WIDTH = 1120
_HOUSE = 196
_SERVICES = 214
_ROOMS = 420
_ROOM = 218
_GAP = 12
_ACROSS = 3
_PLATE = 46
_ROOF = 64
_NAME = 24

NONE = Text(en="", fr="")
COMPUTER = Text(en="this computer", fr="cet ordinateur")
KINDS = {
    "app": Text(en="app", fr="application"),
    "sidecar": Text(en="sidecar", fr="sidecar"),
    "init": Text(en="init", fr="init"),
    "ephemeral": Text(en="ephemeral", fr="éphémère"),
}


@dataclass(frozen=True)
class Thing:
    """One thing drawn: its corner and size, what it is, its name, and a line below."""

    key: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    name: Text
    below: Text = NONE
    mark: str = ""

    @property
    def middle(self) -> tuple[float, float]:
        """Return where a packet's way meets it."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Drawing:
    """All things, the large ones first, and lines from each Service to the Pods that it leads to."""

    height: float
    things: tuple[Thing, ...]
    leads: tuple[tuple[str, str], ...]

    def __getitem__(self, key: str) -> Thing:
        """Return a thing by its key; raises KeyError."""
        return {one.key: one for one in self.things}[key]

    def of(self, *kinds: str) -> tuple[Thing, ...]:
        """Return the things of these kinds."""
        return tuple(one for one in self.things if one.kind in kinds)


def pod_key(pod: DiagramPod) -> str:
    """Name a Pod's room."""
    return f"pod {pod.namespace}/{pod.name}"


def net_key(pod: DiagramPod) -> str:
    """Name the door plate of a Pod's network namespace; with hostNetwork that is the node's."""
    return "node" if pod.host_network else f"net {pod.namespace}/{pod.name}"


def container_key(pod: DiagramPod, name: str) -> str:
    """Name a container in its room."""
    return f"container {pod.namespace}/{pod.name}/{name}"


def service_key(service: DiagramService) -> str:
    """Name a Service's plate."""
    return f"service {service.namespace}/{service.name}"


def drawn(scene: Diagram) -> Drawing:
    """Lay the picture out."""
    spaces = dict.fromkeys([*(pod.namespace for pod in scene.pods), *(one.namespace for one in scene.services)])
    things: list[Thing] = []
    top = float(_ROOF)
    for space in spaces:
        floor = list(_floor(scene, space, top))
        things += floor
        top = floor[0].y + floor[0].height + 8
    ground = list(_ground(scene, top))
    house = Thing("house", "house", _HOUSE, _ROOF - 8, WIDTH - _HOUSE - 8, top + 78 - _ROOF, _same(""))
    return Drawing(top + 84, (house, *things, *ground, *_outside(top)), tuple(_leads(scene)))


def _floor(scene: Diagram, space: str, top: float) -> Iterator[Thing]:
    """Yield a namespace, then its Services and rooms, in rows of three rooms."""
    pods = sorted((pod for pod in scene.pods if pod.namespace == space), key=_place)
    services = [service for service in scene.services if service.namespace == space]
    inner, y = [], top + _NAME + 8
    for number, service in enumerate(services):
        inner.append(_service(service, y + number * (_PLATE + 8)))
    bottom = y + len(services) * (_PLATE + 8)
    for start in range(0, len(pods), _ACROSS):
        row = pods[start : start + _ACROSS]
        height = max(_room_height(pod) for pod in row)
        for number, pod in enumerate(row):
            inner += _room(pod, _ROOMS + number * (_ROOM + _GAP), y, height)
        y += height + _GAP
    yield Thing(f"space {space}", "space", _HOUSE + 8, top, WIDTH - _HOUSE - 24, max(y, bottom) - top, _same(space))
    yield from inner


def _place(pod: DiagramPod) -> tuple[bool, int]:
    """Put the fullest rooms next to the Services, and what has the node's network last."""
    return pod.host_network, -len(pod.containers)


def _room_height(pod: DiagramPod) -> float:
    return 30 + (len(pod.containers) + 1) // 2 * 38 + _PLATE + 4


def _room(pod: DiagramPod, x: float, y: float, height: float) -> Iterator[Thing]:
    state = NONE if pod.ready else Text(en="not ready", fr="pas prêt")
    kind = "host-room" if pod.host_network else "room"
    yield Thing(pod_key(pod), kind, x, y, _ROOM, height, _cut(pod.name, 25), state, "" if pod.ready else "unready")
    for number, (name, what, _) in enumerate(pod.containers):
        alone = number == len(pod.containers) - 1 and number % 2 == 0
        width = _ROOM - 16 if alone else (_ROOM - 22) / 2
        left = x + 8 + number % 2 * ((_ROOM - 22) / 2 + 6)
        key, said = container_key(pod, name), KINDS.get(what, _same(what))
        yield Thing(key, "container", left, y + 30 + number // 2 * 38, width, 33, _cut(name, 12), said, what)
    shared = Text(en="the node’s network", fr="le réseau du nœud")
    ip = shared if pod.host_network else _same(pod.ip)
    below = _same(pod.netns if pod.netns.startswith("net:") else f"netns {pod.netns}")
    yield Thing(
        f"plate {pod_key(pod)}" if pod.host_network else net_key(pod),
        "net",
        x + 8,
        y + height - 46,
        _ROOM - 16,
        38,
        ip,
        below,
    )


def _service(service: DiagramService, y: float) -> Thing:
    headless = service.cluster_ip == "None"
    below = _same("headless" if headless else f"{service.cluster_ip} · {service.ports}")
    return Thing(
        service_key(service), "service", _SERVICES, y, 196, _PLATE, _cut(service.name, 22), _cut_words(below, 28)
    )


def _ground(scene: Diagram, top: float) -> Iterator[Thing]:
    """Yield what belongs to no namespace of ours: the ground floor."""
    node = Text(en=f"node {scene.node}", fr=f"nœud {scene.node}")
    parts = (
        ("dns", 128, Text(en="cluster DNS", fr="DNS du cluster"), _same("CoreDNS")),
        ("api", 128, _same("API server"), Text(en="proxy, forwards", fr="proxy, redirection")),
        ("node", 340, _cut_words(node, 38), Text(en="its own network", fr="son propre réseau")),
        ("kubelet", 249, _same("kubelet"), Text(en="probes, /etc/hosts", fr="sondes, /etc/hosts")),
    )
    x = float(_SERVICES)
    for key, width, name, below in parts:
        yield Thing(key, "part", x, top + 8, width, _PLATE, name, below)
        x += width + _GAP


def _outside(top: float) -> Iterator[Thing]:
    nobody = Text(en="no Pod there", fr="aucun Pod là-bas")
    yield Thing("away", "part", 8, _ROOF - 40, 168, _PLATE, Text(en="elsewhere", fr="ailleurs"), nobody)
    yield Thing("computer", "computer", 8, top + 8, 168, _PLATE, COMPUTER)


def _leads(scene: Diagram) -> Iterator[tuple[str, str]]:
    for service in (one for one in scene.services if len(one.pods) <= _ACROSS):
        for pod in scene.pods:
            if pod.namespace == service.namespace and pod.name in service.pods:
                yield service_key(service), net_key(pod)


def _cut(name: str, most: int) -> Text:
    return _same(name if len(name) <= most else f"{name[: most - 1]}…")


def _cut_words(said: Text, most: int) -> Text:
    return Text(en=_cut(said.en, most).en, fr=_cut(said.fr, most).fr)


def _same(text: str) -> Text:
    return Text(en=text, fr=text)
