"""From a name to addresses, as a program does it: the hosts file first, then DNS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.model.dns import LABEL_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.model.cluster import Pod, Service, World
    from lab.experiments.model.rule import Book, Place


@dataclass(frozen=True)
class Found:
    """The addresses that a name leads to, none where it does not resolve, and the rules that led there."""

    addresses: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a hosts file, and the rules that put it there."""

    address: str
    names: tuple[str, ...]
    rules: tuple[str, ...] = ()


def resolve(book: Book, world: World, place: Place, name: str, how: str) -> Found:
    """Find the addresses of a name; ``how`` is the address's own: ``nslookup`` passes the hosts file by."""
    if book.holds("literal", name):
        return Found((name,), ("literal",))
    if book.holds("files-first", how):
        lines = [line for line in hosts_file(book, world, place, name) if name in line.names]
        if lines:
            return Found(tuple(line.address for line in lines), lines[0].rules)
    return _dns(book, world, place, name)


def hosts_file(book: Book, world: World, place: Place, name: str) -> Iterator[Line]:
    """Yield what a hosts file says that may matter for a name."""
    if book.holds("hosts-localhost", name):
        for address in ("127.0.0.1", "::1"):
            yield Line(address, (name,), ("hosts-localhost",))
    if place.computer:
        return
    pod = place.pod
    if pod is not None and book.holds("pod-hosts-file", pod):
        yield _own_line(book, world, pod, name)
    else:
        yield Line(world.cluster.node_ip, (world.cluster.node, *world.cluster.node_names))
    if pod is not None:
        yield from _added_lines(book, pod, name)


def hostname(book: Book, pod: Pod) -> tuple[str, tuple[str, ...]]:
    """Return the hostname that kubelet gives a Pod, and the rules that shaped it."""
    rules: tuple[str, ...] = ()
    name = pod.name
    if book.holds("hostname-field", pod):
        name, rules = pod.hostname, ("hostname-field",)
    if book.holds("hostname-cut", name):
        name, rules = name[:LABEL_LENGTH].rstrip("-."), (*rules, "hostname-cut")
    return name, rules


def selected(book: Book, world: World, service: Service) -> tuple[Pod, ...]:
    """Return the Pods that a Service selects, ready or not."""
    return tuple(one for one in world.pods if book.holds("selector", service, one))


def endpoints(book: Book, world: World, service: Service) -> tuple[Pod, ...]:
    """Return the Pods behind a Service."""
    return tuple(one for one in selected(book, world, service) if book.holds("ready-endpoints", one, service))


def nameservers(book: Book, world: World, place: Place) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return whom a place asks, its search list, and the rules for both; the node's own server has no address here."""
    pod = place.pod
    if pod is None:
        return (), (), ()
    if book.holds("dns-host-network", pod):
        return pod.nameservers, pod.searches, ("dns-host-network",)
    if not book.holds("dns-cluster-first", pod.dns_policy):
        return pod.nameservers, pod.searches, ()
    domain = world.cluster.domain
    searches = (f"{pod.namespace}.svc.{domain}", f"svc.{domain}", domain)
    return (world.cluster.dns_ip, *pod.nameservers), (*searches, *pod.searches), ("dns-cluster-first",)


def _own_line(book: Book, world: World, pod: Pod, asked: str) -> Line:
    name, rules = hostname(book, pod)
    rules = ("pod-hosts-file", *rules)
    if not book.holds("subdomain-field", pod):
        return Line(pod.ip, (name,), rules)
    full = f"{name}.{pod.subdomain}.{pod.namespace}.svc.{world.cluster.domain}"
    return Line(pod.ip, (full, name), (*rules, "subdomain-field") if asked == full else rules)


def _added_lines(book: Book, pod: Pod, name: str) -> Iterator[Line]:
    for alias in pod.host_aliases:
        if book.holds("host-aliases", alias, name):
            yield Line(alias.ip, (name,), ("host-aliases",))
    for edit in pod.hand_edits:
        address, *names = edit.line.split("#")[0].split() or [""]
        if book.holds("hand-edit", edit, pod):
            yield Line(address, tuple(names), ("hand-edit",))


def _dns(book: Book, world: World, place: Place, name: str) -> Found:
    servers, searches, rules = nameservers(book, world, place)
    if book.holds("outside-cluster-dns", servers, world.cluster):
        return Found((), (*rules, "outside-cluster-dns"))
    asked = [f"{name}.{domain}" for domain in searches] if book.holds("search-list", name) else []
    found = next(filter(None, (_record(book, world, one) for one in [*asked, name.rstrip(".")])), None)
    if book.holds("unknown-name", found) or not found:
        return Found((), (*rules, "unknown-name"))
    return Found(found.addresses, (*rules, *found.rules))


def _record(book: Book, world: World, name: str) -> Found | None:
    """Return what the cluster's DNS server has under a full name."""
    if book.holds("dns-pod-ip", name, world.cluster):
        return Found((name.split(".", 1)[0].replace("-", "."),), ("dns-pod-ip",))
    labels = name.removesuffix(f".svc.{world.cluster.domain}").split(".")
    if not name.endswith(f".svc.{world.cluster.domain}") or len(labels) not in {2, 3}:
        return None
    for service in world.services:
        if [service.name, service.namespace] == labels[-2:]:
            return _of_pod(book, world, service, labels[0]) if labels[2:] else _of_service(book, world, service)
    return None


def _of_service(book: Book, world: World, service: Service) -> Found | None:
    if book.holds("dns-service", service):
        return Found((service.cluster_ip,), ("dns-service",))
    found = tuple(one.ip for one in endpoints(book, world, service))
    return Found(found, ("selector", "ready-endpoints")) if found else None


def _of_pod(book: Book, world: World, service: Service, label: str) -> Found | None:
    pods = endpoints(book, world, service)
    found = tuple(one.ip for one in pods if book.holds("dns-hostname", one, service, label))
    return Found(found, ("ready-endpoints", "dns-hostname")) if found else None
