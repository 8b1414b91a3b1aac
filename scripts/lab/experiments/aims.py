"""What a cell's address leads to: the Service and the Pod that are aimed at. Pure; it says nothing of what happens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.model.naming import is_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.world import Address, Pod, Service, Vantage, World


@dataclass(frozen=True)
class Aim:
    """Where a packet is meant to end: a Pod and a port in it, by way of a Service or not; ``ip`` is what is dialled.

    Without a Pod it is the node itself, this computer, or nowhere that the world knows.
    """

    port: int
    ip: str = ""
    pod: Pod | None = None
    service: Service | None = None


def aim(world: World, vantage: Vantage, address: Address, resolved: Sequence[str]) -> Aim:
    """Return what is aimed at; ``resolved`` are the addresses that the host led to when it was measured."""
    if address.how == "forward":
        return _forwarded(world, vantage, address)
    if address.how == "pod-proxy" or (vantage.kind == "kubelet" and not address.host):
        pod = world.pod(vantage.namespace, vantage.pod)
        return Aim(address.port, pod.ip, pod)
    dialled = [address.host] if is_address(address.host) else list(resolved)
    aims = [_dialled(world, vantage, address, one) for one in dialled]
    return next((one for one in aims if one.pod or one.service), aims[0] if aims else Aim(address.port))


def is_loopback(ip: str) -> bool:
    """Tell whether it is an address of whoever dials it."""
    return is_address(ip) and ipaddress.ip_address(ip.partition("%")[0]).is_loopback


def behind(world: World, service: Service) -> list[Pod]:
    """Return the Pods that a Service selects, the ready ones first."""
    own = [one for one in world.pods if one.namespace == service.namespace]
    chosen = [one for one in own if service.selector and set(service.selector) <= set(one.labels)]
    return sorted(chosen, key=lambda one: not one.ready)


def _dialled(world: World, vantage: Vantage, address: Address, ip: str) -> Aim:
    if is_loopback(ip):
        return Aim(address.port, ip, _around(world, vantage, address))
    for service in world.services:
        for one in service.ports:
            if ip == service.cluster_ip and one.port == address.port:
                return _of_service(world, service, one.target, ip)
            if ip == world.cluster.node_ip and one.node_port and one.node_port == address.port:
                return _of_service(world, service, one.target, ip)
    named = next((one for one in world.services if one.cluster_ip == ip), None)
    return Aim(address.port, ip, next((one for one in world.pods if one.ip == ip), None), named)


def _around(world: World, vantage: Vantage, address: Address) -> Pod | None:
    """Return the Pod whose loopback it is: kubelet's HTTP and TCP probes dial on the node."""
    inside = vantage.kind in {"container", "init"} or address.how == "exec-probe"
    return world.pod(vantage.namespace, vantage.pod) if inside else None


def _of_service(world: World, service: Service, target: int, ip: str) -> Aim:
    pods = behind(world, service)
    return Aim(target, ip, pods[0] if pods else None, service)


def _forwarded(world: World, vantage: Vantage, address: Address) -> Aim:
    kind, _, name = address.host.partition("/")
    if kind == "pod":
        return Aim(address.port, "", world.pod(vantage.namespace, name))
    service = world.service(vantage.namespace, name)
    target = next((one.target for one in service.ports if one.port == address.port), address.port)
    return _of_service(world, service, target, "")
