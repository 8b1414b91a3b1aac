"""What `kubectl top` must show, from the containers' own cgroups, beside what it did. Pure."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit, Label, Moment, Timeline
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, figures, loads
from lab.experiments.timed.figures import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.experiments.results import Expectation
    from lab.experiments.timed.cgroups import Cgroup
    from lab.experiments.timed.loads import Line

BUSY, CACHE, VOLUME, STARVED = "busy", "page-cache", "memory-volume", "starved"
NAMES = (BUSY, CACHE, VOLUME, STARVED)
"""The Pods, and the one container of each."""
_MIB = 1 << 20
_FRESH = 10.0
"""Seconds that a container has run before metrics-server says anything of it."""
_SHORTEST = 5.0
"""Seconds of a window that can be judged; metrics-server's first may be far shorter, and its CPU is any figure then."""
_KUBELET = 40.0
"""Seconds that kubelet may keep the figures that it gives out, and that others may need on a busy machine."""
_SOME = 0.05
"""The part of its periods that a starved container is throttled in at the least: where others take the cores, it waits
for them instead, and uses its quota up more rarely."""
_PIPELINE = "https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/"
_CACHED = "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#active-file-memory-is-not-considered-as-available-memory"
_MEMORY = "https://kubernetes.io/docs/concepts/storage/volumes/#emptydir"
_API = "https://kubernetes.io/docs/reference/external-api/metrics.v1beta1/"
_STARTED = "https://github.com/kubernetes-sigs/metrics-server/blob/v0.9.0/pkg/storage/pod.go"


@dataclass(frozen=True)
class Shown:
    """What the metrics API said of a Pod: cores and bytes, of the time from ``since`` to ``until``; ``seen`` is when.

    All times are seconds since 1970.
    """

    pod: str
    seen: float
    until: float
    since: float
    cpu: float
    memory: float
    raw: Mapping[str, str]


@dataclass(frozen=True)
class Evidence:
    """All that was seen; ``every`` is how often metrics-server looks, ``table`` what `kubectl top` printed."""

    every: float
    logs: Mapping[str, Sequence[Line]]
    shown: Sequence[Shown]
    table: str
    since: float
    ended: float
    crowd: float = 1.0


def expectations(evidence: Evidence) -> tuple[Expectation, ...]:
    """Judge everything."""
    return (
        _known(evidence),
        *(one for name in NAMES for one in _same(evidence, name)),
        _hidden(evidence),
        _counted(evidence),
        _throttled(evidence),
        _fields(evidence),
    )


def used(samples: Sequence[tuple[float, Cgroup]], since: float, until: float) -> float | None:
    """Return the cores used on average between two moments, from a counter that was read now and then."""
    first, last = _between(samples, since), _between(samples, until)
    return None if first is None or last is None or until <= since else (last - first) / (until - since)


def _between(samples: Sequence[tuple[float, Cgroup]], at: float) -> float | None:
    """Return the CPU counter at a moment, on the straight line between the two readings around it."""
    for (earlier, before), (later, after) in itertools.pairwise(samples):
        if earlier <= at <= later:
            part = (at - earlier) / (later - earlier) if later > earlier else 0.0
            return before.cpu + part * (after.cpu - before.cpu)
    return None


def latest(shown: Sequence[Shown], name: str, told: Sequence[Line]) -> Shown | None:
    """Return the last figure of a Pod that can be judged: its window is long enough, and all of it was counted too."""
    ready = loads.said(told, "ready")
    mine = [one for one in shown if one.pod == name and one.until - one.since >= _SHORTEST]
    return next((one for one in reversed(mine) if ready and one.since > ready.at), None)


def _latest(evidence: Evidence, name: str) -> Shown | None:
    return latest(evidence.shown, name, evidence.logs[name])


def _at(evidence: Evidence, shown: Shown) -> Cgroup | None:
    """Return what the cgroup said nearest to the end of a window; None where nothing was read on both sides of it."""
    samples = loads.samples(evidence.logs[shown.pod])
    if not samples or not samples[0][0] <= shown.until <= samples[-1][0]:
        return None
    return min(samples, key=lambda one: abs(one[0] - shown.until))[1]


