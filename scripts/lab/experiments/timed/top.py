"""`kubectl top`: when it knows a Pod, what it shows beside what the kernel counts, and what it leaves out.

Four small Pods: one that computes and holds memory, one that filled the page cache, one that filled a volume in memory,
one that a CPU limit starves. A third of a core together, 120 MiB.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from lab import waiting
from lab.errors import LabError
from lab.experiments import texts
from lab.experiments.pods import pod
from lab.experiments.results import Exhibit, Moment
from lab.experiments.timed import units
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import MAX_DELAY, Between, Expect, Fact, near, word
from lab.experiments.timed.load_generator import (
    Order,
    Reported,
    WaitForReport,
    container,
    keep_log,
    last,
    log_of,
    samples,
    throttled_part,
)
from lab.experiments.timed.timeline import Track
from lab.kubernetes import client
from lab.kubernetes.client import ApiError
from lab.kubernetes.quantities import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lab.experiments.texts import Texts
    from lab.experiments.timed.cgroups import Cgroup
    from lab.experiments.timed.context import Context
    from lab.experiments.timed.expectations import Window
    from lab.experiments.timed.record import Record
    from lab.kubernetes.objects import Object

BUSY, CACHE, VOLUME, STARVED = PODS = ("busy", "page-cache", "memory-volume", "starved")
"""Each has one container of its own name."""
_MIB = 1 << 20
_KNOWN = 75.0 + MAX_DELAY
_DEFAULT_PERIOD = 60.0
"""Seconds between two scrapes where metrics-server is not told any (its `--metric-resolution`)."""
_FRESH = 10.0
"""Seconds that a container has run before metrics-server serves anything of it."""
_SHORTEST = 5.0
"""Seconds of a window that can be judged; metrics-server's first may be far shorter, and its CPU is any figure then."""
_KUBELET = 40.0
"""Seconds that kubelet may keep the figures that it gives out, and that others may need on a busy machine."""
_THROTTLED = 0.05
"""The part of its periods that a starved container is throttled in at the least: where others take the cores, it waits
for them instead, and uses its quota up more rarely."""
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_REQUESTS = {"requests": {"cpu": "20m", "memory": "32Mi"}}
_TEXTS = texts.load("top")
_SHOWS = _TEXTS.section("exhibits")


@dataclass(frozen=True)
class Usage:
    """What the metrics API gave for a Pod: cores and bytes, of the time from ``since`` to ``until``; ``at`` is when.

    All times are seconds since 1970.
    """

    pod: str
    at: float
    since: float
    until: float
    cpu: float
    memory: float
    raw: Mapping[str, str]

    @classmethod
    def of(cls, metrics: Object) -> Usage:
        usage = metrics["containers"][0]["usage"]
        until = datetime.fromisoformat(metrics["timestamp"]).timestamp()
        since = until - duration(metrics["window"])
        cpu, memory = (float(exact(usage[name])) for name in ("cpu", "memory"))
        return cls(metrics["metadata"]["name"], time.time(), since, until, cpu, memory, usage)

    @property
    def exhibit(self) -> Exhibit:
        where = f"metrics.k8s.io, {self.pod}, a window of {self.until - self.since:.1f} s"
        command = "kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/default/pods"
        return Exhibit("command", where, json.dumps(dict(self.raw)), _SHOWS["usage"], command)


def _yes(holds: bool) -> str:  # noqa: FBT001 - private
    return "yes" if holds else "no"


