"""From an address and a port to who answers: loopback, Services, Pods, and the sockets that listen there."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lab.experiments.model import dns
from lab.experiments.model.cluster import Address, ClusterModel, Listener, Place, Pod, Service, VantagePoint
from lab.experiments.model.dns import endpoints, is_address, selected
from lab.experiments.model.rule_set import Caller, Rules
from lab.experiments.results import Outcome

_PROGRAM = {"connect", "getent", "nslookup"}
_METHODS_BY_VANTAGE = {
    "container": _PROGRAM,
    "init": _PROGRAM,
    "node": _PROGRAM,
    "computer": _PROGRAM,
    "port-forward": {"forward"},
    "service-forward": {"forward"},
    "pod-proxy": {"pod-proxy"},
    "kubelet": {"http-probe", "tcp-probe", "exec-probe"},
}
_BINDS = ("bind-any-v4", "bind-any-dual", "bind-one")


def applies(vantage: VantagePoint, how: str) -> bool:
    """Tell whether this can be tried from there at all."""
    return how in _METHODS_BY_VANTAGE[vantage.kind]


def resolves_names(vantage: VantagePoint) -> bool:
    """Tell whether the probe program runs there, which resolves names itself; elsewhere somebody dials for it."""
    return applies(vantage, "getent")


def _is_loopback(address: str) -> bool:
    return is_address(address) and ipaddress.ip_address(address).is_loopback


def _is_outside(place: Place, address: str, model: ClusterModel) -> bool:
    return place.computer and not (address == model.cluster.node_ip and model.computer.reaches_node)


def _takes_any_v4(listener: Listener, address: str) -> bool:
    return listener.bind == "0.0.0.0" and ":" not in address  # noqa: S104 - compared, nothing is bound


RULES: Mapping[str, Callable[..., bool]] = {
    "not-applicable": lambda vantage, how: not applies(vantage, how),
    "init-before-app": lambda vantage: vantage.kind == "init",
    "own-loopback": _is_loopback,
    "outside-cluster": _is_outside,
    "node-port": lambda service_port, port: service_port.node_port == port,
    "cluster-ip": lambda service, address: service.cluster_ip == address,
    "unlisted-port": lambda service, port: all(listed.port != port for listed in service.ports),
    **dns.SERVICE_RULES,
    "no-endpoint": lambda pods: not pods,
    "hairpin": lambda: True,
    "pod-network": lambda pod, address: pod.ip == address,
    "nowhere": lambda pods: not pods,
    "bind-any-v4": _takes_any_v4,
    "bind-any-dual": lambda listener, _address: listener.bind == "::",
    "bind-one": lambda listener, address: listener.bind == address,
    "nobody-listens": lambda accepting: not accepting,
}


@dataclass(frozen=True)
class Target:
    """Whom a call is for, whether or not it arrives: a Pod and a port in it, by way of a Service or not.

    ``address`` was dialled. The Pod is the one that takes the call; else one whose network namespace the address is in,
    None where that is the node's and no Pod listens there on this port, or nobody's.
    """

    port: int = 0
    pod: Pod | None = None
    service: Service | None = None
    address: str = ""


@dataclass(frozen=True)
class Route:
    """How a call ends, who answers, the rules that led there, and whom it was for."""

    outcome: Outcome
    who: str = ""
    rules: tuple[str, ...] = ()
    target: Target = Target()

    def after(self, *rules: str) -> "Route":
        """Return this route as it is reached through further rules, which come first."""
        return replace(self, rules=(*rules, *self.rules))


def call(caller: Caller, address: Address) -> Route:
    """Resolve and dial like a program."""
    resolution = dns.resolve(caller, address.host, address.how)
    if not resolution.addresses:
        return Route("no-name", "", resolution.rules)
    route = first(dial(caller, ip, address.port) for ip in resolution.addresses)
    if address.how == "connect":
        return route.after(*resolution.rules)
    who = resolution.addresses[0] if len(resolution.addresses) == 1 else ""
    return Route("resolves", who, resolution.rules, route.target)


def first(routes: Iterable[Route]) -> Route:
    """Return the first route that answers; else the last, like a program that tries all addresses of a name.

    If none answers, the call was for the first.
    """
    tried: list[Route] = []
    for route in routes:
        tried.append(route)
        if route.outcome == "answers":
            return route
    return replace(tried[-1], target=tried[0].target) if tried else Route("refused")


def dial(caller: Caller, address: str, port: int) -> Route:
    """Dial an IP address and port."""
    route = _dial(caller, address, port)
    return replace(route, target=replace(route.target, address=address))


def in_pod(rules: Rules, model: ClusterModel, pod: Pod, address: str, port: int) -> Route:
    """Call an address in a Pod's network namespace, which is the Pod's alone, or the node's."""
    route = _listening(rules, _sharing(model, pod), address, port)
    return replace(route, target=replace(route.target, pod=pod))


