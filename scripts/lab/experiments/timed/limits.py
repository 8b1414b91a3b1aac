"""Limits: too much memory kills, too much CPU slows down; and what a quantity is in the cgroup.

One Pod takes more memory than its limit, one has a process beside process 1 do so, one works with and without a CPU
limit, one only has quantities that are easily confused: 220 MiB of limits, and a core for a second.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from lab.experiments import texts
from lab.experiments.results import Exhibit, Moment
from lab.experiments.texts import Text, Texts, same
from lab.experiments.timed import cgroups, measures, record, timeline, units
from lab.experiments.timed.actions import Context, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import Between, Expect, Fact
from lab.experiments.timed.load_generator import (
    OOM_KILLED,
    Log,
    Order,
    Reported,
    WaitForReport,
    cgroup_version,
    container,
    keep_log,
    log_of,
    oom_reasons,
    pod,
)
from lab.experiments.timed.measures import ContainerStatus, PodField
from lab.experiments.timed.record import Record, ended, running
from lab.experiments.timed.timeline import Track
from lab.kubernetes import quantities
from lab.kubernetes.pod_status import last_terminated, restarts

MEMORY_LIMIT, CPU_LIMIT, CPU_SECONDS = "32Mi", "200m", 0.6
_CPU_REQUEST = {"cpu": "20m"}
"""Without one it would be the limit, and other experiments need room on the node too."""
_MEMORY = {"requests": {**_CPU_REQUEST, "memory": MEMORY_LIMIT}, "limits": {"memory": MEMORY_LIMIT}}
_ONCE = "/tmp/done"  # noqa: S108 - in a volume of the Pod's own, which outlives the container
QUANTITIES = {
    "mebi": {"cpu": "100m", "memory": "64Mi"},
    "mega": {"cpu": "0.1", "memory": "64M"},
    "pages": {"cpu": "50m", "memory": "30M"},
}
"""Limits that are easily confused, by the container that has them."""
_SLOWDOWN = 1000 / quantities.millicores(CPU_LIMIT)
_BUSY = 2.5
"""How many times longer the work may take than the limit alone explains, as others want the same two cores."""
_TEXTS = texts.load("limits")
_SHOWS, _VALUES = _TEXTS.section("exhibits"), _TEXTS.section("values")


def keep_log_before_kill(context: Context) -> None:
    keep_log(context, "memory", "taker", previous=True)


def how_it_ended(field: str) -> ContainerStatus:
    return ContainerStatus(
        "memory", "taker", lambda status: str(last_terminated(status).get(field, "")), _SHOWS["killed"]
    )


def highest_use(log: Log) -> float | None:
    """Return the last use that was reported before the kill."""
    return max((sample.memory for _, sample in log.samples), default=None)


def killed_process(record: Record) -> Fact:
    """Measure who is killed when not process 1 but another takes the memory."""
    end = last_terminated(record.container("child", "taker"))
    report = log_of(record, "child", "taker").last("child ended")
    body = end or (report.body if report else {})
    outcome = str(end["exitCode"]) if end else f"signal {body['signal']}" if body else ""
    known = {"signal 9": _VALUES["child-killed"], OOM_KILLED: _VALUES["container-killed"]}
    text = json.dumps(body)
    exhibit = Exhibit("status" if end else "command", "child/taker", text, _SHOWS["child"], "kubectl logs child")
    return Fact(known.get(outcome, outcome), exhibits=(exhibit,))


def expected_victim(record: Record) -> Text:
    return _VALUES["container-killed" if cgroup_version(record) == "v2" else "child-killed"]


def throttled(log: Log) -> str | None:
    return ("yes" if log.throttled_part else "no") if log.samples else None


def stretch(log: Log) -> float | None:
    """Return how many times longer the work took than the CPU time that it used."""
    worked = log.last("worked")
    return worked.body["wall"] / worked.body["cpu"] if worked else None


def slowdown(record: Record) -> Fact:
    worked = log_of(record, "cpu", "limited").last("worked")
    text = json.dumps(worked.body if worked else {})
    clock = Exhibit("command", "cpu/limited", text, _SHOWS["clock"], "kubectl logs cpu -c limited")
    fact = Reported("cpu", "limited", "cpu_stat", _SHOWS["throttling"], stretch)(record)
    return replace(fact, exhibits=(clock, *fact.exhibits))


def expected_slowdown(record: Record) -> Between:
    """Predict it by the limit alone at the least, of which the first and the last period need not be whole.

    Others may make it longer, as what they do to the same work without limit shows.
    """
    periods = CPU_SECONDS * 10 * _SLOWDOWN
    took = stretch(log_of(record, "cpu", "limited")) or 0.0
    busy = max(_BUSY, 2 * (stretch(log_of(record, "cpu", "free")) or 0.0)) if took > _SLOWDOWN * _BUSY else _BUSY
    return Between((periods - 2) * 0.1 / CPU_SECONDS, _SLOWDOWN * busy, units.times, too_wide=busy > 4 * _BUSY)


def _in_cgroup(name: str, quantity: str) -> Expect[Record]:
    """Expect what a container's limit becomes in its cgroup."""
    limits, field = QUANTITIES[name], "memory" if quantity == "memory" else "quota"
    unit: Callable[[int | None], Text] = units.exact_size if quantity == "memory" else units.quota

    def expected(record: Record) -> Text:
        began = log_of(record, "units", name).last("began")
        page = began.body["page"] if began else cgroups.PAGE
        return unit(getattr(cgroups.limits({"limits": limits}, page), field))

    def measured(log: Log) -> Text | None:
        return unit(getattr(log.cgroup.limits, field)) if log.cgroup else None

    file = "memory_limit" if quantity == "memory" else "cpu_quota"
    measure = Reported("units", name, file, _SHOWS["cgroup-limit"], measured)
    return Expect(f"{quantity}-{name}", f"{quantity}: {limits[quantity]}", expected, measure, text=quantity)


