"""The pieces of evidence, each made of what was measured: its raw text, what it shows, and how to see the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from lab.experiments import texts
from lab.experiments.matrix.measure import Measured
from lab.experiments.matrix.probe_protocol import Surroundings
from lab.experiments.model.cluster import Address, ClusterModel, Pod, Service, VantagePoint
from lab.experiments.results import Exhibit, ExhibitKind, Measurement

SHOWS = texts.load("exhibits")
_FIELDS = SHOWS.section("fields")
_MOST = 6
"""Other sockets that are shown where nobody listens on the port."""


@dataclass(frozen=True)
class Location:
    """``enter`` goes before a command to run it there; None where nobody can enter any more."""

    name: str
    surroundings: Surroundings
    enter: str | None

    def command(self, words: str) -> str:
        """Return what a learner types to see the same; empty where that cannot be."""
        return "" if self.enter is None else f"{self.enter}{words}"

    def hosts_lines(self, name: str) -> list[str]:
        """Return the lines of the hosts file that have a name."""
        return [line for line in self.surroundings.hosts.splitlines() if name in line.split("#")[0].split()[1:]]


def of_vantage(model: ClusterModel, vantage: VantagePoint, measured: Measured) -> Location:
    """Return the place from which something was tried; the node for what kubelet and the API server dial."""
    surroundings = measured.surroundings.get(vantage.id, Surroundings())
    if vantage.kind == "container":
        return _inside(vantage.namespace, vantage.pod, vantage.container, surroundings)
    if vantage.kind == "init":
        return Location(f"{vantage.namespace}/{vantage.pod}, init container {vantage.container}", surroundings, None)
    if vantage.kind in {"computer", "port-forward", "service-forward"}:
        return Location("this computer", surroundings, "")
    node = model.cluster.node
    return Location(f"node {node}", measured.surroundings.get("node", Surroundings()), f"docker exec {node} ")


def of_pod(pod: Pod, measured: Measured) -> Location | None:
    """Return the inside of a Pod; None where no probe ran in it."""
    container, surroundings = measured.pods.get((pod.namespace, pod.name), ("", None))
    return _inside(pod.namespace, pod.name, container, surroundings) if surroundings else None


def _inside(namespace: str, pod: str, container: str, surroundings: Surroundings) -> Location:
    enter = f"kubectl exec -n {namespace} {pod} -c {container} -- "
    return Location(f"{namespace}/{pod}, container {container}", surroundings, enter)


def hosts(place: Location, name: str) -> Exhibit | None:
    """Show the lines of the hosts file that have a name; where none has, the one with the place's own."""
    lines = [line for line in place.surroundings.hosts.splitlines() if line.split("#")[0].split()]
    if not lines:
        return None
    having = place.hosts_lines(name)
    shows = SHOWS["hosts-has" if having else "hosts-lacks"].format(name=name)
    text = "\n".join(having or place.hosts_lines(place.surroundings.hostname) or lines[-1:])
    return Exhibit("hosts", f"{place.name}: /etc/hosts", text, shows, place.command("cat /etc/hosts"))


def resolver(place: Location) -> Exhibit | None:
    """Show whom a place asks for names, and the domains that it tries."""
    lines = [line for line in place.surroundings.resolv.splitlines() if line.split("#")[0].strip()]
    if not lines:
        return None
    search = " ".join(word for line in lines if line.startswith("search") for word in line.split()[1:])
    server = next((line.split()[1] for line in lines if line.startswith("nameserver ")), "?")
    shows = SHOWS["resolver-search" if search else "resolver-no-search"].format(server=server, search=search)
    where = f"{place.name}: /etc/resolv.conf"
    return Exhibit("resolver", where, "\n".join(lines), shows, place.command("cat /etc/resolv.conf"))


def dns(place: Location, address: Address, measurement: Measurement) -> Exhibit:
    """Show what the resolver answered for a name."""
    name, resolved = address.host, measurement.resolved
    shows = SHOWS["dns-resolved" if resolved else "dns-unknown"].format(name=name, addresses=", ".join(resolved))
    quoted = address.how == "nslookup" or not resolved
    text = measurement.detail if quoted else f"{name} -> {' '.join(resolved)}"
    program = "nslookup" if address.how == "nslookup" else "getent ahosts"
    return Exhibit("dns", place.name, text, shows, place.command(f"{program} {name}"))