def _known(evidence: Evidence) -> Expectation:
    began = loads.said(evidence.logs[BUSY], "began")
    first = next((one for one in evidence.shown if one.pod == BUSY), None)
    start = began.at - evidence.since if began else 0.0
    least = min(evidence.every, _FRESH) - 2
    most = 2 * evidence.every + _KUBELET
    ask = Ask(
        "top-known",
        BUSY,
        Text(en="When does `kubectl top` know a new Pod?", fr="Quand `kubectl top` connaît-il un nouveau Pod\u202f?"),
        Text(
            en=f"metrics-server looks every {evidence.every:.0f} s, and CPU is a difference: it needs two looks.",
            fr=f"metrics-server regarde toutes les {evidence.every:.0f}\u00a0s, et le CPU est une différence\u00a0: "
            "il lui faut deux regards.",
        ),
        _STARTED,
    )
    window = (start + least, start + most)
    at = first.seen - evidence.since if first else None
    shown = (_usage(first),) if first else ()
    return ask.happens("yes", window, "yes" if first else "no", at, *shown, crowd=evidence.crowd)


def _same(evidence: Evidence, name: str) -> Iterator[Expectation]:
    """Judge both figures of a Pod: the counter over the same window, and the working set at its end."""
    shown = _latest(evidence, name)
    samples = loads.samples(evidence.logs[name])
    cpu = used(samples, shown.since, shown.until) if shown else None
    held = _at(evidence, shown) if shown else None
    exhibits = (_usage(shown), _table(evidence)) if shown else ()
    of_cpu = Ask(
        f"cpu-{name}",
        name,
        Text(en="CPU: what does top show?", fr="CPU\u00a0: que montre top\u202f?"),
        Text(
            en="The CPU time that the cgroup counted over the same seconds, divided by them (± 10 % and 5m).",
            fr="Le temps de CPU compté par le cgroup sur les mêmes secondes, divisé par elles (± 10\u00a0% et 5m).",
        ),
        _PIPELINE,
    )
    yield of_cpu.near(cpu, 0.1 * (cpu or 0.0) + 0.005, shown.cpu if shown else None, figures.cores, *exhibits)
    of_memory = Ask(
        f"memory-{name}",
        name,
        Text(en="Memory: what does top show?", fr="Mémoire\u00a0: que montre top\u202f?"),
        Text(
            en="The working set: what the cgroup holds less the file cache that nobody used lately (± 5 % and 1 MiB).",
            fr="Le working set\u00a0: ce que tient le cgroup, moins le cache de fichiers inutilisé "
            "(± 5\u00a0% et 1\u00a0Mio).",
        ),
        _PIPELINE,
    )
    size = held.working_set if held else None
    room = 0.05 * (size or 0) + _MIB
    yield of_memory.near(size, room, shown.memory if shown else None, figures.size, *exhibits)


def _hidden(evidence: Evidence) -> Expectation:
    shown = _latest(evidence, CACHE)
    held = _at(evidence, shown) if shown else None
    ask = Ask(
        "hidden-cache",
        CACHE,
        Text(
            en="It wrote a file of 24 MiB: how much of what its cgroup holds does top leave out?",
            fr="Il a écrit un fichier de 24\u00a0Mio\u00a0: combien top passe-t-il sous silence\u202f?",
        ),
        Text(
            en="The page cache counts in the cgroup and against the limit; top leaves out what can be given back.",
            fr="Le page cache compte dans le cgroup et dans la limite\u202f; top en ôte ce qui peut être rendu.",
        ),
        _CACHED,
    )
    left_out = held.memory - shown.memory if held and shown else None
    raw = Exhibit(
        "cgroup",
        f"memory.stat, {CACHE}",
        loads.raw(evidence.logs[CACHE], "memory/memory.stat") or loads.raw(evidence.logs[CACHE], "memory.stat"),
        Text(en="the cache, and what of it nobody used lately", fr="le cache, et sa part inutilisée"),
        f"kubectl exec {CACHE} -- cat /sys/fs/cgroup/memory/memory.stat",
    )
    return ask.within(20 * _MIB, 30 * _MIB, left_out, figures.size, raw)


