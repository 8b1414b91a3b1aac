"""What must follow from the requests and limits of the experiment `qos`, beside what did. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import figures, loads, looking, qos_rules
from lab.experiments.timed.figures import Ask
from lab.experiments.timed.qos_cases import CASES, FILLS
from lab.experiments.timed.qos_rules import Candidate
from lab.kubernetes import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.experiments.results import Expectation
    from lab.experiments.timed.loads import Line
    from lab.experiments.timed.recorder import Observation
    from lab.kubernetes.objects import Object

EVICTED = (0.0, 60.0)
"""Seconds: kubelet looks every 10 s, at figures that the runtime takes every 10 s; more where cores are busy."""
RANKED = ("below", "critical", "none", "equal", "requests")
_QOS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"
_PRESSURE = "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/"
_OOM = f"{_PRESSURE}#node-out-of-memory-behavior"
_STORAGE = "https://kubernetes.io/docs/concepts/storage/ephemeral-storage/#resource-ephemeralstorage-consumption"
_LEAST = -1000


@dataclass(frozen=True)
class Evidence:
    """All that was seen.

    ``kubelet`` is its configuration as /configz tells it; ``runtime`` what the node says of containerd: the line of its
    configuration where there is one, and its own oom_score_adj. ``since`` is the beginning in seconds since 1970.
    """

    sent: Mapping[str, Object]
    logs: Mapping[tuple[str, str], Sequence[Line]]
    node: Object
    kubelet: Object
    runtime: str
    seen: Sequence[Observation]
    since: float
    crowd: float = 1.0


def expectations(evidence: Evidence) -> tuple[Expectation, ...]:
    """Judge everything; raises LabError where it is not known when the Pod that is to be evicted had written."""
    return (
        *(_class(evidence, name) for name in CASES),
        *(_score(evidence, name, of) for name, pod in evidence.sent.items() for of in lasting(pod)),
        _ranking(evidence),
        _reserve(evidence),
        *_eviction(evidence),
    )


def lasting(pod: Object) -> list[str]:
    """Name the containers of a Pod that run on: not its plain init containers."""
    inits = [one for one in pod["spec"].get("initContainers", ()) if one.get("restartPolicy") == "Always"]
    return [one["name"] for one in (*inits, *pod["spec"]["containers"])]


def evicted(one: Observation) -> bool:
    """Test that the Pod that fills its disk was evicted."""
    return looking.pod_is(FILLS, lambda found: found.get("status", {}).get("reason") == "Evicted")(one)


def floor(runtime: str) -> int:
    """Return the lowest oom_score_adj that the runtime can give, from what the node says of it.

    https://github.com/containerd/containerd/blob/main/docs/cri/config.md: restrict_oom_score_adj
    """
    own = re.search(r"^-?\d+$", runtime, re.MULTILINE)
    restricted = re.search(r"restrict_oom_score_adj *= *true", runtime)
    return int(own[0]) if own and restricted else _LEAST


def _class(evidence: Evidence, name: str) -> Expectation:
    found = looking.pod(evidence.seen, name).get("status", {}).get("qosClass", "")
    ask = Ask(
        f"class-{name}", name, Text(en="Which QoS class?", fr="Quelle classe de QoS\u202f?"), CASES[name].because, _QOS
    )
    spec = evidence.sent[name]["spec"]
    stored = looking.pod(evidence.seen, name).get("spec", {})
    kept = (*stored.get("initContainers", ()), *stored.get("containers", ()))
    asked = Exhibit(
        "field",
        f"{name}: resources",
        json.dumps({"pod": stored.get("resources"), **{one["name"]: one["resources"] for one in kept}}),
        Text(
            en="as the API server keeps them, defaults and all", fr="tels que l’API server les garde, défauts compris"
        ),
        f"kubectl get pod {name} -o jsonpath='{{.spec.containers[*].resources}}'",
    )
    shown = looking.status_exhibit(
        f"{name}: status.qosClass",
        found,
        Text(en="the class, as the API server gave it", fr="la classe, telle que l’API server l’a donnée"),
        f"kubectl get pod {name} -o jsonpath='{{.status.qosClass}}'",
    )
    return ask.exactly(qos_rules.qos_class(spec), found, shown, asked)


def _score(evidence: Evidence, name: str, of: str) -> Expectation:
    spec = evidence.sent[name]["spec"]
    container = next(one for one in (*spec.get("initContainers", ()), *spec["containers"]) if one["name"] == of)
    capacity = quantities.size(evidence.node["status"]["capacity"]["memory"])
    least = floor(evidence.runtime)
    wanted = qos_rules.oom_score_adj(spec, container, capacity)
    ahead = max(least, wanted)
    began = loads.said(evidence.logs[name, of], "began")
    measured = str(began.body["oom_score_adj"]) if began else ""
    ask = Ask(
        f"oom-{name}-{of}",
        f"{name}/{of}",
        Text(
            en="Its oom_score_adj, from -1000 (spared) to 1000 (first)?",
            fr="Son oom_score_adj, de -1000 (épargné) à 1000 (premier)\u202f?",
        ),
        _why(qos_rules.qos_class(spec), wanted, ahead),
        _OOM,
    )
    shown = Exhibit(
        "command",
        f"/proc/1/oom_score_adj, {name}/{of}",
        measured,
        Text(en="what the kernel adds to its score", fr="ce que le noyau ajoute à son score"),
        f"kubectl exec {name} -c {of} -- cat /proc/1/oom_score_adj",
    )
    told = Exhibit(
        "command",
        "the node: containerd",
        evidence.runtime,
        Text(
            en="what the runtime may set, and its own value",
            fr="ce que le runtime a le droit de régler, et sa propre valeur",
        ),
    )
    return ask.exactly(str(ahead), measured, shown, *((told,) if ahead != wanted else ()))


def _why(found: str, wanted: int, ahead: int) -> Text:
    """Say where the score comes from, and what holds it up where this node's runtime may not go so low."""
    rule = {
        "Guaranteed": Text(en="Guaranteed is -997: killed last.", fr="Guaranteed donne -997\u00a0: tué en dernier."),
        "BestEffort": Text(en="BestEffort is 1000: killed first.", fr="BestEffort donne 1000\u00a0: tué en premier."),
    }.get(
        found,
        Text(
            en="Burstable is 1000 less the thousandths of the node’s memory that it requests, 3 to 999.",
            fr="Burstable donne 1000 moins les millièmes de la mémoire du nœud qu’il demande, de 3 à 999.",
        ),
    )
    if wanted == ahead:
        return rule
    return Text(
        en=f"{rule.en} This node’s containerd may not go below its own {ahead} (restrict_oom_score_adj).",
        fr=f"{rule.fr} Ici, containerd ne peut pas descendre sous sa propre valeur, {ahead} (restrict_oom_score_adj).",
    )


