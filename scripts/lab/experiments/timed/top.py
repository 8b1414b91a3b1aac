"""`kubectl top` in time: when it knows a Pod, what it says beside what the kernel counts, and what it keeps to itself.

Four small Pods: one that computes and holds memory, one that filled the page cache, one that filled a volume in memory,
one that a CPU limit starves. A third of a core together, 120 MiB.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING

from lab.errors import LabError, TimedOut
from lab.experiments import pods
from lab.experiments.run import begin, cluster_versions
from lab.experiments.timed import loads, top_judged
from lab.experiments.timed.expecting import MOST
from lab.experiments.timed.loads import Order
from lab.experiments.timed.recorder import recording
from lab.experiments.timed.top_judged import BUSY, CACHE, NAMES, STARVED, VOLUME, Evidence, Shown
from lab.kubernetes import client
from lab.kubernetes.client import ApiError
from lab.kubernetes.namespaces import temporary_namespaces
from lab.kubernetes.quantities import exact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.results import Experiment
    from lab.experiments.timed.loads import Line
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

_START, _KNOWN, _EVERY = 90.0, 75.0 + MOST, 0.5
_USUAL = 60.0
"""Seconds between two looks where metrics-server is told nothing (its `--metric-resolution`)."""
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_METRICS = "/apis/metrics.k8s.io/v1beta1"
_DISK = {"name": "disk", "emptyDir": {"sizeLimit": "64Mi"}}


def cast(image: str) -> list[Object]:
    """Return the four Pods."""
    asks = {"requests": {"cpu": "20m", "memory": "32Mi"}}
    starved = {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "100m"}}
    disk = {"volumeMounts": [{"name": "disk", "mountPath": "/data"}]}
    tmp = pods.pod("", grace=0)["spec"]["volumes"]
    return [
        pods.pod(BUSY, loads.container(image, BUSY, Order(cores=0.15, take=20), asks), grace=0),
        pods.pod(
            CACHE,
            loads.container(image, CACHE, Order(file=24, path="/data/file"), asks, **disk),
            grace=0,
            volumes=[*tmp, _DISK],
        ),
        pods.pod(VOLUME, loads.container(image, VOLUME, Order(file=12, path="/tmp/file"), asks), grace=0),  # noqa: S108 - its own
        pods.pod(STARVED, loads.container(image, STARVED, Order(cores=1), starved), grace=0),
    ]


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError, also where there is no metrics-server."""
    begun = begin("top")
    every = resolution(api)
    cluster = cluster_versions(settings, api)
    with temporary_namespaces(api, "top") as (namespace, *_), recording(api, namespace) as recorder:
        pods.create(api, namespace, *cast(image))
        since = loads.since(recorder)
        logs = {
            name: loads.until_said(api, namespace, (name, name), "ready", _START, recorder=recorder) for name in NAMES
        }
        report(f"metrics-server looks every {every:.0f} s: waiting for a window of its own that we counted too")
        shown = _watch(api, recorder, namespace, logs)
        table = client.kubectl(settings, "top", "pod", "--containers", "--namespace", namespace).stdout
        evidence = Evidence(
            every=every,
            logs={name: loads.log(api, namespace, name, name) for name in NAMES},
            shown=shown,
            table=table,
            since=since,
            ended=recorder.now(),
            crowd=recorder.load,
        )
    return begun.ended(cluster, top_judged.expectations(evidence), (top_judged.timeline(evidence, begun.entry.title),))


def resolution(api: Api) -> float:
    """Return how often metrics-server looks, in seconds, by its own arguments; raises LabError where there is none."""
    found = api.get("/apis/apps/v1/namespaces/kube-system/deployments/metrics-server")
    if found is None:
        raise LabError("this cluster has no metrics-server, so there is no `kubectl top`", "`make kind-up` installs it")
    words = " ".join(found["spec"]["template"]["spec"]["containers"][0].get("args", ()))
    told = re.search(r"--metric-resolution=(\S+)", words)
    return duration(told[1]) if told else _USUAL


def duration(text: str) -> float:
    """Read a time as Go writes it, `1m10.5s` or `539ms`, in seconds."""
    parts = re.findall(r"([0-9.]+)(ms|us|µs|ns|h|m|s)", text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _watch(api: Api, recorder: Recorder, namespace: str, logs: Mapping[str, Sequence[Line]]) -> tuple[Shown, ...]:
    """Read the metrics until each Pod has a window that can be judged; return each figure as it was first seen."""
    found: dict[tuple[str, float], Shown] = {}
    deadline = time.monotonic() + _KNOWN
    while True:
        for one in _metrics(api, namespace):
            found.setdefault((one.pod, one.until), one)
        if all(top_judged.latest(tuple(found.values()), name, logs[name]) for name in NAMES):
            return tuple(found.values())
        recorder.raise_if_deleted()
        if time.monotonic() > deadline:
            raise TimedOut("`kubectl top` to know the Pods", _KNOWN, f"{len(found)} figures", "is metrics-server well?")
        time.sleep(_EVERY)


def _metrics(api: Api, namespace: str) -> list[Shown]:
    try:
        found = api.items(f"{_METRICS}/namespaces/{namespace}/pods")
    except ApiError:  # it says 503 while it is busy
        return []
    return [_shown(one) for one in found]


def _shown(metrics: Object) -> Shown:
    (container, *_) = metrics["containers"]
    until = datetime.fromisoformat(metrics["timestamp"]).timestamp()
    return Shown(
        pod=metrics["metadata"]["name"],
        seen=time.time(),
        until=until,
        since=until - duration(metrics["window"]),
        cpu=float(exact(container["usage"]["cpu"])),
        memory=float(exact(container["usage"]["memory"])),
        raw=container["usage"],
    )