def duration(text: str) -> float:
    """Parse a time as Go writes it, `1m10.5s` or `539ms`, to seconds."""
    parts = re.findall(r"([0-9.]+)(ms|us|µs|ns|h|m|s)", text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def read_period(context: Context) -> None:
    """Keep how often metrics-server scrapes, by its own arguments; raises LabError where there is none."""
    deployment = context.api.get("/apis/apps/v1/namespaces/kube-system/deployments/metrics-server")
    if deployment is None:
        raise LabError("this cluster has no metrics-server, so there is no `kubectl top`", "`make kind-up` installs it")
    arguments = " ".join(deployment["spec"]["template"]["spec"]["containers"][0].get("args", ()))
    resolution = re.search(r"--metric-resolution=(\S+)", arguments)
    context.data["period"] = duration(resolution[1]) if resolution else _DEFAULT_PERIOD


def read_metrics(context: Context) -> None:
    """Read the metrics until each Pod has a window that can be judged; keep each figure as it was first served."""
    period = context.data["period"]
    context.report(f"metrics-server looks every {period:.0f} s: waiting for a window of its own that we counted too")
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{context.namespace}/pods"
    usages: dict[tuple[str, float], Usage] = {}

    def look() -> tuple[bool, str]:
        context.recorder.raise_if_deleted()
        with contextlib.suppress(ApiError):  # it answers 503 while it is busy
            for usage in map(Usage.of, context.api.items(path)):
                usages.setdefault((usage.pod, usage.until), usage)
        context.data["usages"] = tuple(usages.values())
        return all(latest(context, name) for name in PODS), f"{len(usages)} figures"

    waiting.until("`kubectl top` to know the Pods", look, timeout=_KNOWN, interval=0.5, hint="is metrics-server well?")
    for name in PODS:
        keep_log(context, name, name)
    command = ("top", "pod", "--containers", "--namespace", context.namespace)
    context.data["table"] = client.kubectl(context.settings, *command).stdout


def latest(run: Record | Context, name: str) -> Usage | None:
    """Return the last usage of a Pod that can be judged: its window is long enough, and all of it was counted too."""
    ready = last(log_of(run, name, name), "ready")
    usages = [usage for usage in run.data["usages"] if usage.pod == name and usage.until - usage.since >= _SHORTEST]
    return next((usage for usage in reversed(usages) if ready and usage.since > ready.at), None)


def counted_cores(samples: Sequence[tuple[float, Cgroup]], since: float, until: float) -> float | None:
    """Return the cores used on average between two moments, from a counter that was read now and then."""
    start, end = _interpolate(samples, since), _interpolate(samples, until)
    return None if start is None or end is None or until <= since else (end - start) / (until - since)


def _interpolate(samples: Sequence[tuple[float, Cgroup]], at: float) -> float | None:
    """Return the CPU counter at a moment, on the straight line between the two readings around it."""
    for (earlier, before), (later, after) in itertools.pairwise(samples):
        if earlier <= at <= later:
            part = (at - earlier) / (later - earlier) if later > earlier else 0.0
            return before.cpu + part * (after.cpu - before.cpu)
    return None


def _cgroup_at_end(record: Record, name: str) -> Cgroup | None:
    """Return the reading nearest to the end of the window; None where nothing was read on both sides of it."""
    usage, readings = latest(record, name), samples(log_of(record, name, name))
    if not usage or not readings or not readings[0][0] <= usage.until <= readings[-1][0]:
        return None
    return min(readings, key=lambda reading: abs(reading[0] - usage.until))[1]


def expected_cpu(record: Record, name: str) -> Between:
    usage = latest(record, name)
    cores = counted_cores(samples(log_of(record, name, name)), usage.since, usage.until) if usage else None
    return near(cores, 0.1 * (cores or 0.0) + 0.005, units.cores)


def expected_memory(record: Record, name: str) -> Between:
    cgroup = _cgroup_at_end(record, name)
    size = cgroup.working_set if cgroup else None
    return near(size, 0.05 * (size or 0) + _MIB, units.size)


@dataclass(frozen=True)
class Shown:
    """Measures what top shows of a Pod."""

    pod: str
    value: Callable[[Usage], str | float]

    def __call__(self, record: Record) -> Fact:
        usage = latest(record, self.pod)
        if usage is None:
            return Fact()
        table = Exhibit(
            "command", "kubectl top", record.data["table"].strip(), _SHOWS["table"], "kubectl top pod --containers"
        )
        return Fact(self.value(usage), exhibits=(usage.exhibit, table))


def first_known(record: Record) -> Fact:
    began = last(log_of(record, BUSY, BUSY), "began")
    cause = began.at - record.began if began else 0.0
    usage = next((usage for usage in record.data["usages"] if usage.pod == BUSY), None)
    if usage is None:
        return Fact(word("no"), cause=cause)
    return Fact(word("yes"), usage.at - record.began, cause, (usage.exhibit,))


def known_within(record: Record) -> Window:
    period = record.data["period"]
    return min(period, _FRESH) - 2, 2 * period + _KUBELET


def left_out(record: Record) -> Fact:
    usage, cgroup = latest(record, CACHE), _cgroup_at_end(record, CACHE)
    exhibit = Reported(CACHE, CACHE, "memory_stat", _SHOWS["cache"]).exhibit(record)
    return Fact(cgroup.memory - usage.memory if usage and cgroup else None, exhibits=(exhibit,))


def _moments(record: Record, track: Track, _texts: Texts) -> Iterator[Moment]:
    """Draw when a Pod was ready, and each figure when it first came."""
    ready = last(log_of(record, track.id, track.id), "ready")
    if ready:
        yield Moment(ready.at - record.began, track.id, _TEXTS.section("moments")["ready"], "good", raw=str(ready.body))
    for usage in record.data["usages"]:
        if usage.pod == track.id:
            says = _TEXTS.section("moments")["usage"].format(
                cpu=units.cores(usage.cpu), memory=units.size(usage.memory)
            )
            yield Moment(usage.at - record.began, track.id, says, raw=json.dumps(dict(usage.raw)))


_DISK = {"name": "disk", "emptyDir": {"sizeLimit": "64Mi"}}
_ON_DISK = {"name": "disk", "mountPath": "/data"}

TOP = Timed(
    "top",
    progress="starting four Pods",
    pods=[
        pod(BUSY, container(BUSY, Order(cores=0.15, take=20), _REQUESTS), grace=0),
        pod(
            CACHE,
            container(CACHE, Order(file=24, path="/data/file"), _REQUESTS, volumeMounts=[_ON_DISK]),
            grace=0,
            volumes=[_DISK],
        ),
        pod(VOLUME, container(VOLUME, Order(file=12, path="/tmp/file"), _REQUESTS), grace=0),  # noqa: S108 - its own
        pod(STARVED, container(STARVED, Order(cores=1), {**_REQUESTS, "limits": {"cpu": "100m"}}), grace=0),
    ],
    steps=[
        read_period,
        *(WaitForReport(name, name, "ready") for name in PODS),
        read_metrics,
    ],
    expects=[
        Expect(
            "top-known",
            BUSY,
            word("yes"),
            first_known,
            known_within,
            values=lambda record: {"period": record.data["period"]},
        ),
        *(
            expect
            for name in PODS
            for expect in (
                Expect(
                    f"cpu-{name}", name, partial(expected_cpu, name=name), Shown(name, attrgetter("cpu")), text="cpu"
                ),
                Expect(
                    f"memory-{name}",
                    name,
                    partial(expected_memory, name=name),
                    Shown(name, attrgetter("memory")),
                    text="memory",
                ),
            )
        ),
        Expect("hidden-cache", CACHE, Between(20 * _MIB, 30 * _MIB, units.size), left_out),
        Expect("counted-volume", VOLUME, "yes", Shown(VOLUME, lambda usage: _yes(usage.memory > 16 * _MIB))),
        Expect(
            "hidden-throttling",
            STARVED,
            "yes",
            Reported(
                STARVED, STARVED, "cpu_stat", _SHOWS["throttling"], lambda log: _yes(throttled_part(log) > _THROTTLED)
            ),
        ),
        Expect(
            "top-fields", "metrics.k8s.io", "cpu, memory", Shown(STARVED, lambda usage: ", ".join(sorted(usage.raw)))
        ),
    ],
    tracks=[Track(name, _moments) for name in PODS],
)
run, manifests = TOP.run, TOP.manifests
