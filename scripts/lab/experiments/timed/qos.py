"""QoS: the class that follows from requests and limits, whom the kernel kills first, whom the kubelet evicts first.

One small Pod for each combination. Nothing is evicted for want of memory, which the whole machine would suffer from;
one Pod is evicted for real, by the disk that it fills: 20 MiB of it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab import docker
from lab.errors import LabError
from lab.experiments import texts
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text, same
from lab.experiments.timed import load_generator, qos_classes, timeline, units
from lab.experiments.timed.actions import Context, report, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import MAX_DELAY, Expect, Fact, word
from lab.experiments.timed.load_generator import Order, WaitForReport, log_of
from lab.experiments.timed.measures import PodField, shown
from lab.experiments.timed.qos_classes import Candidate
from lab.experiments.timed.record import Match, Record, event
from lab.experiments.timed.recorder import Observation
from lab.experiments.timed.timeline import Drawn
from lab.kubernetes import quantities
from lab.kubernetes.objects import RESTRICTED, Object

_EVICTION = (0.0, 60.0)
"""Seconds: kubelet looks every 10 s, at figures that the runtime takes every 10 s; more where cores are busy."""
_SMALL = {"cpu": "30m", "memory": "24Mi"}
_FULL = {"limits": _SMALL, "requests": _SMALL}
_ORDER = Order(every=2)
FILLS = "fills-its-disk"
RANKED = ("below", "none", "equal", "requests")
"""The Pods in the order of their eviction, were the node short of memory; ``critical`` is never chosen."""
_MIN_SCORE = -1000
_RUNTIME = "grep -h restrict_oom_score_adj /etc/containerd/config.toml; cat /proc/$(pidof -s containerd)/oom_score_adj"
_TEXTS = texts.load("qos")
_SHOWS, _VALUES = _TEXTS.section("exhibits"), _TEXTS.section("values")


def _pod(name: str, *resources: Object, order: Order = _ORDER, **more: Any) -> Object:
    """Return a Pod with a container for each of these resources; ``more`` are the spec's own fields."""
    containers = (
        load_generator.container(f"c{number}", order, **amounts) for number, amounts in enumerate(resources, start=1)
    )
    return load_generator.pod(name, *containers, **more)


