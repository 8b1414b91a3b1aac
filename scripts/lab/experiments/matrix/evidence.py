"""The evidence for a cell: which exhibits show why it ends as it does, in the order of the packet's path."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.experiments.matrix import exhibits
from lab.experiments.matrix.exhibits import Location
from lab.experiments.matrix.measure import Measured
from lab.experiments.model.cluster import Address, ClusterModel, Pod, Service, VantagePoint
from lab.experiments.model.dns import is_address
from lab.experiments.model.predict import RULES, target
from lab.experiments.model.routing import Target, resolves_names
from lab.experiments.results import Exhibit, Measurement, Prediction


def evidence(
    model: ClusterModel, vantage: VantagePoint, address: Address, prediction: Prediction, measured: Measured
) -> tuple[Exhibit, ...]:
    """Return a cell's evidence: how the name was read, whose network it is, whom it leads to, and who listens there.

    All of it was seen in the measurement; the fields are those that the prediction's rules go by.
    """
    measurement = measured.results.get((vantage.id, address.id), Measurement("unmeasured"))
    if measurement.outcome in {"unmeasured", "not-applicable"}:
        return ()
    call = target(model, vantage, address, measurement.resolved)
    cell = _Measured(model, vantage, address, measurement, call, exhibits.of_vantage(model, vantage, measured))
    shown = [*_dialler(cell), *_name(cell)]
    if address.how not in {"getent", "nslookup"} and measurement.outcome != "no-name":
        shown += [*_network(cell, measured), *_endpoints(cell, measured)]
    return tuple(dict.fromkeys([*shown, *_fields(cell, prediction.rules), *_container_name(cell)]))


@dataclass(frozen=True)
class _Measured:
    model: ClusterModel
    vantage: VantagePoint
    address: Address
    measurement: Measurement
    call: Target
    origin: Location


def _dialler(cell: _Measured) -> Iterator[Exhibit]:
    """Yield the words of whoever dials for somebody else, and of what answers elsewhere."""
    vantage, address, node = cell.vantage, cell.address, cell.model.cluster.node
    outcome, detail = cell.measurement.outcome, cell.measurement.detail
    if vantage.kind == "kubelet" and outcome == "answers":
        yield exhibits.quote("status", f"kubelet on {node}", detail, _raw(f"nodes/{node}/proxy/metrics/probes"))
    elif vantage.kind == "kubelet":
        events = f"--field-selector involvedObject.name={vantage.pod},reason=Unhealthy"
        command = f"kubectl get events -n {vantage.namespace} {events}"
        yield exhibits.quote("event", f"pod {vantage.namespace}/{vantage.pod}", detail, command)
    elif vantage.kind == "pod-proxy":
        path = f"namespaces/{vantage.namespace}/pods/{vantage.pod}:{address.port}/proxy/whoami"
        yield exhibits.quote("command", "API server", detail, _raw(path))
    elif address.how == "forward":
        command = f"kubectl port-forward -n {vantage.namespace} {address.host} :{address.port}"
        yield exhibits.quote("command", "kubectl port-forward", detail, command)
    elif outcome == "elsewhere":
        command = cell.origin.command(f"curl -i {address.url}/whoami")
        yield exhibits.quote("command", cell.origin.name, detail, command)


def _raw(path: str) -> str:
    return f"kubectl get --raw /api/v1/{path}"


def _name(cell: _Measured) -> Iterator[Exhibit]:
    """Yield how a name was read: the hosts file's line, and where that has none, or is not read, what DNS answered."""
    host, origin = cell.address.host, cell.origin
    if not resolves_names(cell.vantage) or is_address(host):
        return
    if line := exhibits.hosts(origin, host):
        yield line
    if cell.address.how == "nslookup" or not origin.hosts_lines(host):
        if resolver := exhibits.resolver(origin):
            yield resolver
        yield exhibits.dns(origin, cell.address, cell.measurement)


def _network(cell: _Measured, measured: Measured) -> Iterator[Exhibit]:
    """Yield the network namespaces on both sides, and who listens at the far one."""
    pod = cell.call.pod
    own = pod is None or (cell.vantage.kind == "init" and pod.name == cell.vantage.pod)
    far = cell.origin if own or pod is None else exhibits.of_pod(pod, measured)
    if far is None or not far.surroundings.netns:
        return
    if resolves_names(cell.vantage):
        yield from exhibits.netns(cell.origin, far)
    if pod or RULES.holds("own-loopback", cell.call.address):
        yield exhibits.socket(far, cell.call.port)


def _endpoints(cell: _Measured, measured: Measured) -> Iterator[Exhibit]:
    if service := cell.call.service:
        yield exhibits.endpoints(service, measured.endpoints.get((service.namespace, service.name), ()))


_POD_FIELDS: Mapping[str, tuple[str, Callable[[Pod], str]]] = {
    "pod-hosts-file": ("metadata.name", lambda pod: pod.name),
    "hostname-field": ("spec.hostname", lambda pod: pod.hostname),
    "hostname-cut": ("metadata.name", lambda pod: pod.name),
    "subdomain-field": ("spec.subdomain", lambda pod: pod.subdomain),
    "host-aliases": (
        "spec.hostAliases",
        lambda pod: "; ".join(f"{alias.ip} {' '.join(alias.names)}" for alias in pod.host_aliases),
    ),
    "dns-host-network": ("spec.hostNetwork", lambda pod: str(pod.host_network).lower()),
    "dns-cluster-first": ("spec.dnsPolicy", lambda pod: pod.dns_policy),
    "outside-cluster-dns": ("spec.dnsPolicy", lambda pod: pod.dns_policy),
}
_SERVICE_FIELDS: Mapping[str, tuple[str, Callable[[Service], str]]] = {
    "cluster-ip": ("spec.clusterIP", lambda service: service.cluster_ip),
    "dns-service": ("spec.clusterIP", lambda service: service.cluster_ip),
    "node-port": (
        "spec.ports[*].nodePort",
        lambda service: " ".join(str(port.node_port) for port in service.ports if port.node_port),
    ),
    "selector": ("spec.selector", lambda service: ", ".join(f"{key}={value}" for key, value in service.selector)),
}


def _fields(cell: _Measured, rules: Sequence[str]) -> Iterator[Exhibit]:
    """Yield the field behind each rule that has one: of the Pod where the name is read, the Service, or the node."""
    vantage, service, cluster = cell.vantage, cell.call.service, cell.model.cluster
    inside = vantage.kind in {"container", "init"}
    pod = cell.model.pod(vantage.namespace, vantage.pod) if inside else None
    for rule in rules:
        if pod and rule in _POD_FIELDS:
            path, value_of = _POD_FIELDS[rule]
            yield exhibits.pod_field(pod, path, value_of(pod))
        elif service and rule in _SERVICE_FIELDS:
            path, value_in = _SERVICE_FIELDS[rule]
            yield exhibits.service_field(service, path, value_in(service))
        elif rule == "forward-falls-back" or (rule == "forward-localhost" and "forward-falls-back" not in rules):
            yield exhibits.node_field(cluster.node, "status.nodeInfo.containerRuntimeVersion", cluster.runtime)


def _container_name(cell: _Measured) -> Iterator[Exhibit]:
    """Yield the containers' names where the host is one of them, and not the Pod's: it is no name in the network."""
    host, key = cell.address.host, (cell.vantage.namespace, cell.vantage.pod)
    for pod in cell.model.pods:
        if (pod.namespace, pod.name) == key and host != pod.name and host in {part.name for part in pod.containers}:
            yield exhibits.container_names(pod)