def _ranking(evidence: Evidence) -> Expectation:
    """Judge the order of eviction: what was ordered to be used beside what the cgroups say is used."""
    live = [_candidate(evidence, name) for name in RANKED]
    ahead = [name for name in RANKED if name != "critical"]
    ask = Ask(
        "eviction-order",
        ", ".join(sorted(RANKED)),
        Text(
            en="Were the node short of memory, in which order would kubelet evict these?",
            fr="Si le nœud manquait de mémoire, dans quel ordre kubelet les évincerait-il\u202f?",
        ),
        Text(
            en="First who uses more than requested, by most first: the class itself does not count, and what is "
            "critical is spared. Ranked from live figures: nothing is evicted for it here.",
            fr="D’abord qui dépasse ses requests, du plus grand écart au plus petit\u00a0: la classe ne compte pas, "
            "le critique est épargné. Classés d’après les chiffres du moment\u00a0: rien n’est évincé pour cela ici.",
        ),
        f"{_PRESSURE}#pod-selection-for-kubelet-eviction",
    )
    raw = "\n".join(f"{one.name}: uses {one.used}, requests {one.requested}, priority {one.priority}" for one in live)
    shown = Exhibit(
        "cgroup",
        "working sets, and requests",
        raw,
        Text(en="bytes used and requested, and the priority", fr="octets utilisés et demandés, et la priorité"),
        "kubectl top pod",
    )
    return ask.exactly(", ".join(ahead), ", ".join(one.name for one in qos_rules.evicted_first(live)), shown)


def _candidate(evidence: Evidence, name: str) -> Candidate:
    used = 0
    for of in lasting(evidence.sent[name]):
        samples = loads.samples(evidence.logs[name, of])
        used += samples[-1][1].working_set if samples else 0
    spec = looking.pod(evidence.seen, name).get("spec", {})
    return Candidate(name, used, qos_rules.memory_request(evidence.sent[name]["spec"]), spec.get("priority", 0))


