"""The figures of the metrics API, which `kubectl top` prints, and those of the cgroups over the same time."""

import contextlib
import itertools
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lab import waiting
from lab.errors import LabError
from lab.experiments import texts
from lab.experiments.results import Exhibit
from lab.experiments.timed.actions import Context
from lab.experiments.timed.cgroups import Cgroup
from lab.experiments.timed.expectations import MAX_DELAY
from lab.experiments.timed.load_generator import log_of
from lab.experiments.timed.record import Record
from lab.kubernetes.client import ApiError
from lab.kubernetes.objects import Object
from lab.kubernetes.quantities import exact

_TIMEOUT = 75.0 + MAX_DELAY
_DEFAULT_PERIOD = 60.0
"""Seconds between two scrapes where metrics-server is not told any (its `--metric-resolution`)."""
_SHORTEST = 5.0
"""Seconds of a window that can be judged; metrics-server's first may be far shorter, and its CPU is any figure then."""
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SHOWS = texts.load("top").section("exhibits")


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
    def of(cls, metrics: Object) -> "Usage":
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


def read_usages(context: Context, pods: Sequence[str]) -> None:
    """Read the metrics until each Pod has a window that can be judged; keep each figure as it was first served."""
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{context.namespace}/pods"
    usages: dict[tuple[str, float], Usage] = {}

    def poll() -> tuple[bool, str]:
        context.recorder.raise_if_deleted()
        with contextlib.suppress(ApiError):  # it answers 503 while it is busy
            for usage in map(Usage.of, context.api.items(path)):
                usages.setdefault((usage.pod, usage.until), usage)
        context.data["usages"] = tuple(usages.values())
        return all(latest_usage(context, pod) for pod in pods), f"{len(usages)} figures"

    waiting.until(
        "`kubectl top` to know the Pods", poll, timeout=_TIMEOUT, interval=0.5, hint="is metrics-server well?"
    )


def latest_usage(run: Record | Context, name: str) -> Usage | None:
    """Return the last usage of a Pod that can be judged: its window is long enough, and all of it was counted too."""
    ready = log_of(run, name, name).last("ready")
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


def cgroup_at_end(record: Record, name: str) -> Cgroup | None:
    """Return the reading nearest to the end of the window; None where nothing was read on both sides of it."""
    usage, readings = latest_usage(record, name), log_of(record, name, name).samples
    if not usage or not readings or not readings[0][0] <= usage.until <= readings[-1][0]:
        return None
    return min(readings, key=lambda reading: abs(reading[0] - usage.until))[1]