def _sharing(model: ClusterModel, pod: Pod | None) -> Sequence[Pod]:
    """Return the Pods in the network namespace of a Pod, or of the node."""
    return [pod] if pod and not pod.host_network else [other for other in model.pods if other.host_network]


def _listening(rules: Rules, pods: Sequence[Pod], address: str, port: int) -> Route:
    """Tell who in the network namespace of these Pods takes a call."""
    accepting = [
        (pod, rule)
        for pod in pods
        for container in pod.containers
        for listener in container.listeners
        for rule in _BINDS
        if not container.ended and listener.port == port and rules.holds(rule, listener, address)
    ]
    target = Target(port, _listening_or_first(pods, port), None, address)
    if rules.holds("nobody-listens", accepting) or not accepting:
        return Route("refused", "", ("nobody-listens",), target)
    pod, rule = accepting[0]
    return Route("answers", pod.name, (rule,), replace(target, pod=pod))


def _listening_or_first(pods: Sequence[Pod], port: int) -> Pod | None:
    """Choose among the Pods of a network namespace: who listens on that port; a Pod alone is it."""
    on_port = (
        pod for pod in pods if any(listener.port == port for part in pod.containers for listener in part.listeners)
    )
    return next(on_port, None) or next((pod for pod in pods if not pod.host_network), None)


def _dial(caller: Caller, address: str, port: int) -> Route:
    service = _node_port_service(caller, address, port)
    if not service and caller.rules.holds("own-loopback", address):
        return _own_loopback(caller, address, port).after("own-loopback")
    inside = _to_node_port(caller, service, port) if service else _inside(caller, address, port)
    if caller.rules.holds("outside-cluster", caller.place, address, caller.model):
        return Route("elsewhere", "", ("outside-cluster",), inside.target)
    return inside


def _own_loopback(caller: Caller, address: str, port: int) -> Route:
    if caller.place.computer:
        return Route("elsewhere", target=Target(port))
    return _listening(caller.rules, _sharing(caller.model, caller.place.pod), address, port)


def _node_port_service(caller: Caller, address: str, port: int) -> Service | None:
    """Find the Service of a NodePort; on the node itself its loopback is one of the node's addresses."""
    if address != caller.model.cluster.node_ip and not (caller.place.on_node and address == "127.0.0.1"):
        return None
    services = caller.model.services
    return next((item for item in services if any(caller.rules.holds("node-port", p, port) for p in item.ports)), None)


def _to_node_port(caller: Caller, service: Service, port: int) -> Route:
    target = next(listed.target for listed in service.ports if caller.rules.holds("node-port", listed, port))
    return _to_service(caller, service, target).after("node-port")


def _inside(caller: Caller, address: str, port: int) -> Route:
    """Follow the cluster's own network."""
    rules, model = caller.rules, caller.model
    if address == model.cluster.node_ip:
        return _listening(rules, _sharing(model, None), address, port)
    if service := next((item for item in model.services if rules.holds("cluster-ip", item, address)), None):
        return _to_cluster_ip(caller, service, port).after("cluster-ip")
    pods = [pod for pod in model.pods if rules.holds("pod-network", pod, address)]
    if rules.holds("nowhere", pods) or not pods:
        return Route("elsewhere", "", ("nowhere",), Target(port))
    return in_pod(rules, model, pods[0], address, port).after("pod-network")


def _to_cluster_ip(caller: Caller, service: Service, port: int) -> Route:
    target = next((listed.target for listed in service.ports if listed.port == port), None)
    if caller.rules.holds("unlisted-port", service, port) or target is None:
        return Route("elsewhere", "", ("unlisted-port",), Target(port, None, service))
    return _to_service(caller, service, target)


def _to_service(caller: Caller, service: Service, port: int) -> Route:
    """Follow kube-proxy to an endpoint; with several that answer, nobody can say which one will."""
    pods = endpoints(caller.rules, caller.model, service)
    if caller.rules.holds("no-endpoint", pods) or not pods:
        unready = next(iter(selected(caller.rules, caller.model, service)), None)
        return Route("refused", "", ("no-endpoint",), Target(port, unready, service))
    routes = [_to_endpoint(caller, pod, port) for pod in pods]
    route = first(routes)
    who = route.who if len({each.who for each in routes}) == 1 else ""
    return replace(route, who=who, target=replace(route.target, service=service))


def _to_endpoint(caller: Caller, pod: Pod, port: int) -> Route:
    route = in_pod(caller.rules, caller.model, pod, pod.ip, port)
    if pod != caller.place.pod:
        return route.after("ready-endpoints")
    return route.after("ready-endpoints", "hairpin") if caller.rules.holds("hairpin") else Route("timeout")
