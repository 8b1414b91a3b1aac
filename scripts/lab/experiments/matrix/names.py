"""Name by vantage point: from where which name or address leads to the app, and why."""

from collections.abc import Sequence

from lab.experiments.matrix import manifests
from lab.experiments.matrix.engine import Attempt
from lab.experiments.matrix.environment import Matrix
from lab.experiments.matrix.manifests import PORT, Copy, EphemeralContainers, Setup
from lab.experiments.matrix.probe_protocol import command
from lab.experiments.model.cluster import Address, ClusterModel, How, VantagePoint
from lab.experiments.pods import idle
from lab.kubernetes.objects import Object

POD, COPY, TWIN, OTHER, ON_NODE = "k8-chatroulette-back", "k8-chatroulette-back-copy", "twin", "other", "host-network"
SERVICE, SUBDOMAIN, ALIAS = "cats", "litter", "minou"
_INIT_SECONDS, _INIT_AGAIN = 15.0, 3
"""Seconds for the init container's answers, and how often it tries again itself: it runs once, maybe before kube-proxy
knows its Service."""
_SETTLED = {(OTHER, "cluster-ip"), (OTHER, "service-like-pod"), (OTHER, "headless"), ("copy", "loopback4")}
"""Cells that come as predicted once kube-proxy and DNS follow, and once the copy, which has no probes, listens."""
_NOT_FROM_INIT = {"service-like-pod", "headless", "getent-service", "nslookup-service"}
"""Addresses of another Pod, which may be Ready or not while the init container runs, or asked for elsewhere."""


def setup(model: ClusterModel, namespaces: Sequence[str]) -> Setup:
    """Create the app's Pod with its ephemeral containers and its copy, a twin, and Pods to ask from."""
    namespace, elsewhere = namespaces

    def pods(services: Sequence[Object]) -> list[Object]:
        aliases = [{"ip": "127.0.0.1", "hostnames": [ALIAS]}]
        init = _init(model, services)
        return [
            manifests.pod(namespace, POD, *_app(), initContainers=[init], hostAliases=aliases),
            manifests.pod(namespace, TWIN, manifests.stub(name="cat"), hostname=TWIN, subdomain=SUBDOMAIN),
            manifests.pod(namespace, OTHER, idle("look")),
            manifests.pod(elsewhere, OTHER, idle("look")),
            manifests.pod(namespace, ON_NODE, idle("look"), hostNetwork=True),
        ]

    return Setup(
        services=(
            manifests.service(namespace, SERVICE, POD, node_port=True),
            manifests.service(namespace, TWIN, TWIN),
            manifests.headless(namespace, SUBDOMAIN),
        ),
        pods=pods,
        ephemeral=[EphemeralContainers(POD, (("guest", ""), ("guest-target", "back")), after="back")],
        copies=(Copy(POD, COPY, "debugger"),),
    )


def _app() -> list[Object]:
    """Return the app, which is probed over HTTP as apps are, and beside it a container with each other probe."""
    return [
        manifests.backend(),
        manifests.probed("sidecar", manifests.http(host="127.0.0.1")),
        manifests.probed("witness-tcp", manifests.tcp()),
        manifests.probed("witness-exec", manifests.dials("127.0.0.1")),
    ]


def _init(model: ClusterModel, services: Sequence[Object]) -> Object:
    """Return the init container: its command is the probe, its log the answer."""
    spec = next(service["spec"] for service in services if service["metadata"]["name"] == SERVICE)
    namespace = services[0]["metadata"]["namespace"]
    known = addresses(namespace, model, ("$POD_IP", "$DASHED_POD_IP"), spec["clusterIP"], spec["ports"][0]["nodePort"])
    tried = [address for address in known if address.id not in _NOT_FROM_INIT]
    env = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    return {**idle("init", env=env), "command": command(tried, seconds=_INIT_SECONDS, again=_INIT_AGAIN)}


def attempts(model: ClusterModel, namespaces: Sequence[str]) -> list[Attempt]:
    """Return all cells: every address from everywhere, and what only forwards and probes can try."""
    namespace, elsewhere = namespaces
    ip, service = model.pod(namespace, POD).ip, model.service(namespace, SERVICE)
    pod_ip = (ip, ip.replace(".", "-"))
    known = addresses(namespace, model, pod_ip, service.cluster_ip, service.ports[0].node_port)
    cells = [
        Attempt(vantage, address)
        for vantage in _vantages(namespace, elsewhere)
        for address in known
        if vantage.kind != "init" or address.id not in _NOT_FROM_INIT
    ]
    return cells + _dialled(namespace)