_REQUESTS_BELOW = {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
_INIT = load_generator.container("init", Order(every=2, seconds=0))
_SIDECAR = load_generator.container("sidecar", _ORDER, {"cpu": "10m", "memory": "16Mi"}, restartPolicy="Always")
_WRITES = load_generator.container(
    "c1",
    Order(every=2, file=20, path="/tmp/much"),  # noqa: S108 - in its own layer: /tmp elsewhere is memory
    limits={"ephemeral-storage": "10Mi"},
    securityContext={**RESTRICTED, "readOnlyRootFilesystem": False},
    volumeMounts=[],
)
PODS = {
    pod["metadata"]["name"]: pod
    for pod in (
        _pod("none", {}),
        _pod("requests", {"requests": {"cpu": "10m", "memory": "256Mi"}}),
        _pod("limits", {"limits": _SMALL}),
        _pod("equal", _FULL),
        _pod("below", _REQUESTS_BELOW, order=Order(every=2, take=30)),
        _pod("cpu-only", {"limits": {"cpu": "30m"}}),
        _pod("one-without", _FULL, {}),
        _pod("init-without", _FULL, initContainers=[_INIT]),
        _pod("sidecar", {"requests": {"cpu": "10m", "memory": "512Mi"}}, initContainers=[_SIDECAR]),
        _pod("pod-level", {}, resources={"limits": {"cpu": "30m", "memory": "32Mi"}}),
        _pod("critical", {}, order=Order(every=2, take=4), priorityClassName="system-cluster-critical"),
        load_generator.pod(FILLS, _WRITES),
    )
}


def lasting_containers(name: str) -> list[Object]:
    """Return the containers of a Pod that run on: its sidecars, no other init containers, and its own."""
    spec = PODS[name]["spec"]
    sidecars = [init for init in spec.get("initContainers", ()) if init.get("restartPolicy") == "Always"]
    return [*sidecars, *spec["containers"]]


CONTAINERS = [(name, container["name"]) for name in PODS for container in lasting_containers(name)]
EVICTED = Match("Pod", FILLS, lambda item: item.body.get("status", {}).get("reason") == "Evicted")


def read_node(context: Context) -> None:
    """Keep the node, the configuration of its kubelet, and what its containerd may set: own value, and whether free."""
    (node, *_) = context.api.items("/api/v1/nodes")
    config = context.api.call("GET", f"/api/v1/nodes/{context.cluster.node}/proxy/configz")
    runtime = docker.docker("exec", context.settings.node, "sh", "-c", _RUNTIME)
    context.data |= {"node": node, "kubelet": config["kubeletconfig"], "runtime": runtime}


def score_floor(runtime: str) -> int:
    """Return the lowest oom_score_adj that the runtime can give, from what the node says of it.

    https://github.com/containerd/containerd/blob/main/docs/cri/config.md: restrict_oom_score_adj
    """
    own = re.search(r"^-?\d+$", runtime, re.MULTILINE)
    restricted = re.search(r"restrict_oom_score_adj *= *true", runtime)
    return int(own[0]) if own and restricted else _MIN_SCORE


def _capacity(record: Record) -> int:
    return quantities.size(record.data["node"]["status"]["capacity"]["memory"])


def _class(name: str) -> Expect[Record]:
    def measure(record: Record) -> Fact:
        spec = record.pod(name).get("spec", {})
        containers = (*spec.get("initContainers", ()), *spec.get("containers", ()))
        resources = {
            "pod": spec.get("resources"),
            **{container["name"]: container["resources"] for container in containers},
        }
        command = f"kubectl get pod {name} -o jsonpath='{{.spec.containers[*].resources}}'"
        exhibit = Exhibit("field", f"{name}: resources", json.dumps(resources), _SHOWS["resources"], command)
        fact = PodField(name, "status.qosClass", _SHOWS["class"])(record)
        return replace(fact, exhibits=(*fact.exhibits, exhibit))

    return Expect(f"class-{name}", name, qos_classes.qos_class(PODS[name]["spec"]), measure, text="class", because=name)


def _score(pod: str, container: str) -> Expect[Record]:
    """Expect a container's oom_score_adj to be what follows on this node, whose runtime may not go so low."""
    spec, where = PODS[pod]["spec"], f"{pod}/{container}"
    definition = next(item for item in lasting_containers(pod) if item["name"] == container)

    def predict(record: Record, floor: int) -> int:
        return qos_classes.oom_score_adj(spec, definition, _capacity(record), floor)

    def predicted(record: Record) -> str:
        return str(predict(record, score_floor(record.data["runtime"])))

    def is_restricted(record: Record) -> bool:
        return predicted(record) != str(predict(record, _MIN_SCORE))

    def measure(record: Record) -> Fact:
        began = log_of(record, pod, container).last("began")
        score, path = began.body["oom_score_adj"] if began else "", "/proc/1/oom_score_adj"
        command = f"kubectl exec {pod} -c {container} -- cat {path}"
        exhibit = Exhibit("command", f"{path}, {where}", score, _SHOWS["score"], command)
        restriction = Exhibit("command", "the node: containerd", record.data["runtime"], _SHOWS["runtime"])
        return Fact(score, exhibits=(exhibit, restriction) if is_restricted(record) else (exhibit,))

    def values(record: Record) -> Mapping[str, object]:
        restriction = _VALUES["restriction"].format(floor=score_floor(record.data["runtime"]))
        return {"restriction": restriction if is_restricted(record) else same("")}

    because = qos_classes.qos_class(spec)
    return Expect(f"oom-{pod}-{container}", where, predicted, measure, text="oom", because=because, values=values)


def eviction_order(record: Record) -> Fact:
    """Measure the order of eviction by what the cgroups say is used."""
    candidates = [_candidate(record, name) for name in ("critical", *RANKED)]
    raw = "\n".join(
        f"{pod.name}: uses {pod.used}, requests {pod.requested}, priority {pod.priority}" for pod in candidates
    )
    exhibit = Exhibit("cgroup", "working sets, and requests", raw, _SHOWS["ranking"], "kubectl top pod")
    ranked = qos_classes.eviction_order(candidates)
    return Fact(", ".join(pod.name for pod in ranked), exhibits=(exhibit,))


def _candidate(record: Record, name: str) -> Candidate:
    logs = (log_of(record, name, container["name"]) for container in lasting_containers(name))
    used = sum(log.cgroup.working_set for log in logs if log.cgroup)
    priority = record.pod(name).get("spec", {}).get("priority", 0)
    return Candidate(name, used, qos_classes.memory_request(PODS[name]["spec"]), priority)


def reserved(record: Record) -> int:
    """Return the memory that kubelet keeps back, before it evicts: kind's own configuration leaves it at nothing."""
    kubelet = record.data["kubelet"]
    threshold = (kubelet.get("evictionHard") or {}).get("memory.available", "0")
    percent = threshold.removesuffix("%")
    hard = int(_capacity(record) * float(percent) / 100) if percent != threshold else quantities.size(threshold)
    reserves = ((kubelet.get(name) or {}).get("memory", "0") for name in ("kubeReserved", "systemReserved"))
    return hard + sum(map(quantities.size, reserves))


def allocatable(record: Record) -> Fact:
    node, hard = record.data["node"], record.data["kubelet"].get("evictionHard") or {}
    command = f"kubectl get --raw /api/v1/nodes/{node['metadata']['name']}/proxy/configz"
    exhibit = Exhibit("field", "kubelet: evictionHard", json.dumps(hard), _SHOWS["threshold"], command)
    amount = quantities.size(node["status"]["allocatable"]["memory"])
    return Fact(units.exact_size(amount), exhibits=(exhibit,))


EVICTION_MESSAGE = PodField(FILLS, "status.message", _SHOWS["evicted"])


def eviction(record: Record) -> Fact:
    """Measure when the Pod was evicted after it had written; raises LabError where that moment is not known."""
    wrote, item = log_of(record, FILLS, "c1").last("wrote"), record.first(EVICTED)
    if wrote is None:
        raise LabError(f"Pod {FILLS} did not say when it had written", "run the experiment again")
    value, at = word("yes" if item else "no"), item.at if item else None
    return Fact(value, at, wrote.at - record.began, EVICTION_MESSAGE(record).exhibits)


def _ended(phase: str, starts: int) -> Text:
    return _VALUES["ended"].format(phase=phase, starts=starts)


def end_of_the_evicted(record: Record) -> Fact:
    """Measure the phase, and the starts by the events, as restartCount may be one too high.

    Where kubelet finds the container gone before it saw its end, it counts a restart that never was.
    """
    starts = {item.name: item for item in record.all(event(FILLS, "Started"))}
    phase = record.pod(FILLS).get("status", {}).get("phase", "")
    return Fact(_ended(phase, len(starts)), exhibits=(*EVICTION_MESSAGE(record).exhibits, *map(shown, starts.values())))


def _event(item: Observation) -> Drawn:
    text = f"{item.body['reason']}: {item.body.get('message', '').strip()}"
    return same(text), "bad" if item.body.get("type") == "Warning" else "neutral"


QOS = Timed(
    "qos",
    progress=f"{len(PODS)} Pods, each with other requests and limits",
    pods=list(PODS.values()),
    steps=[
        # First the one that fills its disk: with its Pod evicted, some 10 s later, its log is gone.
        WaitForReport(FILLS, "c1", "ready"),
        *(WaitForReport(*container, "ready") for container in CONTAINERS if container[0] != FILLS),
        report(f"Pod {FILLS} has filled its disk, and is about to be evicted"),
        until(EVICTED, timeout=_EVICTION[1] + MAX_DELAY),
        read_node,
    ],
    expects=[
        *map(_class, PODS),
        *(_score(*container) for container in CONTAINERS),
        Expect("eviction-order", ", ".join(sorted(("critical", *RANKED))), ", ".join(RANKED), eviction_order),
        Expect(
            "eviction-threshold",
            lambda record: str(record.data["node"]["metadata"]["name"]),
            lambda record: units.exact_size(_capacity(record) - reserved(record)),
            allocatable,
            because=lambda record: "some" if reserved(record) else "none",
        ),
        Expect("eviction", FILLS, word("yes"), eviction, _EVICTION),
        Expect("eviction-for-good", FILLS, _ended("Failed", 1), end_of_the_evicted),
    ],
    tracks={
        "eviction": [
            timeline.container(FILLS, "c1", FILLS),
            timeline.points("kubelet", event(FILLS), _event),
        ]
    },
)
run, manifests = QOS.run, QOS.manifests
