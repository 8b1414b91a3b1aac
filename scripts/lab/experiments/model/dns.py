"""From a name to addresses, as a program does it: the hosts file first, then DNS."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lab.experiments.model.cluster import Cluster, ClusterModel, HandEdit, Pod, Service
from lab.experiments.model.rule_set import Caller, Rules

LABEL_LENGTH = 63
"""The longest hostname that kubelet gives, in characters; RFC 1035's longest label."""


NDOTS = 5
"""A name with as many dots is tried as it is before the search list: kubelet's ``options ndots:5`` for Pods."""


def is_address(host: str) -> bool:
    """Tell an IP address from a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _edit_lasts(edit: HandEdit, pod: Pod) -> bool:
    """RFC 3339 in UTC and whole seconds compares as text."""
    return not any(container.started_at > edit.at for container in pod.containers)


def _is_pod_record(host: str, cluster: Cluster) -> bool:
    labels = host.split(".", 2)
    return is_address(labels[0].replace("-", ".")) and labels[2:] == [f"pod.{cluster.domain}"]


def _names_pod(pod: Pod, service: Service, hostname: str) -> bool:
    return bool(pod.hostname) and pod.hostname == hostname and pod.subdomain == service.name


def _selects(service: Service, pod: Pod) -> bool:
    same = service.namespace == pod.namespace
    return same and bool(service.selector) and set(service.selector) <= set(pod.labels)


RULES: Mapping[str, Callable[..., bool]] = {
    "literal": is_address,
    "files-first": lambda how: how != "nslookup",
    "hosts-localhost": lambda name: name == "localhost",
    "pod-hosts-file": lambda pod: not pod.host_network,
    "hostname-field": lambda pod: bool(pod.hostname),
    "hostname-cut": lambda hostname: len(hostname) > LABEL_LENGTH,
    "subdomain-field": lambda pod: bool(pod.subdomain),
    "host-aliases": lambda alias, name: name in alias.names,
    "hand-edit": _edit_lasts,
    "dns-host-network": lambda pod: pod.host_network and pod.dns_policy == "ClusterFirst",
    "dns-cluster-first": lambda policy: policy in {"ClusterFirst", "ClusterFirstWithHostNet"},
    "outside-cluster-dns": lambda nameservers, cluster: cluster.dns_ip not in nameservers,
    "search-list": lambda name: not name.endswith("."),
    "dns-service": lambda service: service.cluster_ip != "None",
    "dns-hostname": _names_pod,
    "dns-pod-ip": _is_pod_record,
    "unknown-name": lambda resolution: not resolution,
}
SERVICE_RULES: Mapping[str, Callable[..., bool]] = {
    "selector": _selects,
    "ready-endpoints": lambda pod, service: pod.ready or service.publish_not_ready,
}
"""Whom a Service stands for: DNS and kube-proxy both go by these."""


@dataclass(frozen=True)
class Resolution:
    """The addresses that a name leads to, none where it does not resolve, and the rules that led there."""

    addresses: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostsLine:
    """A line of a hosts file, and the rules that put it there."""

    address: str
    names: tuple[str, ...]
    rules: tuple[str, ...] = ()


def resolve(caller: Caller, name: str, how: str) -> Resolution:
    """Find the addresses of a name; ``how`` is the address's own: ``nslookup`` does not read the hosts file."""
    if caller.rules.holds("literal", name):
        return Resolution((name,), ("literal",))
    if caller.rules.holds("files-first", how):
        lines = [line for line in _hosts_file(caller, name) if name in line.names]
        if lines:
            return Resolution(tuple(line.address for line in lines), lines[0].rules)
    return _from_dns(caller, name)


def hostname(rules: Rules, pod: Pod) -> tuple[str, tuple[str, ...]]:
    """Return the hostname that kubelet gives a Pod, and the rules that shaped it."""
    name, shaped = (pod.hostname, ("hostname-field",)) if rules.holds("hostname-field", pod) else (pod.name, ())
    if rules.holds("hostname-cut", name):
        return name[:LABEL_LENGTH].rstrip("-."), (*shaped, "hostname-cut")
    return name, shaped


def selected(rules: Rules, model: ClusterModel, service: Service) -> tuple[Pod, ...]:
    """Return the Pods that a Service selects, ready or not."""
    return tuple(pod for pod in model.pods if rules.holds("selector", service, pod))


def endpoints(rules: Rules, model: ClusterModel, service: Service) -> tuple[Pod, ...]:
    return tuple(pod for pod in selected(rules, model, service) if rules.holds("ready-endpoints", pod, service))


def _hosts_file(caller: Caller, name: str) -> Iterator[HostsLine]:
    """Yield what the caller's hosts file says that may matter for a name."""
    rules, pod, cluster = caller.rules, caller.place.pod, caller.model.cluster
    if rules.holds("hosts-localhost", name):
        for address in ("127.0.0.1", "::1"):
            yield HostsLine(address, (name,), ("hosts-localhost",))
    if caller.place.computer:
        return
    if pod is not None and rules.holds("pod-hosts-file", pod):
        yield _own_line(caller, pod, name)
    else:
        yield HostsLine(cluster.node_ip, (cluster.node, *cluster.node_names))
    if pod is not None:
        yield from _added_lines(rules, pod, name)


