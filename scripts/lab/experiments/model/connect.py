"""From an address and a port to who answers: loopback, Services, Pods, and the sockets that listen there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.experiments.model.resolve import endpoints, selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.experiments.model.cluster import Pod, Service, World
    from lab.experiments.model.rule import Book, Place
    from lab.experiments.results import Outcome

_BINDS = ("bind-any-v4", "bind-any-dual", "bind-one")


@dataclass(frozen=True)
class Aim:
    """Whom a call is for, whether or not it arrives: a Pod and a port in it, by way of a Service or not.

    ``address`` was dialled. The Pod is the one that takes the call; else one whose network namespace the address is in,
    None where that is the node's and no Pod listens there on this port, or nobody's.
    """

    port: int = 0
    pod: Pod | None = None
    service: Service | None = None
    address: str = ""


@dataclass(frozen=True)
class End:
    """How a dial ends, who answers, the rules that led there, and whom the call was for."""

    outcome: Outcome
    who: str = ""
    rules: tuple[str, ...] = ()
    aim: Aim = Aim()

    def after(self, *rules: str) -> End:
        """Return this end as it is reached through further rules, which come first."""
        return replace(self, rules=(*rules, *self.rules))


def dial(book: Book, world: World, place: Place, address: str, port: int) -> End:
    """Dial an IP address and port from a place."""
    end = _dial(book, world, place, address, port)
    return replace(end, aim=replace(end.aim, address=address))


def first(ends: Iterable[End]) -> End:
    """Return the first end that answers; else the last, like a program that tries all addresses of a name.

    If none answers, the call was for the first.
    """
    tried = []
    for one in ends:
        tried.append(one)
        if one.outcome == "answers":
            return one
    return replace(tried[-1], aim=tried[0].aim) if tried else End("refused")


def in_pod(book: Book, world: World, pod: Pod, address: str, port: int) -> End:
    """Call an address in a Pod's network namespace, which is the Pod's alone, or the node's."""
    end = _listening(book, _sharing(world, pod), address, port)
    return replace(end, aim=replace(end.aim, pod=pod))


def _sharing(world: World, pod: Pod) -> tuple[Pod, ...]:
    return _on_node(world) if pod.host_network else (pod,)


def _on_node(world: World) -> tuple[Pod, ...]:
    return tuple(one for one in world.pods if one.host_network)


def _listening(book: Book, pods: Sequence[Pod], address: str, port: int) -> End:
    """Tell who in the network namespace of these Pods takes a call."""
    accepting = [
        (pod, rule)
        for pod in pods
        for container in pod.containers
        for listener in container.listeners
        for rule in _BINDS
        if not container.ended and listener.port == port and book.holds(rule, listener, address)
    ]
    aim = Aim(port, _likely(pods, port), None, address)
    if book.holds("nobody-listens", accepting) or not accepting:
        return End("refused", "", ("nobody-listens",), aim)
    pod, rule = accepting[0]
    return End("answers", pod.name, (rule,), replace(aim, pod=pod))


def _likely(pods: Sequence[Pod], port: int) -> Pod | None:
    """Choose among the Pods of a network namespace: who listens on that port; a Pod alone is it."""
    on_port = (one for one in pods if any(each.port == port for at in one.containers for each in at.listeners))
    return next(on_port, None) or next((one for one in pods if not one.host_network), None)


def _dial(book: Book, world: World, place: Place, address: str, port: int) -> End:
    service = _node_port(book, world, place, address, port)
    if not service and book.holds("own-loopback", address):
        return _own_loopback(book, world, place, address, port).after("own-loopback")
    inside = _to_node_port(book, world, place, service, port) if service else _inside(book, world, place, address, port)
    if book.holds("outside-cluster", place, address, world):
        return End("elsewhere", "", ("outside-cluster",), inside.aim)
    return inside


def _own_loopback(book: Book, world: World, place: Place, address: str, port: int) -> End:
    if place.computer:
        return End("elsewhere", aim=Aim(port))
    return _listening(book, _sharing(world, place.pod) if place.pod else _on_node(world), address, port)


def _node_port(book: Book, world: World, place: Place, address: str, port: int) -> Service | None:
    """Find the Service of a NodePort; on the node itself its loopback is one of the node's addresses."""
    if address != world.cluster.node_ip and not (place.on_node and address == "127.0.0.1"):
        return None
    ported = (one for one in world.services if any(book.holds("node-port", port_, port) for port_ in one.ports))
    return next(ported, None)


def _to_node_port(book: Book, world: World, place: Place, service: Service, port: int) -> End:
    target = next(one.target for one in service.ports if book.holds("node-port", one, port))
    return _to_service(book, world, place, service, target).after("node-port")


def _inside(book: Book, world: World, place: Place, address: str, port: int) -> End:
    """Follow the cluster's own network."""
    if address == world.cluster.node_ip:
        return _listening(book, _on_node(world), address, port)
    if service := next((one for one in world.services if book.holds("cluster-ip", one, address)), None):
        return _to_cluster_ip(book, world, place, service, port).after("cluster-ip")
    return _to_pod(book, world, address, port)


def _to_cluster_ip(book: Book, world: World, place: Place, service: Service, port: int) -> End:
    target = next((one.target for one in service.ports if one.port == port), None)
    if book.holds("unlisted-port", service, port) or target is None:
        return End("elsewhere", "", ("unlisted-port",), Aim(port, None, service))
    return _to_service(book, world, place, service, target)


def _to_service(book: Book, world: World, place: Place, service: Service, target: int) -> End:
    """Follow kube-proxy to an endpoint; with several that answer, nobody can say which one will."""
    pods = endpoints(book, world, service)
    if book.holds("no-endpoint", pods) or not pods:
        unready = next(iter(selected(book, world, service)), None)
        return End("refused", "", ("no-endpoint",), Aim(target, unready, service))
    ends = [_to_endpoint(book, world, place, pod, target) for pod in pods]
    one = first(ends)
    who = one.who if len({end.who for end in ends}) == 1 else ""
    return replace(one, who=who, aim=replace(one.aim, service=service))


def _to_endpoint(book: Book, world: World, place: Place, pod: Pod, target: int) -> End:
    end = in_pod(book, world, pod, pod.ip, target)
    if pod != place.pod:
        return end.after("ready-endpoints")
    return end.after("ready-endpoints", "hairpin") if book.holds("hairpin") else End("timeout")


def _to_pod(book: Book, world: World, address: str, port: int) -> End:
    pods = [one for one in world.pods if book.holds("pod-network", one, address)]
    if book.holds("nowhere", pods) or not pods:
        return End("elsewhere", "", ("nowhere",), Aim(port))
    return in_pod(book, world, pods[0], address, port).after("pod-network")