def _vantages(namespace: str, elsewhere: str) -> tuple[VantagePoint, ...]:
    return (
        VantagePoint("app", "container", namespace, POD, "back"),
        VantagePoint("sidecar", "container", namespace, POD, "sidecar"),
        VantagePoint("guest", "container", namespace, POD, "guest"),
        VantagePoint("guest-target", "container", namespace, POD, "guest-target"),
        VantagePoint("init", "init", namespace, POD, "init"),
        VantagePoint("copy", "container", namespace, COPY, "debugger"),
        VantagePoint("twin", "container", namespace, TWIN, "cat"),
        VantagePoint("other", "container", namespace, OTHER, "look"),
        VantagePoint("other-namespace", "container", elsewhere, OTHER, "look"),
        VantagePoint("host-network", "container", namespace, ON_NODE, "look"),
        VantagePoint("node", "node"),
        VantagePoint("computer", "computer"),
    )


def addresses(
    namespace: str, model: ClusterModel, pod_ip: tuple[str, str], cluster_ip: str, node_port: int
) -> tuple[Address, ...]:
    """Return every address of the app, and those of its twin that only the twin has.

    ``pod_ip`` is written in two ways: with dots, and with dashes as DNS has it.
    """
    ip, dashed = pod_ip
    domain = f"{namespace}.svc.{model.cluster.domain}"
    return (
        Address("loopback4", "127.0.0.1", PORT),
        Address("loopback6", "::1", PORT),
        Address("localhost", "localhost", PORT),
        Address("pod-ip", ip, PORT),
        Address("pod-name", POD, PORT),
        Address("container-name", "back", PORT),
        Address("service", SERVICE, 80),
        Address("service-fqdn", f"{SERVICE}.{domain}", 80),
        Address("service-like-pod", TWIN, 80),
        Address("cluster-ip", cluster_ip, 80),
        Address("headless", f"{TWIN}.{SUBDOMAIN}.{domain}", PORT),
        Address("pod-dns", f"{dashed}.{namespace}.pod.{model.cluster.domain}", PORT),
        Address("node-port", model.cluster.node_ip, node_port),
        Address("host-alias", ALIAS, PORT),
        Address("getent-pod-name", POD, PORT, "getent"),
        Address("nslookup-pod-name", POD, PORT, "nslookup"),
        Address("getent-service", SERVICE, 80, "getent"),
        Address("nslookup-service", SERVICE, 80, "nslookup"),
    )


def _dialled(namespace: str) -> list[Attempt]:
    """Return the cells of those who dial for somebody: forwards, the API server, kubelet's probes."""
    forward = VantagePoint("port-forward", "port-forward", namespace, POD)
    service_forward = VantagePoint("service-forward", "service-forward", namespace)
    return [
        Attempt(forward, Address("forward", f"pod/{POD}", PORT, "forward")),
        Attempt(service_forward, Address("forward", f"service/{SERVICE}", 80, "forward")),
        Attempt(VantagePoint("pod-proxy", "pod-proxy", namespace, POD), Address("proxy", POD, PORT, "pod-proxy")),
        _probed(namespace, "kubelet-http", "back", "http-probe"),
        _probed(namespace, "kubelet-http", "sidecar", "http-probe", "127.0.0.1"),
        _probed(namespace, "kubelet-tcp", "witness-tcp", "tcp-probe"),
        _probed(namespace, "kubelet-exec", "witness-exec", "exec-probe", "127.0.0.1"),
    ]


def _probed(namespace: str, vantage_id: str, container: str, how: How, host: str = "") -> Attempt:
    """Return the cell of a container's probe."""
    address = Address("probe-loopback" if host else "probe", host, PORT, how)
    return Attempt(VantagePoint(vantage_id, "kubelet", namespace, POD, container), address)


MATRIX = Matrix(
    id="names",
    namespaces=("other",),
    setup=setup,
    attempts=attempts,
    settles=lambda attempt: (attempt.vantage.id, attempt.address.id) in _SETTLED,
)
run, environment = MATRIX.run, MATRIX.environment
