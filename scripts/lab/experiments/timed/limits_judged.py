"""What must follow from the limits of the experiment `limits`, beside what did. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, figures, kills, loads, looking
from lab.experiments.timed.figures import Ask
from lab.kubernetes import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.experiments.results import Expectation
    from lab.experiments.timed.cgroups import Version
    from lab.experiments.timed.loads import Line
    from lab.experiments.timed.recorder import Observation
    from lab.kubernetes.objects import Object

MEMORY, CHILD, CPU, UNITS = "memory", "child", "cpu", "units"
TAKER, LIMITED, FREE = "taker", "limited", "free"
LIMIT, WORK = "200m", 0.6
"""The CPU limit, and the seconds of CPU time that the work takes."""
HELD: Mapping[str, Object] = {
    "mebi": {"requests": {"cpu": "10m"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
    "mega": {"requests": {"cpu": "10m"}, "limits": {"cpu": "0.1", "memory": "64M"}},
    "pages": {"requests": {"cpu": "10m"}, "limits": {"cpu": "50m", "memory": "30M"}},
}
"""Quantities that are easily confused, by the container that has them as limits."""
_TAKES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
_ENFORCED = f"{_TAKES}#how-pods-with-resource-limits-are-run"
_RESTARTS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy"
_GROUP = "https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files"
_BANDWIDTH = "https://docs.kernel.org/scheduler/sched-bwc.html"
_BUSY = 2.5
"""How many times longer the work may take than the limit alone explains, as others want the same two cores."""


@dataclass(frozen=True)
class Evidence:
    """All that was seen: Pods as sent and as they were at the end, logs by (Pod, container), the watches.

    ``since`` is the beginning in seconds since 1970, ``ended`` the end in seconds after it.
    """

    version: Version
    sent: Mapping[str, Object]
    pods: Mapping[str, Object]
    logs: Mapping[tuple[str, str], Sequence[Line]]
    seen: Sequence[Observation]
    since: float
    ended: float


def expectations(evidence: Evidence) -> tuple[Expectation, ...]:
    """Judge what memory and CPU beyond the limit came to."""
    return (*_memory(evidence), _child(evidence), *_cpu(evidence))


def _memory(evidence: Evidence) -> Iterator[Expectation]:
    pod = evidence.pods[MEMORY]
    status = looking.container(pod, TAKER)
    end = looking.last_end(pod, TAKER)
    shown = looking.status_exhibit(
        f"{MEMORY}/{TAKER}, lastState",
        end,
        Text(en="how the kernel ended it", fr="comment le noyau y a mis fin"),
        f"kubectl get pod {MEMORY} -o jsonpath='{{.status.containerStatuses[0].lastState}}'",
    )
    because = Text(
        en="At the limit the kernel finds no page to give and kills: signal 9, and 128 + 9 = 137.",
        fr="À la limite, le noyau n’a plus de page à donner et tue\u00a0: signal 9, et 128 + 9 = 137.",
    )
    code = Ask(
        "memory-code",
        MEMORY,
        Text(en="With which code does it end?", fr="Avec quel code finit-il\u202f?"),
        because,
        _ENFORCED,
    )
    yield code.exactly(kills.CODE, str(end.get("exitCode", "")), shown)
    reason = Ask(
        "memory-reason",
        MEMORY,
        Text(en="For which reason, says the Pod?", fr="Pour quelle raison, selon le Pod\u202f?"),
        because,
        _ENFORCED,
    )
    yield reason.among(kills.reasons(evidence.version), str(end.get("reason", "")), shown)
    yield _most(evidence)
    restarts = Ask(
        "memory-restart",
        MEMORY,
        Text(en="How often is the container started again?", fr="Combien de fois le conteneur redémarre-t-il\u202f?"),
        Text(
            en="restartPolicy is Always: a container that was killed is started again, in the same Pod.",
            fr="restartPolicy vaut Always\u00a0: un conteneur tué est relancé, dans le même Pod.",
        ),
        _RESTARTS,
    )
    yield restarts.exactly("1", str(status.get("restartCount", "")), shown)


def _most(evidence: Evidence) -> Expectation:
    """Judge the last use that was seen before the kill: close to the limit, never above."""
    limit = quantities.size(limits(evidence, MEMORY, TAKER)["memory"])
    lines = evidence.logs[MEMORY, TAKER]
    used = max((found.memory for _, found in loads.samples(lines)), default=None)
    ask = Ask(
        "memory-most",
        MEMORY,
        Text(en="How much did it use at the most?", fr="Combien a-t-il utilisé au plus\u202f?"),
        Text(
            en="The limit is a wall, not a mark: use comes close to it, and never stands above.",
            fr="La limite est un mur, pas un repère\u00a0: l’usage s’en approche et ne la dépasse jamais.",
        ),
        _ENFORCED,
    )
    name = "memory/memory.usage_in_bytes" if evidence.version == "v1" else "memory.current"
    shows = Text(en="the last that it could say", fr="le dernier chiffre qu’il a pu dire")
    return ask.within(
        limit * 0.75, limit, used, figures.size, loads.file_exhibit(MEMORY, TAKER, name, loads.raw(lines, name), shows)
    )


def _child(evidence: Evidence) -> Expectation:
    """Judge who dies when not process 1 but another takes the memory: it depends on the cgroup's version."""
    pod, lines = evidence.pods[CHILD], evidence.logs[CHILD, TAKER]
    told = loads.said(lines, "child ended")
    end = looking.last_end(pod, TAKER)
    measured = kills.CODE if end else f"signal {told.body['signal']}" if told else ""
    alone = Text(en="its child alone, signal 9", fr="son enfant seul, signal 9")
    whole = Text(en="the whole container, 137", fr="le conteneur entier, 137")
    found = {"signal 9": alone, kills.CODE: whole}.get(measured, Text(measured, measured))
    because = {
        "v1": Text(
            en="On cgroup v1 the kernel kills one process, the largest; the container lives while process 1 does.",
            fr="Avec cgroup v1, le noyau tue le plus gros processus, seul\u202f; le conteneur vit avec le processus 1.",
        ),
        "v2": Text(
            en="On cgroup v2 kubelet sets memory.oom.group: all processes of the container go together.",
            fr="Avec cgroup v2, kubelet active memory.oom.group\u00a0: tous ses processus partent ensemble.",
        ),
    }[evidence.version]
    ask = Ask(
        "memory-child",
        CHILD,
        Text(
            en="A process beside process 1 takes the memory: who is killed?",
            fr="Un processus à côté du processus 1 prend la mémoire\u00a0: qui est tué\u202f?",
        ),
        because,
        _GROUP,
    )
    raw = json.dumps(end or (told.body if told else {}))
    shows = Text(en="how it ended", fr="comment il a fini")
    return ask.exactly(
        whole if evidence.version == "v2" else alone,
        found,
        Exhibit("status" if end else "command", f"{CHILD}/{TAKER}", raw, shows, f"kubectl logs {CHILD}"),
    )


