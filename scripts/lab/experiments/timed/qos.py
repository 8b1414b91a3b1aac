"""QoS: the class that follows from requests and limits, whom the kernel kills first, whom the kubelet evicts first.

One small Pod for each combination. Nothing is evicted for want of memory, which the whole machine would suffer from;
one Pod is evicted for real, by the disk that it fills: 20 MiB of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import docker
from lab.experiments import catalog, pods
from lab.experiments.results import Label
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import lanes, loads, looking, qos_judged
from lab.experiments.timed.expecting import MOST
from lab.experiments.timed.loads import Order
from lab.experiments.timed.qos_cases import CASES, FILLS
from lab.experiments.timed.qos_judged import Evidence, lasting
from lab.experiments.timed.recorder import recording
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Settings
    from lab.experiments.results import Experiment, Timeline
    from lab.experiments.timed.loads import Line
    from lab.experiments.timed.qos_cases import Case
    from lab.experiments.timed.recorder import Observation, Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

_START = 90.0
_RUNTIME = "grep -h restrict_oom_score_adj /etc/containerd/config.toml; cat /proc/$(pidof -s containerd)/oom_score_adj"


def cast(image: str) -> list[Object]:
    """Return a Pod for each case."""
    return [_pod(image, name, case) for name, case in CASES.items()]


def _pod(image: str, name: str, case: Case) -> Object:
    order = Order(every=2, take=case.take, file=case.file, path="/tmp/much")  # noqa: S108 - the container's own
    containers = [
        loads.container(image, f"c{number}", order, resources, **_rights(case))
        for number, resources in enumerate(case.containers, start=1)
    ]
    more: Object = {"resources": case.pod} if case.pod else {}
    if case.init is not None:
        more["initContainers"] = [loads.container(image, "init", Order(every=2, seconds=0), case.init)]
    if case.sidecar is not None:
        sidecar = loads.container(image, "sidecar", Order(every=2), case.sidecar)
        more["initContainers"] = [{**sidecar, "restartPolicy": "Always"}]
    if case.priority:
        more["priorityClassName"] = case.priority
    return pods.pod(name, *containers, grace=0, **more)


def _rights(case: Case) -> Object:
    """Let a Pod that fills its disk write into the container's own layer: what is in /tmp elsewhere is memory."""
    if not case.file:
        return {}
    usual = pods.guest("", "")["securityContext"]
    return {"securityContext": {**usual, "readOnlyRootFilesystem": False}, "volumeMounts": []}


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError."""
    begun = begin("qos")
    cluster = cluster_versions(settings, api)
    with temporary_namespaces(api, "qos") as (namespace, *_), recording(api, namespace) as recorder:
        report(f"{len(CASES)} Pods, each with other requests and limits")
        sent = {one["metadata"]["name"]: one for one in cast(image)}
        pods.create(api, namespace, *sent.values())
        logs = _logs(api, recorder, namespace, sent)
        report(f"Pod {FILLS} has filled its disk, and is about to be evicted")
        recorder.wait(looking.looks(qos_judged.evicted), qos_judged.EVICTED[1] + MOST)
        evidence = Evidence(
            sent=sent,
            logs=logs,
            node=api.items("/api/v1/nodes")[0],
            kubelet=api.call("GET", f"/api/v1/nodes/{cluster.node}/proxy/configz")["kubeletconfig"],
            runtime=docker.docker("exec", settings.node, "sh", "-c", _RUNTIME),
            seen=recorder.observations,
            since=loads.since(recorder),
            crowd=recorder.load,
        )
        drawn = timeline(recorder.observations, recorder.now())
    return begun.ended(cluster, qos_judged.expectations(evidence), (drawn,))


def _logs(
    api: Api, recorder: Recorder, namespace: str, sent: dict[str, Object]
) -> dict[tuple[str, str], tuple[Line, ...]]:
    """Read what every container said, once each has said its cgroup after it took what it should.

    First the one that fills its disk: with its Pod evicted, some 10 s later, its log is gone.
    """
    first = sorted(sent, key=lambda name: name != FILLS)
    every = [(name, of) for name in first for of in lasting(sent[name])]
    return {one: loads.until_said(api, namespace, one, "ready", _START, recorder=recorder) for one in every}


def timeline(seen: Sequence[Observation], seconds: float) -> Timeline:
    """Draw the eviction: the container, and what kubelet says."""
    state = lanes.container(FILLS, "c1", Label(FILLS, Text(FILLS, FILLS), Text(en="its container", fr="son conteneur")))
    told = Label("kubelet", Text("kubelet", "kubelet"), Text(en="its events", fr="ses événements"))

    def read(one: Observation) -> lanes.Drawn | None:
        if one.kind != "Event" or one.body.get("involvedObject", {}).get("name") != FILLS:
            return None
        text = f"{one.body['reason']}: {one.body.get('message', '').strip()}"
        return Text(text, text), "bad" if one.body.get("type") == "Warning" else "neutral"

    return lanes.timeline(
        "eviction", catalog.find("qos").title, (state, lanes.Lane(told, read, lasting=False)), seen, seconds
    )
