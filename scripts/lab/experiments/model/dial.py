"""From an address and a port to who answers: loopback, Services, Pods, and the sockets that listen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.model.resolve import endpoints

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.experiments.model.rule import Book, Place
    from lab.experiments.world import Pod, Service, World
    from lab.findings import Outcome

_BINDS = ("bind-any-v4", "bind-any-dual", "bind-one")


@dataclass(frozen=True)
class End:
    """How a dial ends, who answers, and the rules that led there."""

    outcome: Outcome
    who: str = ""
    rules: tuple[str, ...] = ()

    def after(self, *rules: str) -> End:
        """Return this end as it is reached through further rules, which come first."""
        return End(self.outcome, self.who, (*rules, *self.rules))


def dial(book: Book, world: World, place: Place, address: str, port: int) -> End:
    """Dial an IP address and port from a place."""
    if service := _node_port(book, world, place, address, port):
        target = next(one.target for one in service.ports if book.holds("node-port", one, port))
        return _to_service(book, world, place, service, target).after("node-port")
    if book.holds("own-loopback", address):
        return _own_loopback(book, world, place, address, port).after("own-loopback")
    if book.holds("outside-cluster", place, address, world):
        return End("elsewhere", "", ("outside-cluster",))
    if address == world.cluster.node_ip:
        return listening(book, _on_node(world), address, port)
    if service := next((one for one in world.services if book.holds("cluster-ip", one, address)), None):
        return _to_cluster_ip(book, world, place, service, port).after("cluster-ip")
    return _to_pod(book, world, address, port)


def first(ends: Iterable[End]) -> End:
    """Return the first end that answers; else the last, like a program that tries all addresses of a name."""
    last = End("refused")
    for last in ends:
        if last.outcome == "answers":
            break
    return last


def listening(book: Book, pods: Sequence[Pod], address: str, port: int) -> End:
    """Tell who in the network namespace of these Pods takes a call."""
    accepting = [
        (pod.name, rule)
        for pod in pods
        for container in pod.containers
        for listener in container.listeners
        for rule in _BINDS
        if not container.ended and listener.port == port and book.holds(rule, listener, address)
    ]
    if book.holds("nobody-listens", accepting) or not accepting:
        return End("refused", "", ("nobody-listens",))
    return End("answers", accepting[0][0], (accepting[0][1],))


def sharing(world: World, pod: Pod) -> tuple[Pod, ...]:
    """Return the Pods of one network namespace: the Pod alone, or all that use the node's."""
    return _on_node(world) if pod.host_network else (pod,)


def _on_node(world: World) -> tuple[Pod, ...]:
    return tuple(one for one in world.pods if one.host_network)


def _own_loopback(book: Book, world: World, place: Place, address: str, port: int) -> End:
    if place.computer:
        return End("elsewhere")
    return listening(book, sharing(world, place.pod) if place.pod else _on_node(world), address, port)


def _node_port(book: Book, world: World, place: Place, address: str, port: int) -> Service | None:
    """Find the Service of a NodePort; on the node itself its loopback is one of the node's addresses."""
    cluster, computer = world.cluster, world.computer
    local = place.on_node and address == "127.0.0.1"
    if not local and (address != cluster.node_ip or (place.computer and not computer.reaches_node)):
        return None
    ported = (one for one in world.services if any(book.holds("node-port", port_, port) for port_ in one.ports))
    return next(ported, None)


def _to_cluster_ip(book: Book, world: World, place: Place, service: Service, port: int) -> End:
    target = next((one.target for one in service.ports if one.port == port), None)
    if book.holds("unlisted-port", service, port) or target is None:
        return End("elsewhere", "", ("unlisted-port",))
    return _to_service(book, world, place, service, target)


def _to_service(book: Book, world: World, place: Place, service: Service, target: int) -> End:
    """Follow kube-proxy to an endpoint; with several that answer, nobody can say which one will."""
    pods = endpoints(book, world, service)
    if book.holds("no-endpoint", pods) or not pods:
        return End("refused", "", ("no-endpoint",))
    ends = [_to_endpoint(book, world, place, pod, target) for pod in pods]
    one = first(ends)
    return one if len({end.who for end in ends}) == 1 else End(one.outcome, "", one.rules)


def _to_endpoint(book: Book, world: World, place: Place, pod: Pod, target: int) -> End:
    end = listening(book, sharing(world, pod), pod.ip, target)
    if pod != place.pod:
        return end.after("ready-endpoints")
    return end.after("ready-endpoints", "hairpin") if book.holds("hairpin") else End("timeout")


def _to_pod(book: Book, world: World, address: str, port: int) -> End:
    pods = [one for one in world.pods if book.holds("pod-network", one, address)]
    if book.holds("nowhere", pods) or not pods:
        return End("elsewhere", "", ("nowhere",))
    return listening(book, pods[:1], address, port).after("pod-network")