def _cpu(evidence: Evidence) -> Iterator[Expectation]:
    lines = evidence.logs[CPU, LIMITED]
    samples, worked = loads.samples(lines), loads.said(lines, "worked")
    part = cgroups.throttling(samples[0][1], samples[-1][1]) if samples else 0.0
    stat = "cpu/cpu.stat" if evidence.version == "v1" else "cpu.stat"
    shows = Text(
        en="how many periods were cut short, and for how long",
        fr="combien de périodes ont été écourtées, et pendant combien de temps",
    )
    shown = loads.file_exhibit(CPU, LIMITED, stat, loads.raw(lines, stat), shows)
    allowed = quantities.millicores(limits(evidence, CPU, LIMITED)["cpu"])
    slower = 1000 / allowed
    because = Text(
        en=f"Of every 100 ms it may compute {allowed // 10} ms, then waits for the next 100 ms: throttled.",
        fr=f"Sur 100\u00a0ms, il a droit à {allowed // 10}\u00a0ms de calcul, puis attend les suivantes\u00a0: bridé.",
    )
    throttled = Ask("cpu-throttled", CPU, Text(en="Is it throttled?", fr="Est-il bridé\u202f?"), because, _ENFORCED)
    yield throttled.exactly("yes", "yes" if part else "no", shown)
    ratio = Ask(
        "cpu-longer",
        CPU,
        Text(
            en="How many times longer does the work take?", fr="Combien de fois plus de temps prend le travail\u202f?"
        ),
        Text(
            en=f"1000m over {LIMIT} is {slower:.0f}; longer where others want the cores, as the other work tells.",
            fr=f"1000m divisés par {LIMIT} font {slower:.0f}\u202f; plus encore si d’autres veulent les mêmes cœurs.",
        ),
        _BANDWIDTH,
    )
    took = worked.body["wall"] / worked.body["cpu"] if worked else None
    clock = Exhibit(
        "command",
        f"{CPU}/{LIMITED}",
        json.dumps(worked.body if worked else {}),
        Text(en="seconds on the clock, and of CPU", fr="secondes à l’horloge, et de CPU"),
        f"kubectl logs {CPU} -c {LIMITED}",
    )
    yield ratio.within(_soonest(allowed), slower * _crowding(evidence), took, figures.times, clock, shown)
    yield _unlimited(evidence, stat)
    yield _unkilled(evidence)


