"""Limits in time: too much memory kills, too much CPU slows down; and what a quantity is in the cgroup.

One Pod takes more memory than its limit, one has a process beside process 1 do so, one works with and without a CPU
limit, one only holds quantities that are easily confused: 220 MiB of limits, and a core for a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments import catalog, pods
from lab.experiments.results import Label, Moment, Timeline
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, lanes, limits_judged, limits_units, loads, looking
from lab.experiments.timed.limits_judged import CHILD, CPU, FREE, HELD, LIMITED, MEMORY, TAKER, UNITS, Evidence
from lab.experiments.timed.loads import Order
from lab.experiments.timed.recorder import recording
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.config import Settings
    from lab.experiments.results import Experiment
    from lab.experiments.timed.loads import Line
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

_START, _WORK = 90.0, 45.0
"""Seconds to wait for the Pods to be started, and for the work to be done."""
_LITTLE = "20m"
"""The CPU request of each: without one it is the limit, and other experiments need room on the node too."""
_ONCE = "/tmp/done"  # noqa: S108 - in a volume of the Pod's own, which outlives the container


def cast(image: str) -> list[Object]:
    """Return the four Pods."""
    small = {"requests": {"cpu": _LITTLE, "memory": "32Mi"}, "limits": {"memory": "32Mi"}}
    taker = loads.container(image, TAKER, Order(take=64, pause=0.05, every=0.1, once=_ONCE), small)
    child = loads.container(image, TAKER, Order(child=64, every=1, once=_ONCE), small)
    work = {
        LIMITED: {"requests": {"cpu": _LITTLE}, "limits": {"cpu": limits_judged.LIMIT, "memory": "24Mi"}},
        FREE: {"requests": {"cpu": _LITTLE}},
    }
    return [
        pods.pod(MEMORY, taker, grace=0),
        pods.pod(CHILD, child, grace=0),
        pods.pod(
            CPU, *(loads.container(image, name, Order(burn=limits_judged.WORK), work[name]) for name in work), grace=0
        ),
        pods.pod(UNITS, *(loads.container(image, name, Order(every=30), HELD[name]) for name in HELD), grace=0),
    ]


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError."""
    begun = begin("limits")
    cluster = cluster_versions(settings, api)
    with temporary_namespaces(api, "limits") as (namespace, *_), recording(api, namespace) as recorder:
        report("one Pod takes memory, one works, both beyond their limits")
        subjects = pods.create(api, namespace, *cast(image))
        _wait(api, namespace, recorder)
        evidence = Evidence(
            version="v2" if cluster.cgroup == "v2" else "v1",
            sent={one["metadata"]["name"]: one for one in cast(image)},
            pods={one.name: api.get(one.path) or {} for one in subjects},
            logs=_logs(api, namespace),
            seen=recorder.observations,
            since=loads.since(recorder),
            ended=recorder.now(),
        )
    judged = (*limits_judged.expectations(evidence), *limits_units.expectations(evidence))
    return begun.ended(cluster, judged, (timeline(evidence),))


def _wait(api: Api, namespace: str, recorder: Recorder) -> None:
    """Wait until memory was killed and started again, and both kinds of work are done."""
    started = looking.every(
        *(looking.looks(looking.running(CPU, name)) for name in (LIMITED, FREE)),
        *(looking.looks(looking.running(UNITS, name)) for name in HELD),
        looking.looks(looking.ended(MEMORY, TAKER)),
    )
    recorder.require("the Pods to be started", started, _START)
    again = looking.pod_is(MEMORY, lambda found: looking.container(found, TAKER).get("restartCount", 0) > 0)
    recorder.require("the killed container to be started again", looking.looks(again), _WORK)
    dead = looking.looks(looking.ended(CHILD, TAKER))
    loads.until_said(
        api,
        namespace,
        (CHILD, TAKER),
        "child ended",
        _WORK,
        recorder=recorder,
        otherwise=lambda: dead(recorder.observations) is not None,
    )
    for pod, of, what in ((CPU, LIMITED, "worked"), (CPU, FREE, "worked"), *((UNITS, name, "ready") for name in HELD)):
        loads.until_said(api, namespace, (pod, of), what, _WORK, recorder=recorder)


def _logs(api: Api, namespace: str) -> dict[tuple[str, str], tuple[Line, ...]]:
    """Read what all containers said; of the killed ones, what they said before."""
    wanted = [(CPU, LIMITED), (CPU, FREE), (CHILD, TAKER), *((UNITS, name) for name in HELD)]
    return {
        (MEMORY, TAKER): loads.log(api, namespace, MEMORY, TAKER, before=True),
        **{(pod, of): loads.log(api, namespace, pod, of) for pod, of in wanted},
    }


def timeline(evidence: Evidence) -> Timeline:
    """Draw memory up to the kill, the restart, and both kinds of work side by side."""
    labels = (
        Label(
            "use",
            Text(en="memory", fr="mémoire"),
            Text(en="what the container used", fr="ce que le conteneur utilisait"),
        ),
        Label("container", Text(en="container", fr="conteneur"), Text(en="its state", fr="son état")),
        Label(
            FREE,
            Text(en="no limit", fr="sans limite"),
            Text(en="the same work, no limit", fr="le même travail, sans limite"),
        ),
        Label(
            LIMITED,
            Text(en="limited", fr="limité"),
            Text(en=f"the work, {limits_judged.LIMIT}", fr=f"le travail, {limits_judged.LIMIT}"),
        ),
    )
    state = lanes.container(MEMORY, TAKER, labels[1])
    moments = [
        *_use(evidence),
        *lanes.drawn(state, evidence.seen, evidence.ended),
        *(one for name in (FREE, LIMITED) for one in _work(evidence, name)),
    ]
    return Timeline("limits", catalog.find("limits").title, labels, tuple(moments), evidence.ended)


def _use(evidence: Evidence) -> Iterator[Moment]:
    """Yield the first moment at which each further 4 MiB were in use."""
    step, shown = 4 << 20, -1
    for at, found in loads.samples(evidence.logs[MEMORY, TAKER]):
        if found.memory // step > shown:
            shown = found.memory // step
            whole = f"{found.memory >> 20} Mi"
            near = found.given.memory is not None and found.memory + step > found.given.memory
            state: lanes.State = "bad" if near else "neutral"
            yield Moment(at - evidence.since, "use", Text(whole, whole), state, raw=str(found.memory))


def _work(evidence: Evidence, name: str) -> Iterator[Moment]:
    lines: Sequence[Line] = evidence.logs[CPU, name]
    began, done = loads.said(lines, "began"), loads.said(lines, "worked")
    if not began or not done:
        return
    (_, first), (_, last) = loads.samples(lines)[0], loads.samples(lines)[-1]
    part = cgroups.throttling(first, last)
    cut = Text(en=f"throttled in {part:.0%} of periods", fr=f"bridé dans {part * 100:.0f}\u00a0% des périodes")
    says = cut if part else Text(en="works", fr="travaille")
    yield Moment(
        began.at - evidence.since, name, says, "bad" if part else "good", done.at - evidence.since, str(done.body)
    )
