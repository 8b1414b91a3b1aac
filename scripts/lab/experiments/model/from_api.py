"""From the API's live objects to the World that the model is told; pure, so an edit with kubectl changes predictions.

Objects are JSON as ``kubectl get -o json`` prints them. A container listens where BIND and PORT say; the backend's own
command does so without them too.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.model.cluster import (
    Cluster,
    Computer,
    Container,
    HandEdit,
    HostAlias,
    Listener,
    Pod,
    Service,
    ServicePort,
    World,
)
from lab.kubernetes import pod_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.experiments.model.cluster import ContainerKind
    from lab.kubernetes.objects import Object


SERVERS = {"k8-chatroulette-back": 3000, "k8-chatroulette-front": 8080}
"""The images, whatever registry and tag, whose own command is a server, and the port of each."""
HOSTS_LINE = "HOSTS_LINE"
"""The variable of a container that appends its value to /etc/hosts as it starts: a hand edit."""
_BIND = "0.0.0.0"  # noqa: S104 - the servers' own default, which is described here and not bound
_KINDS: Mapping[str, ContainerKind] = {
    "initContainers": "init",
    "containers": "app",
    "ephemeralContainers": "ephemeral",
}


@dataclass(frozen=True)
class Live:
    """What was read of the API: objects of the experiment's namespaces, the node, and its DNS Service."""

    pods: Sequence[Object]
    services: Sequence[Object]
    node: Object
    dns: Object


def world(live: Live, computer: Computer) -> World:
    """Describe everything that the model may look at."""
    node = live.node["status"]
    names = tuple(one["address"] for one in node["addresses"] if one["type"] == "Hostname")
    return World(
        cluster=Cluster(
            runtime=node["nodeInfo"]["containerRuntimeVersion"],
            node=live.node["metadata"]["name"],
            node_ip=node_ip(live.node),
            dns_ip=live.dns["spec"]["clusterIP"],
            node_names=names,
        ),
        computer=computer,
        pods=tuple(pod(one) for one in live.pods),
        services=tuple(service(one, live.pods) for one in live.services),
    )


def node_ip(node: Object) -> str:
    """Return the node's InternalIP: what its Pods with ``hostNetwork`` have too."""
    found: str = next(one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
    return found


def pod(found: Object) -> Pod:
    """Describe one Pod."""
    meta, spec, status = found["metadata"], found["spec"], found.get("status", {})
    dns = spec.get("dnsConfig") or {}
    return Pod(
        name=meta["name"],
        namespace=meta["namespace"],
        ip=status.get("podIP", ""),
        containers=tuple(_containers(found)),
        labels=_pairs(meta.get("labels")),
        hostname=spec.get("hostname", ""),
        subdomain=spec.get("subdomain", ""),
        host_aliases=tuple(
            HostAlias(one["ip"], tuple(one.get("hostnames") or ())) for one in spec.get("hostAliases") or []
        ),
        host_network=bool(spec.get("hostNetwork")),
        dns_policy=spec.get("dnsPolicy", "ClusterFirst"),
        nameservers=tuple(dns.get("nameservers") or ()),
        searches=tuple(dns.get("searches") or ()),
        ready=pod_status.is_ready(found),
        hand_edits=tuple(_hand_edits(found)),
    )


def service(found: Object, pods: Sequence[Object]) -> Service:
    """Describe one Service; a target port that is a name is looked up in the Pods that it selects."""
    meta, spec = found["metadata"], found["spec"]
    chosen = [one for one in pods if _selects(found, one)]
    return Service(
        name=meta["name"],
        namespace=meta["namespace"],
        cluster_ip=spec.get("clusterIP", ""),
        selector=_pairs(spec.get("selector")),
        ports=tuple(
            ServicePort(one["port"], _target(one, chosen), one.get("nodePort", 0)) for one in spec.get("ports") or []
        ),
        publish_not_ready=bool(spec.get("publishNotReadyAddresses")),
    )


def routed(table: str, address: str) -> bool:
    """Tell whether the kernel has a route of its own to an IPv4 address, by the text of ``/proc/net/route``.

    Where the default route is all there is, a packet for a node's address leaves for the Internet. Addresses there are
    hexadecimal, in the machine's byte order, which is little-endian wherever the lab runs.
    """
    wanted = int(ipaddress.IPv4Address(address))
    for line in table.splitlines()[1:]:
        fields = line.split()
        target, mask = (int.from_bytes(bytes.fromhex(fields[column])[::-1]) for column in (1, 7))
        if mask and wanted & mask == target:
            return True
    return False


def _containers(found: Object) -> Iterator[Container]:
    """Describe all containers; the first app container is the app, those after it are sidecars."""
    first = found["spec"]["containers"][0]["name"]
    for key, kind in _KINDS.items():
        for container in found["spec"].get(key) or []:
            name, status = container["name"], pod_status.container_status(found, container["name"])
            sidecar = _is_beside(container, kind, first)
            listeners, has_ended = tuple(_listeners(container, found)), pod_status.state(status) == "terminated"
            yield Container(name, "sidecar" if sidecar else kind, listeners, pod_status.started_at(status), has_ended)


def _is_beside(container: Object, kind: ContainerKind, first: str) -> bool:
    """Tell a sidecar: an app container after the first, or an init container that goes on (restartPolicy Always)."""
    goes_on = kind == "init" and container.get("restartPolicy") == "Always"
    return goes_on or (kind == "app" and container["name"] != first)


def _listeners(container: Object, found: Object) -> Iterator[Listener]:
    runs_own = "command" not in container and "args" not in container
    image = container.get("image", "") if runs_own else ""
    env = _env(container, found)
    port = env.get("PORT") or next((port for server, port in SERVERS.items() if server in image), 0)
    if port:
        yield Listener(env.get("BIND") or _BIND, int(port))


def _hand_edits(found: Object) -> Iterator[HandEdit]:
    started = {one.name: one.started_at for one in _containers(found)}
    for one in found["spec"]["containers"]:
        line = _env(one, found).get(HOSTS_LINE)
        if line and started[one["name"]]:
            yield HandEdit(line, started[one["name"]])


def _env(container: Object, found: Object) -> dict[str, str]:
    """Return a container's variables, the downward API's own looked up in the Pod."""
    fields = {
        "metadata.name": found["metadata"]["name"],
        "metadata.namespace": found["metadata"]["namespace"],
        "status.podIP": found.get("status", {}).get("podIP", ""),
    }
    known: dict[str, str] = {}
    for one in container.get("env") or []:
        path = one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        known[one["name"]] = fields.get(path, "") if path else one.get("value", "")
    return known


def _target(port: Object, chosen: Sequence[Object]) -> int:
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    named = (
        declared["containerPort"]
        for one in chosen
        for container in one["spec"]["containers"]
        for declared in container.get("ports") or []
        if declared.get("name") == wanted
    )
    return next(named, 0)


def _selects(found: Object, one: Object) -> bool:
    wanted = found["spec"].get("selector") or {}
    labels = one["metadata"].get("labels") or {}
    same = found["metadata"]["namespace"] == one["metadata"]["namespace"]
    return bool(wanted) and same and wanted.items() <= labels.items()


def _pairs(found: dict[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((found or {}).items()))