def _use(record: Record, track: Track, _texts: Texts) -> Iterator[Moment]:
    """Draw the first moment at which each further 4 MiB were in use."""
    step, drawn = 4 << 20, -1
    limit = quantities.size(MEMORY_LIMIT)
    for at, sample in log_of(record, "memory", "taker").samples:
        if sample.memory // step > drawn:
            drawn = sample.memory // step
            state: timeline.State = "bad" if sample.memory + step > limit else "neutral"
            yield Moment(at - record.began, track.id, same(f"{sample.memory >> 20} Mi"), state, raw=str(sample.memory))


def _work(record: Record, track: Track, _texts: Texts) -> Iterator[Moment]:
    log = log_of(record, "cpu", track.id)
    began, worked = log.last("began"), log.last("worked")
    if began and worked:
        part = log.throttled_part
        says = _VALUES["throttled"].format(percent=units.percent(part)) if part else _VALUES["works"]
        start, end = (line.at - record.began for line in (began, worked))
        yield Moment(start, track.id, says, "bad" if part else "good", end, str(worked.body))


LIMITS = Timed(
    "limits",
    progress="one Pod takes memory, one works, both beyond their limits",
    pods=[
        pod("memory", container("taker", Order(take=64, pause=0.05, every=0.1, once=_ONCE), **_MEMORY)),
        pod("child", container("taker", Order(child=64, every=1, once=_ONCE), **_MEMORY)),
        pod(
            "cpu",
            container("limited", Order(burn=CPU_SECONDS), _CPU_REQUEST, {"cpu": CPU_LIMIT, "memory": "24Mi"}),
            container("free", Order(burn=CPU_SECONDS), _CPU_REQUEST),
        ),
        pod("units", *(container(name, Order(every=30), {"cpu": "10m"}, QUANTITIES[name]) for name in QUANTITIES)),
    ],
    ready=[
        running("cpu", "limited"),
        running("cpu", "free"),
        *(running("units", name) for name in QUANTITIES),
        ended("memory", "taker"),
    ],
    steps=[
        until(record.container("memory", "taker", lambda status: restarts(status) > 0), timeout=45),
        WaitForReport("child", "taker", "child ended", unless=ended("child", "taker")),
        *(WaitForReport("cpu", name, "worked") for name in ("limited", "free")),
        *(WaitForReport("units", name, "ready") for name in QUANTITIES),
        keep_log_before_kill,
    ],
    expects=[
        Expect("memory-code", "memory", OOM_KILLED, how_it_ended("exitCode")),
        Expect("memory-reason", "memory", oom_reasons, how_it_ended("reason")),
        Expect(
            "memory-most",
            "memory",
            Between(quantities.size(MEMORY_LIMIT) * 0.75, quantities.size(MEMORY_LIMIT), units.size),
            Reported("memory", "taker", "memory_usage", _SHOWS["last-use"], highest_use),
        ),
        Expect("memory-restart", "memory", "1", measures.restarts("memory", "taker", _SHOWS["killed"])),
        Expect("memory-child", "child", expected_victim, killed_process, because=cgroup_version),
        Expect(
            "cpu-throttled",
            "cpu",
            "yes",
            Reported("cpu", "limited", "cpu_stat", _SHOWS["throttling"], throttled),
            values={"quota": quantities.millicores(CPU_LIMIT) // 10},
        ),
        Expect(
            "cpu-longer",
            "cpu",
            expected_slowdown,
            slowdown,
            values={"limit": CPU_LIMIT, "ratio": _SLOWDOWN},
        ),
        Expect("cpu-free", "cpu", "no", Reported("cpu", "free", "cpu_stat", _SHOWS["unthrottled"], throttled)),
        Expect("cpu-not-killed", "cpu", "0", measures.restarts("cpu", "limited", _SHOWS["runs-on"])),
        *(_in_cgroup(name, quantity) for name in QUANTITIES for quantity in ("memory", "cpu")),
        Expect(
            "cpu-stored",
            f"cpu: {QUANTITIES['mega']['cpu']}",
            quantities.stored_cpu("0.1"),
            PodField("units", "spec.containers[1].resources.limits.cpu", _SHOWS["stored"]),
        ),
    ],
    tracks=[
        Track("use", _use),
        timeline.container("memory", "taker", "container"),
        Track("free", _work),
        Track("limited", _work),
    ],
)
run, manifests = LIMITS.run, LIMITS.manifests
