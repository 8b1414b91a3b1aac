"""What is there, at a glance: the node, the Pods, and the addresses that answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.deploy import fetch, scaling
from lab.deploy.manifests import SHAPE_LABEL, SHAPES, Ref, collection
from lab.errors import LabError
from lab.kubernetes import client
from lab.kubernetes.objects import is_condition_true

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

PART_OF = "app.kubernetes.io/part-of=chatroulette"


@dataclass(frozen=True)
class Node:
    """The cluster's node: its Kubernetes version, and whether it takes Pods."""

    name: str
    ready: bool
    version: str


@dataclass(frozen=True)
class Pod:
    """One Pod of the deployment."""

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
    """An address of this computer, whether it answers, and what."""

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
    """What has fewer Ready Pods than it should, none at all included."""


def status(settings: Settings) -> Status:
    """Look once; raises Refused where there is no such cluster, LabError where it does not answer."""
    api = client.api(settings)
    pods = deployed(api)
    addresses = (f"{settings.front_url}/", f"{settings.back_url}/version")
    with ThreadPoolExecutor(max_workers=2) as pool:
        urls = tuple(pool.map(_url, addresses))
    scalers = tuple(_autoscaler(item) for item in api.items(collection("HorizontalPodAutoscaler", SHAPES["scale"])))
    nodes = tuple(_node(item) for item in api.items("/api/v1/nodes"))
    name = shape(api) if pods else ""
    lacking = tuple(said for kind in ("StatefulSet", "Deployment") for said in _lacking(api, kind))
    return Status(settings.cluster, settings.context, name, nodes, tuple(map(_pod, pods)), urls, scalers, lacking)


def deployed(api: Api) -> list[Object]:
    """List the Pods of any shape that are not on their way out, by name."""
    spaces = dict.fromkeys(SHAPES.values())
    found = [pod for space in spaces for pod in api.items(collection("Pod", space), labelSelector=PART_OF)]
    staying = [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]
    return sorted(staying, key=lambda pod: str(pod["metadata"]["name"]))


def shape(api: Api) -> str:
    """Name the shape that is deployed, by what the lab wrote on the frontend's Service; empty where none is."""
    for space in dict.fromkeys(SHAPES.values()):
        found = api.get(Ref("Service", space, "k8-chatroulette-front").path) or {"metadata": {}}
        if said := (found["metadata"].get("labels") or {}).get(SHAPE_LABEL):
            return str(said)
    return ""


def namespace(settings: Settings) -> str:
    """Name the namespace that the services are in; raises LabError where nothing is deployed."""
    pods = deployed(client.api(settings))
    if not pods:
        raise LabError("nothing is deployed", "`make deploy` puts the cats on the cluster")
    return _namespace(pods[0])


def log_command(settings: Settings, *, follow: bool) -> list[str]:
    """Return the command that shows the logs of both services, each line with its Pod's name."""
    words = ["logs", f"--namespace={namespace(settings)}", f"--selector={PART_OF}", "--prefix", "--tail=50"]
    return client.kubectl_command(settings, *words, *(["--follow", "--max-log-requests=20"] if follow else []))


def _lacking(api: Api, kind: str) -> list[str]:
    """Say which of the lab's sets of Pods are short of Pods; one that was scaled to none is."""
    said = []
    for item in api.items(collection(kind, SHAPES["scale"]), labelSelector=SHAPE_LABEL):
        ready, wanted = item.get("status", {}).get("readyReplicas", 0), max(1, item["spec"].get("replicas", 1))
        if ready < wanted:
            said.append(f"{kind.lower()}/{item['metadata']['name']}: {ready} of {wanted} Pods Ready")
    return said


def _url(url: str) -> Url:
    answer = fetch.from_here(url)
    return Url(url, answer.ok, answer.said)


def _node(item: Object) -> Node:
    return Node(
        item["metadata"]["name"], is_condition_true(item, "Ready"), item["status"]["nodeInfo"]["kubeletVersion"]
    )


def _autoscaler(item: Object) -> Autoscaler:
    metrics = item.get("status", {}).get("currentMetrics") or []
    seen = next((one["resource"]["current"].get("averageValue", "") for one in metrics if "resource" in one), "")
    spec = item["spec"]
    wanted = spec["metrics"][0]["resource"]["target"].get("averageValue", "") if spec.get("metrics") else ""
    return Autoscaler(
        name=item["metadata"]["name"],
        replicas=item.get("status", {}).get("currentReplicas", 0),
        minimum=spec.get("minReplicas", 1),
        maximum=spec["maxReplicas"],
        seen=f"{seen} of {wanted}" if seen else "",
        trouble=scaling.trouble(item),
    )


def _pod(item: Object) -> Pod:
    state = item.get("status", {})
    containers = state.get("containerStatuses") or []
    return Pod(
        name=item["metadata"]["name"],
        namespace=_namespace(item),
        image=item["spec"]["containers"][0]["image"],
        ready=is_condition_true(item, "Ready"),
        phase=state.get("phase", "Unknown"),
        restarts=sum(one.get("restartCount", 0) for one in containers),
        ip=state.get("podIP", ""),
    )


def _namespace(item: Object) -> str:
    return str(item["metadata"]["namespace"])
