"""What is there, at a glance: the node, the Pods, and the addresses that answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab import ports
from lab.config import Settings
from lab.deploy import fetch, services, wait
from lab.deploy.manifests import SHAPE_LABEL, SHAPES, Ref, collection
from lab.deploy.services import BACK, FRONT, NO_POD, ServicePod
from lab.errors import LabError
from lab.kubernetes import client, pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object, condition, is_condition_true

PART_OF = "app.kubernetes.io/part-of=chatroulette"


@dataclass(frozen=True)
class Node:
    name: str
    ready: bool
    version: str


@dataclass(frozen=True)
class Pod:
    name: str
    namespace: str
    image: str
    ready: bool
    phase: str
    restarts: int
    ip: str


@dataclass(frozen=True)
class Autoscaler:
    """One autoscaler: how many Pods there are, between which numbers, by what; where it has no figures, why not."""

    name: str
    replicas: int
    minimum: int
    maximum: int
    seen: str
    trouble: str


@dataclass(frozen=True)
class Url:
    url: str
    ok: bool
    said: str


@dataclass(frozen=True)
class Status:
    """Everything that ``lab status`` shows; ``shape`` is empty where nothing is deployed."""

    cluster: str
    context: str
    shape: str
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    urls: tuple[Url, ...]
    autoscalers: tuple[Autoscaler, ...] = ()
    lacking: tuple[str, ...] = ()
    """What has fewer Ready Pods than it should, none at all included; and why a Pod is not Ready."""
    notes: tuple[str, ...] = ()
    """What is so because Pods were made by hand, and as it should be."""

    @property
    def is_well(self) -> bool:
        """Tell whether all that is there is as it should be; a cluster without cats is."""
        parts = [*(node.ready for node in self.nodes), *(pod.ready for pod in self.pods)]
        parts += [not scaler.trouble for scaler in self.autoscalers]
        return all(parts) and not self.lacking and (not self.pods or all(url.ok for url in self.urls))


def status(settings: Settings) -> Status:
    """Look once; raises Refused where there is no such cluster, LabError where it does not answer."""
    api = client.api(settings)
    found = services.find(api)
    pods = _with_labels(api, found)
    with ThreadPoolExecutor(max_workers=2) as pool:
        urls = list(pool.map(lambda service: url(settings, service), (FRONT, BACK)))
    by_hand_only = bool(found) and not any(each.by_lab for each in found)
    return Status(
        settings.cluster,
        settings.context,
        shape(api) if pods else "",
        tuple(map(_node, api.items("/api/v1/nodes"))),
        tuple(map(_pod, pods)),
        tuple(each for each in urls if each.ok or not by_hand_only),
        tuple(map(autoscaler, api.items(collection("HorizontalPodAutoscaler", SHAPES["scale"])))),
        (*(text for kind in ("StatefulSet", "Deployment") for text in lacking(api, kind)), *unready(api, pods)),
        tuple(notes(found, answered=all(each.ok for each in urls))),
    )


def url(settings: Settings, service: str) -> Url:
    """Ask a service at its port of this computer: it is known by what it says, and who else answers there is named."""
    is_page = service == FRONT
    address = f"{settings.front_url}/" if is_page else f"{settings.back_url}/version"
    answer = fetch.get(address)
    said = answer.summary if answer.is_from(service) or not answer.ok else f"{answer.summary}: not {service}"
    other = stranger(settings.front_port if is_page else settings.back_port)
    return Url(address, answer.is_from(service) and not other, "; ".join(filter(None, (said, other))))


def stranger(port: int) -> str:
    """Say who answers in our stead where a browser tries IPv6 first; empty where nobody does."""
    name = ports.stranger(port)
    return f"{name} has [::1]:{port}, where a browser may go first: end it, or use 127.0.0.1:{port}" if name else ""


def notes(found: Sequence[ServicePod], *, answered: bool) -> Iterator[str]:
    """Say what is to be expected where Pods were made by hand; ``answered``: both ports of this computer did."""
    by_hand = [pod for pod in found if not pod.by_lab]
    if not by_hand:
        return
    names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in by_hand)
    yield f"made by hand: {names}. `make verify` tries them, `make undeploy` leaves them"
    if len(by_hand) < len(found):
        return
    if not answered:
        yield "no Service gives them this computer's ports, so these do not answer, as expected: `make open` forwards"
    if {pod.service for pod in found} == {FRONT}:
        yield f"no Pod of {BACK}: the page shows its own cats and says which hop is broken, as expected of it alone"


def deployed(api: Api) -> list[Object]:
    """Return the lab's Pods and all that carry the services, by name."""
    return _with_labels(api, services.find(api))


