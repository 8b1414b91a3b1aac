"""The diagram of an experiment, and the path of each cell's packet in it. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from lab.experiments.matrix.probe_protocol import Surroundings
from lab.experiments.model.cluster import ClusterModel, Pod, Service, VantagePoint
from lab.experiments.model.dns import selected
from lab.experiments.model.predict import RULES
from lab.experiments.model.routing import Target
from lab.experiments.results import Diagram, DiagramPod, DiagramService, Measurement, Prediction

_STARTS = {
    "node": ("node",),
    "computer": ("computer",),
    "port-forward": ("computer", "api", "kubelet"),
    "service-forward": ("computer", "api", "kubelet"),
    "pod-proxy": ("computer", "api"),
    "kubelet": ("kubelet",),
}


def diagram(model: ClusterModel, vantages: Sequence[VantagePoint], surroundings: Mapping[str, Surroundings]) -> Diagram:
    """Return the Pods with their containers, and the Services with the Pods that they select."""
    ids = {(each.namespace, each.pod, each.container): each.id for each in vantages if _in_container(each)}
    return Diagram(
        node=model.cluster.node,
        pods=tuple(_pod(pod, ids, surroundings) for pod in model.pods),
        services=tuple(_service(model, service) for service in model.services),
    )


def _in_container(vantage: VantagePoint) -> bool:
    return vantage.kind in {"container", "init"}


def _pod(
    pod: Pod, vantage_ids: Mapping[tuple[str, str, str], str], surroundings: Mapping[str, Surroundings]
) -> DiagramPod:
    ids = [vantage_ids.get((pod.namespace, pod.name, part.name), "") for part in pod.containers]
    netns = (surroundings[id_].netns for id_ in ids if id_ in surroundings)
    return DiagramPod(
        name=pod.name,
        namespace=pod.namespace,
        ip=pod.ip,
        netns=next(filter(None, netns), ""),
        containers=tuple((part.name, part.kind, id_) for part, id_ in zip(pod.containers, ids, strict=True)),
        ready=pod.ready,
        host_network=pod.host_network,
    )


def _service(model: ClusterModel, service: Service) -> DiagramService:
    pods = tuple(pod.name for pod in selected(RULES, model, service))
    ports = ", ".join(
        f"{port.port} → {port.target}" + (f", node {port.node_port}" if port.node_port else "")
        for port in service.ports
    )
    return DiagramService(service.name, service.namespace, service.cluster_ip, ports, pods)


def packet_path(
    model: ClusterModel, vantage: VantagePoint, call: Target, prediction: Prediction, measurement: Measurement
) -> tuple[str, ...]:
    """Return what the packet passed, as ``Cell.way`` has it; the start alone if none left."""
    start, outcome = _start(model, vantage), measurement.outcome
    if outcome in {"not-applicable", "unmeasured"}:
        return start
    if outcome in {"no-name", "resolves"}:
        in_file = outcome == "resolves" and any("hosts" in rule for rule in prediction.rules)
        return start if in_file else (start[0], "away" if "outside-cluster-dns" in prediction.rules else "dns")
    if outcome == "elsewhere" or (prediction.outcome == "elsewhere" and not measurement.who):
        return (*start, "away")
    passed = (*start, *_through(vantage, call), *_end(model, vantage, call, measurement))
    return tuple(key for key, _ in groupby(passed))


def _start(model: ClusterModel, vantage: VantagePoint) -> tuple[str, ...]:
    if not _in_container(vantage):
        return _STARTS[vantage.kind]
    pod = model.pod(vantage.namespace, vantage.pod)
    return _container(pod, vantage.container), _network(pod)


def _through(vantage: VantagePoint, call: Target) -> tuple[str, ...]:
    """Return the Service whose cluster IP the packet went to, or whose NodePort; a forward's only chose the Pod."""
    service = call.service
    if not service or vantage.kind == "service-forward":
        return ()
    key = f"service {service.namespace}/{service.name}"
    return (key,) if call.address == service.cluster_ip else ("node", key)


def _end(model: ClusterModel, vantage: VantagePoint, call: Target, measurement: Measurement) -> tuple[str, ...]:
    """Return the network of the Pod that answered, else of the one called; and its app, if it answered."""
    answering = (pod for pod in model.pods if pod.name == measurement.who)
    pod = next(answering, None) if measurement.who else call.pod
    if pod is None:
        return ("node",) if vantage.kind == "kubelet" else ()
    app = _app(pod, call.port)
    return (_network(pod), _container(pod, app)) if measurement.outcome == "answers" and app else (_network(pod),)


def _app(pod: Pod, port: int) -> str:
    """Return the container that listens on the port, else the first app; empty where there is none."""
    running = [part for part in pod.containers if part.kind in {"app", "sidecar"}]
    listening = (part.name for part in running if any(listener.port == port for listener in part.listeners))
    return next(listening, next((part.name for part in running if part.kind == "app"), ""))


def _network(pod: Pod) -> str:
    return "node" if pod.host_network else f"net {pod.namespace}/{pod.name}"


def _container(pod: Pod, name: str) -> str:
    return f"container {pod.namespace}/{pod.name}/{name}"
