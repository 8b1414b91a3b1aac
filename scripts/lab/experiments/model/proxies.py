"""Those who dial for somebody else: port-forward, the API server's proxy, kubelet's probes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from lab.experiments.model.cluster import Address, Cluster, ClusterModel, Place, Pod, VantagePoint
from lab.experiments.model.dns import selected
from lab.experiments.model.routing import Route, Target, call, first, in_pod
from lab.experiments.model.rule_set import Caller, Rules

FALLS_BACK = (2, 5)
"""The first containerd that may dial the Pod IP too, https://github.com/containerd/containerd/pull/14074."""


def _falls_back(cluster: Cluster) -> bool:
    version = re.match(r"containerd://v?(\d+)\.(\d+)", cluster.runtime)
    return version is not None and (int(version[1]), int(version[2])) >= FALLS_BACK


RULES: Mapping[str, Callable[..., bool]] = {
    "forward-localhost": lambda: True,
    "forward-falls-back": _falls_back,
    "forward-unready": lambda: True,
    "proxy-dials-pod-ip": lambda: True,
    "probe-from-node": lambda: True,
    "probe-pod-ip": lambda host: not host,
    "probe-exec-inside": lambda: True,
}


def probe(rules: Rules, model: ClusterModel, vantage: VantagePoint, address: Address) -> Route:
    """Probe like kubelet, which only learns whether it passed: nobody is named."""
    pod = model.pod(vantage.namespace, vantage.pod)
    inside = address.how == "exec-probe"
    rule = "probe-exec-inside" if inside else "probe-from-node"
    place = Place(pod) if rules.holds(rule) == inside else Place()
    applied: tuple[str, ...] = (rule,)
    dialled = replace(address, how="connect")
    if not inside and rules.holds("probe-pod-ip", address.host):
        dialled, applied = replace(dialled, host=pod.ip), (rule, "probe-pod-ip")
    return replace(call(Caller(rules, model, place), dialled), who="").after(*applied)


def pod_proxy(rules: Rules, model: ClusterModel, vantage: VantagePoint, address: Address) -> Route:
    pod = model.pod(vantage.namespace, vantage.pod)
    target = pod.ip if rules.holds("proxy-dials-pod-ip") else "127.0.0.1"
    return in_pod(rules, model, pod, target, address.port).after("proxy-dials-pod-ip")


def port_forward(rules: Rules, model: ClusterModel, vantage: VantagePoint, address: Address) -> Route:
    """Follow ``kubectl port-forward pod/name``, or ``service/name``: a ready Pod first, and the Service's own port."""
    kind, _, name = address.host.partition("/")
    if kind == "pod":
        return _into_pod(rules, model, model.pod(vantage.namespace, name), address.port)
    service = model.find_service(vantage.namespace, name)
    pods = selected(rules, model, service) if service else ()
    if not service or not pods:
        return Route("not-applicable", "", ("selector",), Target(address.port, None, service))
    pod = min(pods, key=lambda candidate: not candidate.ready)
    port = next((listed.target for listed in service.ports if listed.port == address.port), address.port)
    route = _into_pod(rules, model, pod, port).after("selector")
    return replace(route, target=replace(route.target, service=service))


def _into_pod(rules: Rules, model: ClusterModel, pod: Pod, port: int) -> Route:
    if not (pod.ready or rules.holds("forward-unready")):
        return Route("refused")
    addresses = ["127.0.0.1", "::1"] if rules.holds("forward-localhost") else [pod.ip]
    if rules.holds("forward-falls-back", model.cluster):
        addresses = [*addresses, pod.ip]
    applied = ("forward-localhost",) if pod.ready else ("forward-unready", "forward-localhost")
    return first(in_pod(rules, model, pod, address, port) for address in addresses).after(*applied)
