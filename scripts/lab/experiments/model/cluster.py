"""What predictions are made from: Pods, Services, the cluster and this computer, as the API describes them.

Nothing here says what happens; `from_api` reads live objects into it, so an edit with kubectl changes predictions.
"""

from dataclasses import dataclass
from typing import Literal

DnsPolicy = Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]
ContainerKind = Literal["app", "sidecar", "init", "ephemeral"]


@dataclass(frozen=True)
class Listener:
    """A server in a container: the address that it binds to, such as `0.0.0.0`, `::` or a Pod IP, and its port."""

    bind: str
    port: int


@dataclass(frozen=True)
class Container:
    """One container of a Pod. ``started_at`` is the API's time (RFC 3339), empty while it has not started."""

    name: str
    kind: ContainerKind = "app"
    listeners: tuple[Listener, ...] = ()
    started_at: str = ""
    ended: bool = False


@dataclass(frozen=True)
class HostAlias:
    """An entry of ``spec.hostAliases``."""

    ip: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class HandEdit:
    """A line that somebody wrote into a Pod's ``/etc/hosts``, and when (RFC 3339)."""

    line: str
    at: str


@dataclass(frozen=True)
class Pod:
    """A Pod; ``hostname`` and ``subdomain`` are the spec's own fields, empty where they are not set.

    ``searches`` and ``nameservers`` are of ``spec.dnsConfig``.
    """

    name: str
    namespace: str
    ip: str
    containers: tuple[Container, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    hostname: str = ""
    subdomain: str = ""
    host_aliases: tuple[HostAlias, ...] = ()
    host_network: bool = False
    dns_policy: DnsPolicy = "ClusterFirst"
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    ready: bool = True
    hand_edits: tuple[HandEdit, ...] = ()

    @property
    def dashed_ip(self) -> str:
        """Its address as its DNS record has it."""
        return self.ip.replace(".", "-")


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service; ``node_port`` is 0 where there is none."""

    port: int
    target: int
    node_port: int = 0


@dataclass(frozen=True)
class Service:
    """A Service; ``cluster_ip`` is ``None``, the word, for a headless one."""

    name: str
    namespace: str
    cluster_ip: str
    selector: tuple[tuple[str, str], ...]
    ports: tuple[ServicePort, ...]
    publish_not_ready: bool = False

    @property
    def node_ports(self) -> dict[int, int]:
        """The node's ports, by the target port that they lead to."""
        return {port.target: port.node_port for port in self.ports}


@dataclass(frozen=True)
class Cluster:
    """The cluster itself; ``runtime`` is as the node's status has it: ``containerd://2.4.2``.

    ``wildcards`` are the node's search domains, which Pods inherit, whose server answers every name, with this address.
    """

    runtime: str
    node: str
    node_ip: str
    dns_ip: str
    domain: str = "cluster.local"
    node_names: tuple[str, ...] = ()
    wildcards: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Computer:
    """This computer: whether its kernel routes to the node's address."""

    reaches_node: bool = True


@dataclass(frozen=True)
class ClusterModel:
    cluster: Cluster
    computer: Computer = Computer()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()

    def pod(self, namespace: str, name: str) -> Pod:
        """Return the Pod; raises KeyError."""
        for pod in self.pods:
            if (pod.namespace, pod.name) == (namespace, name):
                return pod
        raise KeyError(f"Pod {namespace}/{name}")

    def service(self, namespace: str, name: str) -> Service:
        """Return the Service; raises KeyError."""
        if service := self.find_service(namespace, name):
            return service
        raise KeyError(f"Service {namespace}/{name}")

    def find_service(self, namespace: str, name: str) -> Service | None:
        services = (service for service in self.services if (service.namespace, service.name) == (namespace, name))
        return next(services, None)


VantageKind = Literal[
    "container", "init", "node", "computer", "port-forward", "service-forward", "pod-proxy", "kubelet"
]


@dataclass(frozen=True)
class VantagePoint:
    """From where something is tried.

    ``container`` and ``init`` run in a Pod's container; ``port-forward`` dials for a person on this computer;
    ``pod-proxy`` is the API server; ``kubelet`` runs a probe of that Pod.
    """

    id: str
    kind: VantageKind
    namespace: str = ""
    pod: str = ""
    container: str = ""


How = Literal["connect", "getent", "nslookup", "forward", "pod-proxy", "http-probe", "tcp-probe", "exec-probe"]


@dataclass(frozen=True)
class Address:
    """What is tried: a host (a name, or an address that is known by now) and a port, and how.

    ``connect`` asks the app over HTTP which Pod it is in; ``getent`` and ``nslookup`` only ask
    for the address, by way of the hosts file and DNS or by DNS alone. For a probe ``host`` is the probe's own field,
    empty where it is left out; for an ``exec-probe`` it is what the command in the container dials. For ``forward`` the
    host is ``pod/name`` or ``service/name``.
    """

    id: str
    host: str
    port: int
    how: How = "connect"

    @property
    def url(self) -> str:
        """The address as one would type it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}" if self.how not in {"getent", "nslookup"} else self.host


@dataclass(frozen=True)
class Place:
    """Where a program runs: in a Pod; without one on the node, or on this computer."""

    pod: Pod | None = None
    computer: bool = False

    @property
    def on_node(self) -> bool:
        """Tell whether the network namespace is the node's own."""
        return not self.computer and (self.pod is None or self.pod.host_network)
