"""The layout of the diagram: the node with its namespaces, in each its Services and Pods, in each Pod its containers.

Lengths are units of the SVG, 1120 wide. Each shape has the key by which a cell's `way` names it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.experiments.results import Diagram, DiagramPod, DiagramService
from lab.experiments.texts import Text, same
from lab.report.phrases import CONTAINER_KINDS, TEXTS

WIDTH = 1120
_LEFT = 196
_SERVICES_LEFT = 214
_PODS_LEFT = 420
_POD_WIDTH = 218
_GAP = 12
_PODS_A_ROW = 3
_LINE_HEIGHT = 46
"""Height of a Service, and of a part of the cluster."""
_TOP = 64
_NAME_HEIGHT = 24
_EMPTY = same("")


@dataclass(frozen=True)
class Shape:
    """One shape: its corner and size, what it is, its name, and a line below."""

    key: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    name: Text
    below: Text = _EMPTY
    mark: str = ""

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Layout:
    """All shapes, the large ones first, and the lines from each Service to the Pods that it leads to."""

    height: float
    shapes: tuple[Shape, ...]
    links: tuple[tuple[str, str], ...]

    def __getitem__(self, key: str) -> Shape:
        return {shape.key: shape for shape in self.shapes}[key]

    def of(self, *kinds: str) -> tuple[Shape, ...]:
        return tuple(shape for shape in self.shapes if shape.kind in kinds)


def net_key(pod: DiagramPod) -> str:
    """Return the key of a Pod's network namespace; with hostNetwork that is the node's."""
    return "node" if pod.host_network else f"net {pod.namespace}/{pod.name}"


def container_key(pod: DiagramPod, name: str) -> str:
    return f"container {pod.namespace}/{pod.name}/{name}"


def service_key(service: DiagramService) -> str:
    return f"service {service.namespace}/{service.name}"


def layout(diagram: Diagram) -> Layout:
    names = [*(pod.namespace for pod in diagram.pods), *(service.namespace for service in diagram.services)]
    shapes: list[Shape] = []
    top = float(_TOP)
    for name in dict.fromkeys(names):
        parts = list(_namespace(diagram, name, top))
        shapes += parts
        top = parts[0].y + parts[0].height + 8
    frame = Shape("frame", "frame", _LEFT, _TOP - 8, WIDTH - _LEFT - 8, top + 78 - _TOP, _EMPTY)
    every = (frame, *shapes, *_parts(diagram, top + 8))
    return Layout(top + 84, every, tuple(_links(diagram)))


def _namespace(diagram: Diagram, name: str, top: float) -> Iterator[Shape]:
    """Yield a namespace, then its Services in a column, and its Pods in rows of three."""
    services = [service for service in diagram.services if service.namespace == name]
    pods = sorted((pod for pod in diagram.pods if pod.namespace == name), key=_order)
    y = top + _NAME_HEIGHT + 8
    bottom = y + len(services) * (_LINE_HEIGHT + 8)
    inside = [_service(service, y + number * (_LINE_HEIGHT + 8)) for number, service in enumerate(services)]
    for start in range(0, len(pods), _PODS_A_ROW):
        row = pods[start : start + _PODS_A_ROW]
        height = max(_pod_height(pod) for pod in row)
        inside += _row(row, y, height)
        y += height + _GAP
    height = max(y, bottom) - top
    yield Shape(f"namespace {name}", "namespace", _LEFT + 8, top, WIDTH - _LEFT - 24, height, same(name))
    yield from inside


def _order(pod: DiagramPod) -> tuple[bool, int]:
    """Put the Pods with most containers next to the Services, and those on the node's network last."""
    return pod.host_network, -len(pod.containers)


def _pod_height(pod: DiagramPod) -> float:
    return 30 + (len(pod.containers) + 1) // 2 * 38 + _LINE_HEIGHT + 4


def _row(pods: Sequence[DiagramPod], y: float, height: float) -> Iterator[Shape]:
    for number, pod in enumerate(pods):
        x = _PODS_LEFT + number * (_POD_WIDTH + _GAP)
        kind, name = "host-pod" if pod.host_network else "pod", f"{pod.namespace}/{pod.name}"
        state, mark = (_EMPTY, "") if pod.ready else (TEXTS["not-ready"], "unready")
        yield Shape(f"pod {name}", kind, x, y, _POD_WIDTH, height, _cut(same(pod.name), 25), state, mark)
        yield from _containers(pod, x, y)
        ip = TEXTS["node-network"] if pod.host_network else same(pod.ip)
        netns = same(pod.netns if pod.netns.startswith("net:") else f"netns {pod.netns}")
        key = f"host-network {name}" if pod.host_network else net_key(pod)
        yield Shape(key, "net", x + 8, y + height - 46, _POD_WIDTH - 16, 38, ip, netns)


def _containers(pod: DiagramPod, x: float, y: float) -> Iterator[Shape]:
    """Yield the containers, two a row; the last one as wide as both where it stands alone."""
    half = (_POD_WIDTH - 22) / 2
    for number, (name, kind, _) in enumerate(pod.containers):
        row, column = divmod(number, 2)
        is_alone = column == 0 and number == len(pod.containers) - 1
        width = _POD_WIDTH - 16 if is_alone else half
        left, top = x + 8 + column * (half + 6), y + 30 + row * 38
        below = CONTAINER_KINDS.get(kind) or same(kind)
        yield Shape(container_key(pod, name), "container", left, top, width, 33, _cut(same(name), 12), below, kind)


def _service(service: DiagramService, y: float) -> Shape:
    below = same("headless" if service.cluster_ip == "None" else f"{service.cluster_ip} · {service.ports}")
    name = _cut(same(service.name), 22)
    return Shape(service_key(service), "service", _SERVICES_LEFT, y, 196, _LINE_HEIGHT, name, _cut(below, 28))


def _parts(diagram: Diagram, y: float) -> Iterator[Shape]:
    """Yield what belongs to no namespace of the experiment, and at the left what is outside the node."""
    node = _cut(TEXTS["node"].format(name=diagram.node), 38)
    yield Shape("dns", "part", 214.0, y, 128, _LINE_HEIGHT, TEXTS["dns"], same("CoreDNS"))
    yield Shape("api", "part", 354.0, y, 128, _LINE_HEIGHT, same("API server"), TEXTS["api-below"])
    yield Shape("node", "part", 494.0, y, 340, _LINE_HEIGHT, node, TEXTS["node-below"])
    yield Shape("kubelet", "part", 846.0, y, 249, _LINE_HEIGHT, same("kubelet"), TEXTS["kubelet-below"])
    yield Shape("away", "part", 8, _TOP - 40, 168, _LINE_HEIGHT, TEXTS["away"], TEXTS["away-below"])
    yield Shape("computer", "computer", 8, y, 168, _LINE_HEIGHT, TEXTS["this-computer"])


def _links(diagram: Diagram) -> Iterator[tuple[str, str]]:
    for service in diagram.services:
        for pod in diagram.pods:
            leads = pod.namespace == service.namespace and pod.name in service.pods
            if leads and len(service.pods) <= _PODS_A_ROW:
                yield service_key(service), net_key(pod)


def _cut(text: Text, most: int) -> Text:
    return Text(*(part if len(part) <= most else f"{part[: most - 1]}…" for part in (text.en, text.fr)))