def _own_line(caller: Caller, pod: Pod, wanted: str) -> HostsLine:
    name, shaped = hostname(caller.rules, pod)
    shaped = ("pod-hosts-file", *shaped)
    if not caller.rules.holds("subdomain-field", pod):
        return HostsLine(pod.ip, (name,), shaped)
    full = f"{name}.{pod.subdomain}.{pod.namespace}.svc.{caller.model.cluster.domain}"
    return HostsLine(pod.ip, (full, name), (*shaped, "subdomain-field") if wanted == full else shaped)


def _added_lines(rules: Rules, pod: Pod, name: str) -> Iterator[HostsLine]:
    for alias in pod.host_aliases:
        if rules.holds("host-aliases", alias, name):
            yield HostsLine(alias.ip, (name,), ("host-aliases",))
    for edit in pod.hand_edits:
        address, *names = edit.line.split("#")[0].split() or [""]
        if rules.holds("hand-edit", edit, pod):
            yield HostsLine(address, tuple(names), ("hand-edit",))


def _nameservers(caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return whom a caller asks, its search list, and the rules for both; the node's own server has no address here."""
    rules, pod, cluster = caller.rules, caller.place.pod, caller.model.cluster
    if pod is None:
        return (), (), ()
    if rules.holds("dns-host-network", pod):
        return pod.nameservers, pod.searches, ("dns-host-network",)
    if not rules.holds("dns-cluster-first", pod.dns_policy):
        return pod.nameservers, pod.searches, ()
    searches = (f"{pod.namespace}.svc.{cluster.domain}", f"svc.{cluster.domain}", cluster.domain, *_inherited(cluster))
    return (cluster.dns_ip, *pod.nameservers), (*searches, *pod.searches), ("dns-cluster-first",)


def _inherited(cluster: Cluster) -> tuple[str, ...]:
    """Return the node's search domains that matter, which kubelet gives Pods after the cluster's own."""
    return tuple(domain for domain, _ in cluster.wildcards)


def _from_dns(caller: Caller, name: str) -> Resolution:
    servers, searches, chosen = _nameservers(caller)
    if caller.rules.holds("outside-cluster-dns", servers, caller.model.cluster):
        return _from_other_dns(caller, (*chosen, "outside-cluster-dns"))
    longer = [f"{name}.{domain}" for domain in searches] if caller.rules.holds("search-list", name) else []
    full = [name.rstrip(".")]
    candidates = [*full, *longer] if name.count(".") >= NDOTS else [*longer, *full]
    answers = (_record(caller.rules, caller.model, candidate) for candidate in candidates)
    record = next(filter(None, answers), None)
    if caller.rules.holds("unknown-name", record) or not record:
        return Resolution((), (*chosen, "unknown-name"))
    return Resolution(record.addresses, (*chosen, *record.rules))


def _from_other_dns(caller: Caller, rules: tuple[str, ...]) -> Resolution:
    """Resolve a name by the node's own DNS, or this computer's: it knows none of the cluster's."""
    pod = caller.place.pod
    if caller.model.cluster.wildcards and (pod is None or pod.dns_policy != "None"):
        return Resolution((caller.model.cluster.wildcards[0][1],), (*rules, "search-list"))
    return Resolution((), rules)


def _record(rules: Rules, model: ClusterModel, name: str) -> Resolution | None:
    """Return what the cluster's DNS server has under a full name."""
    if rules.holds("dns-pod-ip", name, model.cluster):
        return Resolution((name.split(".", 1)[0].replace("-", "."),), ("dns-pod-ip",))
    for domain, address in model.cluster.wildcards:
        if name.endswith(f".{domain}"):
            return Resolution((address,), ("search-list",))
    suffix = f".svc.{model.cluster.domain}"
    labels = name.removesuffix(suffix).split(".")
    if not name.endswith(suffix) or len(labels) not in {2, 3}:
        return None
    *host, service_name, namespace = labels
    service = model.find_service(namespace, service_name)
    if not service:
        return None
    return _pod_of_service(rules, model, service, host[0]) if host else _whole_service(rules, model, service)


def _whole_service(rules: Rules, model: ClusterModel, service: Service) -> Resolution | None:
    if rules.holds("dns-service", service):
        return Resolution((service.cluster_ip,), ("dns-service",))
    addresses = tuple(pod.ip for pod in endpoints(rules, model, service))
    return Resolution(addresses, ("selector", "ready-endpoints")) if addresses else None


def _pod_of_service(rules: Rules, model: ClusterModel, service: Service, label: str) -> Resolution | None:
    pods = endpoints(rules, model, service)
    addresses = tuple(pod.ip for pod in pods if rules.holds("dns-hostname", pod, service, label))
    return Resolution(addresses, ("ready-endpoints", "dns-hostname")) if addresses else None