def netns(near: Location, far: Location) -> tuple[Exhibit, ...]:
    """Show the network namespaces of two places: the same inode is the same network, loopback included."""
    inodes = near.surroundings.netns, far.surroundings.netns
    if not all(inodes):
        return ()
    own = near.name == far.name
    there = "netns-same" if inodes[0] == inodes[1] else "netns-different"
    shown = [(near, "netns-own")] if own else [(near, "netns-near"), (far, there)]
    return tuple(
        Exhibit(
            "netns",
            f"{place.name}: /proc/self/ns/net",
            place.surroundings.netns,
            SHOWS[shows],
            place.command("readlink /proc/self/ns/net"),
        )
        for place, shows in shown
    )


def socket(place: Location, port: int) -> Exhibit:
    """Show who listens on a port in a place's network namespace: the kernel's own line; or others, if nobody."""
    listening = [entry for entry in place.surroundings.sockets if entry.address.endswith(f":{port}")]
    shown = listening or place.surroundings.sockets[:_MOST]
    kind = "socket-listens" if listening else "socket-others" if shown else "socket-none"
    raw = ", ".join(entry.line.split()[1] for entry in listening)
    addresses = ", ".join(entry.address for entry in shown)
    shows = SHOWS[kind].format(port=port, addresses=addresses, raw=raw, hex=f"{port:04X}")
    text = "\n".join(entry.line.strip() for entry in shown) or "(no line in state 0A, LISTEN)"
    where = f"{place.name}: /proc/net/tcp, tcp6"
    return Exhibit("socket", where, text, shows, place.command("cat /proc/net/tcp /proc/net/tcp6"))


def endpoints(service: Service, entries: Sequence[str]) -> Exhibit:
    """Show whom a Service leads to now, and whether they are ready."""
    ready = sum('"ready": true' in entry for entry in entries)
    kind = {0: "endpoints-none", 1: "endpoints-ready"}.get(ready, "endpoints-several")
    shows = SHOWS[kind].format(service=service.name, count=ready)
    where = f"EndpointSlices of {service.namespace}/{service.name}"
    selector = f"-l kubernetes.io/service-name={service.name}"
    command = f"kubectl get endpointslices -n {service.namespace} {selector} -o yaml"
    return Exhibit("endpoints", where, "\n".join(entries) or "endpoints: []", shows, command)


def quote(kind: ExhibitKind, where: str, text: str, command: str = "") -> Exhibit:
    """Show the words of who dialled."""
    return Exhibit(kind, where, text, SHOWS["quoted"], command)


def pod_field(pod: Pod, path: str, value: str) -> Exhibit:
    where = f"{pod.namespace}/{pod.name}"
    return _field("pod", where, f"-n {pod.namespace} {pod.name}", path, value, pod=pod.name)


def service_field(service: Service, path: str, value: str) -> Exhibit:
    ports = ", ".join(f"{port.port} -> {port.target}" for port in service.ports)
    where = f"{service.namespace}/{service.name}"
    return _field("service", where, f"-n {service.namespace} {service.name}", path, value, ports=ports)


def node_field(node: str, path: str, value: str) -> Exhibit:
    return _field("node", node, node, path, value)


def container_names(pod: Pod) -> Exhibit:
    """Show the names of a Pod's containers: none of them is a name in the network."""
    listed = dropwhile(lambda part: part.kind != "app", pod.containers)  # init containers come before the first app
    names = " ".join(part.name for part in listed if part.kind != "ephemeral")
    return pod_field(pod, "spec.containers[*].name", names)


def _field(kind: str, where: str, target: str, path: str, value: str, **values: str) -> Exhibit:
    command = f"kubectl get {kind} {target} -o jsonpath='{{.{path}}}'"
    return Exhibit("field", f"{kind} {where}", f"{path}: {value}", _FIELDS[path].format(**values), command)