def _counted(evidence: Evidence) -> Expectation:
    shown = _latest(evidence, VOLUME)
    ask = Ask(
        "counted-volume",
        VOLUME,
        Text(
            en="A file of 12 MiB in an emptyDir of medium Memory: does top count it?",
            fr="Un fichier de 12\u00a0Mio dans un emptyDir de type Memory\u00a0: top le compte-t-il\u202f?",
        ),
        Text(
            en="Such a volume is memory that cannot be given back: the container’s, in top and in its limit.",
            fr="Un tel volume est de la mémoire qu’on ne peut rendre\u00a0: elle compte, dans top et dans la limite.",
        ),
        _MEMORY,
    )
    counts = "" if shown is None else "yes" if shown.memory > 16 * _MIB else "no"
    return ask.exactly("yes", counts, *((_usage(shown),) if shown else ()))


def _throttled(evidence: Evidence) -> Expectation:
    """Judge what a starved container looks like: little use in top, and throttled."""
    shown, samples = _latest(evidence, STARVED), loads.samples(evidence.logs[STARVED])
    part = cgroups.throttling(samples[0][1], samples[-1][1]) if samples else 0.0
    name = "cpu/cpu.stat" if samples and samples[0][1].version == "v1" else "cpu.stat"
    shows = Text(en="periods, and how many were cut short", fr="périodes, et combien furent écourtées")
    raw = loads.file_exhibit(STARVED, STARVED, name, loads.raw(evidence.logs[STARVED], name), shows)
    ask = Ask(
        "hidden-throttling",
        STARVED,
        Text(
            en="top shows 100m for it at the most, and no more: is it throttled?",
            fr="top lui donne 100m au plus, sans rien ajouter\u00a0: est-il bridé\u202f?",
        ),
        Text(
            en="It wants a core and gets 100m. Little use is not little need: only the cgroup tells.",
            fr="Il veut un cœur et reçoit 100m. Peu d’usage n’est pas peu de besoin\u00a0: seul le cgroup le dit.",
        ),
        _API,
    )
    return ask.exactly("yes", "yes" if part > _SOME else "no", raw, *((_usage(shown),) if shown else ()))


def _fields(evidence: Evidence) -> Expectation:
    shown = _latest(evidence, STARVED)
    ask = Ask(
        "top-fields",
        "metrics.k8s.io",
        Text(en="Which figures are there at all?", fr="Quels chiffres y a-t-il, en tout\u202f?"),
        Text(
            en="Two: neither limits, throttling, page cache nor restarts are among them.",
            fr="Deux\u00a0: ni limites, ni bridage, ni page cache, ni redémarrages.",
        ),
        _API,
    )
    return ask.exactly(
        "cpu, memory", ", ".join(sorted(shown.raw)) if shown else "", *((_usage(shown),) if shown else ())
    )


def _usage(shown: Shown) -> Exhibit:
    return Exhibit(
        "command",
        f"metrics.k8s.io, {shown.pod}, a window of {shown.until - shown.since:.1f} s",
        json.dumps(dict(shown.raw)),
        Text(en="what top is made of", fr="ce dont top est fait"),
        "kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/default/pods",
    )


def _table(evidence: Evidence) -> Exhibit:
    shows = Text(en="what top prints, rounded", fr="ce que top affiche, arrondi")
    return Exhibit("command", "kubectl top", evidence.table.strip(), shows, "kubectl top pod --containers")


def timeline(evidence: Evidence, title: Text) -> Timeline:
    """Draw when each Pod was ready, and each figure when it first came."""
    lanes = tuple(
        Label(name, Text(name, name), Text(en="what top says of it", fr="ce que top en dit")) for name in NAMES
    )
    moments = [one for name in NAMES for one in _moments(evidence, name)]
    return Timeline("top", title, lanes, tuple(moments), evidence.ended)


def _moments(evidence: Evidence, name: str) -> Iterator[Moment]:
    ready = loads.said(evidence.logs[name], "ready")
    if ready:
        yield Moment(ready.at - evidence.since, name, Text(en="ready", fr="prêt"), "good", raw=str(ready.body))
    for one in evidence.shown:
        if one.pod == name:
            cpu, memory = figures.cores(one.cpu), figures.size(one.memory)
            says = Text(en=f"{cpu.en}, {memory.en}", fr=f"{cpu.fr}, {memory.fr}")
            yield Moment(one.seen - evidence.since, name, says, raw=json.dumps(dict(one.raw)))