def _with_labels(api: Api, found: Sequence[ServicePod]) -> list[Object]:
    labelled = [
        pod
        for each in dict.fromkeys(SHAPES.values())
        for pod in api.items(collection("Pod", each), labelSelector=PART_OF)
    ]
    pods = {pod["metadata"]["uid"]: pod for pod in [*labelled, *(each.pod for each in found)]}
    return sorted(
        (pod for pod in pods.values() if not pod_status.is_ending(pod)), key=lambda pod: str(pod["metadata"]["name"])
    )


def shape(api: Api) -> str:
    """Return the shape that is deployed, by the label of the frontend's Service; empty where none is."""
    for namespace in dict.fromkeys(SHAPES.values()):
        service = api.get(Ref("Service", namespace, "k8-chatroulette-front").path) or {"metadata": {}}
        if label := (service["metadata"].get("labels") or {}).get(SHAPE_LABEL):
            return str(label)
    return ""


def to_open(settings: Settings) -> list[ServicePod]:
    """Return one Pod of each service that there is; raises LabError where there is none."""
    pods = services.first(services.find(client.api(settings)))
    if not pods:
        raise LabError(f"no Pod carries {BACK} or {FRONT}", NO_POD)
    return pods


def log_commands(settings: Settings, *, follow: bool) -> list[list[str]]:
    """Return a `kubectl logs` for each Pod; raises LabError where there is none."""
    api = client.api(settings)
    found = services.find(api)
    carriers = {pod.pod["metadata"]["uid"]: str(pod.container["name"]) for pod in found}
    words = ["--prefix", "--tail=50", *(["--follow"] if follow else [])]
    commands = []
    for pod in _with_labels(api, found):
        meta = pod["metadata"]
        container = carriers.get(meta["uid"]) or pod["spec"]["containers"][0]["name"]
        where = [f"--namespace={meta['namespace']}", meta["name"], f"--container={container}"]
        commands.append(client.kubectl_command(settings, "logs", *where, *words))
    if not commands:
        raise LabError(f"no Pod carries {BACK} or {FRONT}", NO_POD)
    return commands


def lacking(api: Api, kind: str) -> list[str]:
    """List which of the lab's sets of Pods are short of Pods; one that was scaled to none is."""
    texts = []
    for item in api.items(collection(kind, SHAPES["scale"]), labelSelector=SHAPE_LABEL):
        ready, wanted = item.get("status", {}).get("readyReplicas", 0), max(1, item["spec"].get("replicas", 1))
        if ready < wanted:
            texts.append(f"{kind.lower()}/{item['metadata']['name']}: {ready} of {wanted} Pods Ready")
    return texts


def unready(api: Api, pods: Sequence[Object]) -> list[str]:
    """Say of each Pod that is not Ready why, and what to look at next; nothing of one that is merely starting."""
    causes = (wait.cause_of(api, pod) for pod in pods if not pod_status.is_ready(pod))
    return [f"{cause.sentence} → {cause.next_command}" for cause in causes if cause]


def autoscaler(item: Object) -> Autoscaler:
    spec, state = item["spec"], item.get("status", {})
    metrics = (each["resource"]["current"] for each in state.get("currentMetrics") or [] if "resource" in each)
    current = next((metric.get("averageValue", "") for metric in metrics), "")
    targets = (each["resource"]["target"] for each in spec.get("metrics") or [] if "resource" in each)
    target = next((target.get("averageValue", "") for target in targets), "")
    return Autoscaler(
        name=item["metadata"]["name"],
        replicas=state.get("currentReplicas", 0),
        minimum=spec.get("minReplicas", 1),
        maximum=spec["maxReplicas"],
        seen=f"{current} of {target}" if current else "",
        trouble=trouble(item),
    )


def trouble(autoscaler: Object) -> str:
    """Return why an autoscaler does not scale; empty where it does, or is new and has not looked yet."""
    able, active = condition(autoscaler, "AbleToScale"), condition(autoscaler, "ScalingActive")
    if able.get("status") == "False":
        return f"it cannot scale: {able.get('message', '')}"
    message = str(active.get("message", "")) if active.get("status") == "False" else ""
    if "no metrics returned" in message or "did not receive metrics" in message:
        return "no figures of its Pods yet: metrics-server looks every 10 s, and leaves out Pods that just started"
    if "unable to fetch metrics" in message or "unable to get metrics" in message:
        return f"no figures: is metrics-server up? `kubectl top pods` asks it too. Its words: {message}"
    return message


def _node(item: Object) -> Node:
    version = item["status"]["nodeInfo"]["kubeletVersion"]
    return Node(item["metadata"]["name"], is_condition_true(item, "Ready"), version)


def _pod(item: Object) -> Pod:
    state = item.get("status", {})
    return Pod(
        name=item["metadata"]["name"],
        namespace=item["metadata"]["namespace"],
        image=item["spec"]["containers"][0]["image"],
        ready=pod_status.is_ready(item),
        phase=state.get("phase", "Unknown"),
        restarts=sum(map(pod_status.restarts, pod_status.container_statuses(item, pod_status.APP))),
        ip=state.get("podIP", ""),
    )