def _reserve(evidence: Evidence) -> Expectation:
    """Judge what the node keeps free before it evicts for memory; kind's own configuration leaves it at nothing."""
    capacity = quantities.size(evidence.node["status"]["capacity"]["memory"])
    hard = evidence.kubelet.get("evictionHard") or {}
    kept = _amount(hard.get("memory.available", "0"), capacity)
    kept += sum(
        quantities.size((evidence.kubelet.get(name) or {}).get("memory", "0"))
        for name in ("kubeReserved", "systemReserved")
    )
    measured = quantities.size(evidence.node["status"]["allocatable"]["memory"])
    none = Text(
        en="This kubelet has no threshold for memory (evictionHard names disks only, and what it does not name is 0): "
        "where memory runs short here, the kernel kills and nobody is evicted.",
        fr="Ce kubelet n’a pas de seuil de mémoire (evictionHard ne nomme que des disques, le reste vaut 0)\u00a0: "
        "si la mémoire manque ici, le noyau tue et personne n’est évincé.",
    )
    some = Text(
        en="What Pods may request is the node’s memory less what is reserved and the eviction threshold.",
        fr="Les Pods peuvent demander la mémoire du nœud moins les réserves et le seuil d’éviction.",
    )
    ask = Ask(
        "eviction-threshold",
        evidence.node["metadata"]["name"],
        Text(en="How much memory may Pods request?", fr="Combien de mémoire les Pods peuvent-ils demander\u202f?"),
        some if kept else none,
        f"{_PRESSURE}#eviction-thresholds",
    )
    shown = Exhibit(
        "field",
        "kubelet: evictionHard",
        json.dumps(hard),
        Text(en="when this kubelet evicts", fr="quand ce kubelet évince"),
        f"kubectl get --raw /api/v1/nodes/{evidence.node['metadata']['name']}/proxy/configz",
    )
    return ask.exactly(figures.exact_size(capacity - kept), figures.exact_size(measured), shown)


def _amount(text: str, capacity: int) -> int:
    """Read a threshold: bytes, or a percentage of what there is."""
    return int(capacity * float(text[:-1]) / 100) if text.endswith("%") else quantities.size(text)


def _eviction(evidence: Evidence) -> Iterator[Expectation]:
    wrote = loads.said(evidence.logs[FILLS, "c1"], "wrote")
    if wrote is None:
        raise LabError(f"Pod {FILLS} did not say when it had written", "run the experiment again")
    began = wrote.at - evidence.since
    gone = looking.first(evidence.seen, evicted)
    status = gone.body["status"] if gone else {}
    shown = looking.status_exhibit(
        f"{FILLS}: status",
        {key: status.get(key) for key in ("phase", "reason", "message", "qosClass")},
        Text(en="what kubelet wrote when it evicted the Pod", fr="ce que kubelet a écrit en évinçant le Pod"),
        f"kubectl get pod {FILLS} -o jsonpath='{{.status}}'",
    )
    because = Text(
        en="It wrote 20 MiB with a limit of 10Mi of ephemeral-storage: kubelet evicts it, whatever its class.",
        fr="Il a écrit 20\u00a0Mio pour 10Mi d’ephemeral-storage\u00a0: kubelet l’évince, quelle que soit sa classe.",
    )
    happens = Ask("eviction", FILLS, Text(en="Is it evicted?", fr="Est-il évincé\u202f?"), because, _STORAGE)
    window = (began + EVICTED[0], began + EVICTED[1])
    at = gone.at if gone else None
    yield happens.happens("yes", window, "yes" if gone else "no", at, shown, crowd=evidence.crowd)
    stays = Ask(
        "eviction-for-good",
        FILLS,
        Text(en="And then, with restartPolicy Always?", fr="Et ensuite, avec restartPolicy Always\u202f?"),
        Text(
            en="An evicted Pod has ended: its containers are not started again; a Deployment would make another Pod.",
            fr="Un Pod évincé est terminé\u00a0: rien n’y repart\u202f; un Deployment en créerait un autre.",
        ),
        _STORAGE,
    )
    phase = looking.pod(evidence.seen, FILLS).get("status", {}).get("phase", "")
    starts = {one.name: one for one in evidence.seen if looking.event("Started", FILLS)(one)}
    events = [looking.shown(one) for one in starts.values()]
    yield stays.exactly(_ended("Failed", 1), _ended(phase, len(starts)), shown, *events)


def _ended(phase: str, starts: int) -> Text:
    """Say how a Pod is, and how often its container was started: by the events, as restartCount may be one too high.

    Where kubelet finds the container gone before it saw its end, it counts a restart that never was.
    """
    return Text(en=f"{phase}; starts: {starts}", fr=f"{phase}\u202f; démarrages\u00a0: {starts}")