def _unkilled(evidence: Evidence) -> Expectation:
    """Judge that it goes on, however slowly."""
    alive = Ask(
        "cpu-not-killed",
        CPU,
        Text(en="How often was it restarted?", fr="Combien de fois a-t-il redémarré\u202f?"),
        Text(
            en="CPU can be withheld, so nothing needs to die; memory that is held cannot.",
            fr="Le CPU peut attendre, donc rien n’a besoin de mourir\u202f; la mémoire tenue, elle, ne se reprend pas.",
        ),
        _ENFORCED,
    )
    status = looking.container(evidence.pods[CPU], LIMITED)
    kept = looking.status_exhibit(
        f"{CPU}/{LIMITED}",
        {key: status.get(key) for key in ("restartCount", "state")},
        Text(en="it runs on", fr="il continue"),
        f"kubectl get pod {CPU}",
    )
    return alive.exactly("0", str(status.get("restartCount", "")), kept)


def _soonest(allowed: int) -> float:
    """Return how many times longer the work takes at the least: the first and the last period need not be whole."""
    quota = allowed / 10_000
    periods = WORK / quota
    return (periods - 2) * 0.1 / WORK


def _crowding(evidence: Evidence) -> float:
    """Return how many times longer others may make the work: seen from what they do to the same work without limit."""
    worked = loads.said(evidence.logs[CPU, FREE], "worked")
    return max(_BUSY, 2 * worked.body["wall"] / worked.body["cpu"]) if worked else _BUSY


def _unlimited(evidence: Evidence, stat: str) -> Expectation:
    """Judge the control: the same work without a limit is never throttled, whoever else wants the cores."""
    lines = evidence.logs[CPU, FREE]
    samples = loads.samples(lines)
    ask = Ask(
        "cpu-free",
        CPU,
        Text(en="And without a limit: is it throttled?", fr="Et sans limite\u00a0: est-il bridé\u202f?"),
        Text(
            en="No limit, no quota: it shares the cores by weight, and takes what is free.",
            fr="Pas de limite, pas de quota\u00a0: il partage les cœurs selon son poids et prend ce qui est libre.",
        ),
        _ENFORCED,
    )
    shows = Text(en="no period was cut short", fr="aucune période n’a été écourtée")
    measured = ("yes" if samples[-1][1].throttled else "no") if samples else ""
    return ask.exactly("no", measured, loads.file_exhibit(CPU, FREE, stat, loads.raw(lines, stat), shows))


def limits(evidence: Evidence, pod: str, of: str) -> Object:
    """Return a container's limits as they were sent."""
    return limits_of(evidence.sent[pod], of)


def limits_of(pod: Object, of: str) -> Object:
    """Return a container's limits in a Pod's JSON."""
    found: Object = next(one for one in pod["spec"]["containers"] if one["name"] == of)["resources"]["limits"]
    return found
