"""`kubectl top`: when it knows a Pod, what it shows beside what the kernel counts, and what it leaves out.

Four small Pods: one that computes and holds memory, one that filled the page cache, one that filled a volume in memory,
one that a CPU limit starves. A third of a core together, 120 MiB.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

from lab.errors import TimedOut
from lab.experiments import texts
from lab.experiments.results import Exhibit, Moment
from lab.experiments.texts import Texts
from lab.experiments.timed import units
from lab.experiments.timed.actions import Context
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import Between, Expect, Fact, Window, near, word
from lab.experiments.timed.load_generator import (
    Order,
    Reported,
    WaitForReport,
    container,
    keep_log,
    log_of,
    pod,
)
from lab.experiments.timed.metrics_api import (
    Usage,
    cgroup_at_end,
    counted_cores,
    latest_usage,
    read_period,
    read_usages,
)
from lab.experiments.timed.record import Record
from lab.experiments.timed.timeline import Track
from lab.kubernetes import client

BUSY, CACHE, VOLUME, STARVED = PODS = ("busy", "page-cache", "memory-volume", "starved")
"""Each has one container of its own name."""
_MIB = 1 << 20
_FRESH = 10.0
"""Seconds that a container has run before metrics-server serves anything of it."""
_KUBELET = 40.0
"""Seconds that kubelet may keep the figures that it gives out, and that others may need on a busy machine."""
_THROTTLED = 0.05
"""The part of its periods that a starved container is throttled in at the least: where others take the cores, it waits
for them instead, and uses its quota up more rarely."""
_REQUESTS = {"cpu": "20m", "memory": "32Mi"}
_TEXTS = texts.load("top")
_SHOWS, _MOMENTS = _TEXTS.section("exhibits"), _TEXTS.section("moments")


def read_top(context: Context) -> None:
    """Keep the usages, the logs that span their windows, and what `kubectl top` prints."""
    period = context.data["period"]
    context.report(f"metrics-server looks every {period:.0f} s: waiting for a window of its own that we counted too")
    try:
        read_usages(context, PODS)
    except TimedOut as error:  # the figures that came are judged
        context.report.note(error.what)
    for name in PODS:
        keep_log(context, name, name)
    command = ("top", "pod", "--containers", "--namespace", context.namespace)
    table = client.kubectl(context.settings, *command, check=False)  # a busy metrics-server is "not available" at times
    context.data["table"] = table.stdout or table.stderr


@dataclass(frozen=True)
class Shown:
    """Measures what top shows of a Pod."""

    pod: str
    value: Callable[[Usage], str | float]

    def __call__(self, record: Record) -> Fact:
        usage, table = latest_usage(record, self.pod), record.data["table"].strip()
        if usage is None:
            return Fact()
        printed = Exhibit("command", "kubectl top", table, _SHOWS["table"], "kubectl top pod --containers")
        return Fact(self.value(usage), exhibits=(usage.exhibit, printed))


def cpu(name: str) -> Expect[Record]:
    def expected(record: Record) -> Between:
        usage = latest_usage(record, name)
        cores = counted_cores(log_of(record, name, name).samples, usage.since, usage.until) if usage else None
        return near(cores, 0.1 * (cores or 0.0) + 0.005, units.cores)

    return Expect(f"cpu-{name}", name, expected, Shown(name, attrgetter("cpu")), text="cpu")


def memory(name: str) -> Expect[Record]:
    def expected(record: Record) -> Between:
        cgroup = cgroup_at_end(record, name)
        size = cgroup.working_set if cgroup else None
        return near(size, 0.05 * (size or 0) + _MIB, units.size)

    return Expect(f"memory-{name}", name, expected, Shown(name, attrgetter("memory")), text="memory")


def first_known(record: Record) -> Fact:
    began = log_of(record, BUSY, BUSY).last("began")
    cause = began.at - record.began if began else 0.0
    usage = next((usage for usage in record.data["usages"] if usage.pod == BUSY), None)
    if usage is None:
        return Fact(word("no"), cause=cause)
    return Fact(word("yes"), usage.at - record.began, cause, (usage.exhibit,))


def known_within(record: Record) -> Window:
    period = record.data["period"]
    return min(period, _FRESH) - 2, 2 * period + _KUBELET


_CACHE_STAT = Reported(CACHE, CACHE, "memory_stat", _SHOWS["cache"], lambda _: None)


def left_out(record: Record) -> Fact:
    usage, cgroup = latest_usage(record, CACHE), cgroup_at_end(record, CACHE)
    value = cgroup.memory - usage.memory if usage and cgroup else None
    return replace(_CACHE_STAT(record), value=value)


def counts_the_volume(usage: Usage) -> str:
    return "yes" if usage.memory > 16 * _MIB else "no"


def field_names(usage: Usage) -> str:
    return ", ".join(sorted(usage.raw))


def throttled(record: Record) -> Fact:
    """Measure whether a container is throttled of which top shows little use."""
    stat = Reported(STARVED, STARVED, "cpu_stat", _SHOWS["throttling"], attrgetter("throttled_part"))(record)
    is_throttled = isinstance(stat.value, float) and stat.value > _THROTTLED
    usage = Shown(STARVED, field_names)(record)
    return Fact("yes" if is_throttled else "no", exhibits=(*stat.exhibits, *usage.exhibits))


def _moments(record: Record, track: Track, _texts: Texts) -> Iterator[Moment]:
    """Draw when a Pod was ready, and each figure when it first came."""
    ready = log_of(record, track.id, track.id).last("ready")
    if ready:
        yield Moment(ready.at - record.began, track.id, _MOMENTS["ready"], "good", raw=str(ready.body))
    for usage in record.data["usages"]:
        if usage.pod == track.id:
            says = _MOMENTS["usage"].format(cpu=units.cores(usage.cpu), memory=units.size(usage.memory))
            yield Moment(usage.at - record.began, track.id, says, raw=json.dumps(dict(usage.raw)))


_DISK = {"name": "disk", "emptyDir": {"sizeLimit": "64Mi"}}
_ON_DISK = {"name": "disk", "mountPath": "/data"}

TOP = Timed(
    "top",
    progress="starting four Pods",
    pods=[
        pod(BUSY, container(BUSY, Order(cores=0.15, take=20), _REQUESTS)),
        pod(
            CACHE,
            container(CACHE, Order(file=24, path="/data/file"), _REQUESTS, volumeMounts=[_ON_DISK]),
            volumes=[_DISK],
        ),
        pod(VOLUME, container(VOLUME, Order(file=12, path="/tmp/file"), _REQUESTS)),  # noqa: S108 - its own
        pod(STARVED, container(STARVED, Order(cores=1), _REQUESTS, {"cpu": "100m"})),
    ],
    steps=[read_period, *(WaitForReport(name, name, "ready") for name in PODS), read_top],
    expects=[
        Expect(
            "top-known",
            BUSY,
            word("yes"),
            first_known,
            known_within,
            values=lambda record: {"period": record.data["period"]},
        ),
        *(expect(name) for name in PODS for expect in (cpu, memory)),
        Expect("hidden-cache", CACHE, Between(20 * _MIB, 30 * _MIB, units.size), left_out),
        Expect("counted-volume", VOLUME, "yes", Shown(VOLUME, counts_the_volume)),
        Expect("hidden-throttling", STARVED, "yes", throttled),
        Expect("top-fields", "metrics.k8s.io", "cpu, memory", Shown(STARVED, field_names)),
    ],
    tracks=[Track(name, _moments) for name in PODS],
)
run, manifests = TOP.run, TOP.manifests
