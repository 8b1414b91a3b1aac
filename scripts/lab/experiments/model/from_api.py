"""From the API's live objects to the model of the cluster; pure, so an edit with kubectl changes predictions.

Objects are JSON as ``kubectl get -o json`` prints them. A container listens where BIND and PORT say; the services' own
commands do so without them too.
"""

import ipaddress
from collections.abc import Iterator, Sequence

from lab.experiments.model.cluster import (
    Cluster,
    ClusterModel,
    Computer,
    Container,
    ContainerKind,
    HandEdit,
    HostAlias,
    Listener,
    Pod,
    Service,
    ServicePort,
)
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

_SERVERS = {"k8-chatroulette-back": 3000, "k8-chatroulette-front": 8080}
"""The images, whatever registry and tag, whose own command is a server, and its default port."""
HOSTS_LINE = "HOSTS_LINE"
"""The variable of a container that appends its value to /etc/hosts as it starts: a hand edit."""
_BIND = "0.0.0.0"  # noqa: S104 - the services' own default, which is described here and not bound
_KINDS: tuple[tuple[str, ContainerKind], ...] = (
    ("initContainers", "init"),
    ("containers", "app"),
    ("ephemeralContainers", "ephemeral"),
)


def cluster_model(  # noqa: PLR0913 - all that a model is read from
    pods: Sequence[Object],
    services: Sequence[Object],
    node: Object,
    dns: Object,
    computer: Computer,
    *,
    wildcards: tuple[tuple[str, str], ...] = (),
) -> ClusterModel:
    """Describe Pods and Services, the node that they run on, its DNS Service, and domains that answer every name."""
    status = node["status"]
    return ClusterModel(
        cluster=Cluster(
            runtime=status["nodeInfo"]["containerRuntimeVersion"],
            node=node["metadata"]["name"],
            node_ip=node_ip(node),
            dns_ip=dns["spec"]["clusterIP"],
            node_names=tuple(entry["address"] for entry in status["addresses"] if entry["type"] == "Hostname"),
            wildcards=wildcards,
        ),
        computer=computer,
        pods=tuple(pod(item) for item in pods),
        services=tuple(service(item, pods) for item in services),
    )


def node_ip(node: Object) -> str:
    """Return the node's InternalIP: what its Pods with ``hostNetwork`` have too."""
    return str(next(entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"))


def pod(item: Object) -> Pod:
    meta, spec, status = item["metadata"], item["spec"], item.get("status", {})
    dns = spec.get("dnsConfig") or {}
    return Pod(
        name=meta["name"],
        namespace=meta["namespace"],
        ip=status.get("podIP", ""),
        containers=tuple(_containers(item)),
        labels=_pairs(meta.get("labels")),
        hostname=spec.get("hostname", ""),
        subdomain=spec.get("subdomain", ""),
        host_aliases=tuple(
            HostAlias(alias["ip"], tuple(alias.get("hostnames") or ())) for alias in spec.get("hostAliases") or []
        ),
        host_network=bool(spec.get("hostNetwork")),
        dns_policy=spec.get("dnsPolicy", "ClusterFirst"),
        nameservers=tuple(dns.get("nameservers") or ()),
        searches=tuple(dns.get("searches") or ()),
        ready=pod_status.is_ready(item),
        hand_edits=tuple(_hand_edits(item)),
    )


def service(item: Object, pods: Sequence[Object]) -> Service:
    """Describe one Service; a target port that is a name is looked up in the Pods that it selects."""
    meta, spec = item["metadata"], item["spec"]
    selected = [pod for pod in pods if _selects(item, pod)]
    return Service(
        name=meta["name"],
        namespace=meta["namespace"],
        cluster_ip=spec.get("clusterIP", ""),
        selector=_pairs(spec.get("selector")),
        ports=tuple(
            ServicePort(port["port"], _target(port, selected), port.get("nodePort", 0))
            for port in spec.get("ports") or []
        ),
        publish_not_ready=bool(spec.get("publishNotReadyAddresses")),
    )


def is_routed(table: str, address: str) -> bool:
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


def _containers(item: Object) -> Iterator[Container]:
    """Describe all containers; the first app container is the app, those after it are sidecars."""
    first = item["spec"]["containers"][0]["name"]
    for specs, kind in _KINDS:
        for spec in item["spec"].get(specs) or []:
            status = pod_status.container_status(item, spec["name"])
            yield Container(
                name=spec["name"],
                kind="sidecar" if _is_sidecar(spec, kind, first) else kind,
                listeners=tuple(_listeners(spec, item)),
                started_at=pod_status.started_at(status),
                ended=pod_status.state(status) == "terminated",
            )


def _is_sidecar(container: Object, kind: ContainerKind, first: str) -> bool:
    """Tell a sidecar: an app container after the first, or an init container that goes on (restartPolicy Always)."""
    goes_on = kind == "init" and container.get("restartPolicy") == "Always"
    return goes_on or (kind == "app" and container["name"] != first)


def _listeners(container: Object, pod: Object) -> Iterator[Listener]:
    own_command = "command" not in container and "args" not in container
    default = next((port for image, port in _SERVERS.items() if image in container.get("image", "")), 0)
    env = _env(container, pod)
    if (own_command and default) or "PORT" in env:
        yield Listener(env.get("BIND") or _BIND, int(env.get("PORT") or default))


def _hand_edits(item: Object) -> Iterator[HandEdit]:
    for container in item["spec"]["containers"]:
        line = _env(container, item).get(HOSTS_LINE)
        started_at = pod_status.started_at(pod_status.container_status(item, container["name"]))
        if line and started_at:
            yield HandEdit(line, started_at)


def _env(container: Object, pod: Object) -> dict[str, str]:
    """Return a container's variables, the downward API's own looked up in the Pod."""
    fields = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "status.podIP": pod.get("status", {}).get("podIP", ""),
    }
    values: dict[str, str] = {}
    for entry in container.get("env") or []:
        path = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        values[entry["name"]] = fields.get(path, "") if path else entry.get("value", "")
    return values


def _target(port: Object, selected: Sequence[Object]) -> int:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    declared = (
        listed["containerPort"]
        for pod in selected
        for container in pod["spec"]["containers"]
        for listed in container.get("ports") or []
        if listed.get("name") == target
    )
    return next(declared, 0)


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    same = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return bool(selector) and same and selector.items() <= labels.items()


def _pairs(mapping: dict[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((mapping or {}).items()))
