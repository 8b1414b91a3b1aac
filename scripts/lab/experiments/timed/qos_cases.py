"""The Pods of the experiment `qos`: one for each combination of requests and limits that teaches something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.texts import Text

if TYPE_CHECKING:
    from lab.kubernetes.objects import Object

_SMALL = {"cpu": "30m", "memory": "24Mi"}
_FULL = {"limits": _SMALL, "requests": _SMALL}
_NONE: Object = {}


@dataclass(frozen=True)
class Case:
    """One Pod: its containers' resources, an init container's or a sidecar's, its own; and why its class is what it is.

    ``take`` and ``file`` are the mebibytes of memory and of disk that each container takes.
    """

    containers: tuple[Object, ...]
    because: Text
    init: Object | None = None
    sidecar: Object | None = None
    pod: Object | None = None
    priority: str = ""
    take: int = 0
    file: int = 0


FILLS = "fills-its-disk"
CASES = {
    "none": Case(
        (_NONE,),
        Text(
            en="Nothing is asked for and nothing limited, so nothing is promised.",
            fr="Rien n’est demandé, rien n’est limité\u00a0: rien n’est donc promis.",
        ),
    ),
    "requests": Case(
        ({"requests": {"cpu": "10m", "memory": "256Mi"}},),
        Text(
            en="It has requests and no limits: Burstable.",
            fr="Il a des requests et pas de limits\u00a0: Burstable.",
        ),
    ),
    "limits": Case(
        ({"limits": _SMALL},),
        Text(
            en="A request that is left out becomes its limit: both are equal, unsaid.",
            fr="Une request omise prend la valeur de sa limit\u00a0: les deux sont égales, sans le dire.",
        ),
    ),
    "equal": Case(
        (_FULL,),
        Text(
            en="CPU and memory have a limit in every container, and requests are equal to them.",
            fr="CPU et mémoire ont une limit dans chaque conteneur, et les requests leur sont égales.",
        ),
    ),
    "below": Case(
        ({"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},),
        Text(
            en="Its requests are below its limits: it may burst in between.",
            fr="Ses requests sont sous ses limits\u00a0: entre les deux, il peut déborder.",
        ),
        take=30,
    ),
    "cpu-only": Case(
        ({"limits": {"cpu": "30m"}},),
        Text(
            en="Memory has no limit: one resource is not enough for Guaranteed.",
            fr="La mémoire n’a pas de limit\u00a0: une seule ressource ne suffit pas pour Guaranteed.",
        ),
    ),
    "one-without": Case(
        (_FULL, _NONE),
        Text(
            en="Every container counts: one without limits, and the Pod is Burstable.",
            fr="Chaque conteneur compte\u00a0: un seul sans limits, et le Pod est Burstable.",
        ),
    ),
    "init-without": Case(
        (_FULL,),
        Text(
            en="Init containers count too, though this one ended long ago.",
            fr="Les init containers comptent aussi, même si celui-ci a fini depuis longtemps.",
        ),
        init=_NONE,
    ),
    "sidecar": Case(
        ({"requests": {"cpu": "10m", "memory": "512Mi"}},),
        Text(
            en="It has requests and no limits; its sidecar is killed no sooner than the container it serves.",
            fr="Il a des requests sans limits\u202f; son sidecar n’est pas tué avant le conteneur qu’il sert.",
        ),
        sidecar={"requests": {"cpu": "10m", "memory": "16Mi"}},
    ),
    "pod-level": Case(
        (_NONE,),
        Text(
            en="The Pod itself has limits, spec.resources: they alone decide.",
            fr="Le Pod lui-même a des limits, spec.resources\u00a0: elles seules décident.",
        ),
        pod={"limits": {"cpu": "30m", "memory": "32Mi"}},
    ),
    "critical": Case(
        (_NONE,),
        Text(
            en="Priority is no part of the class; it decides about eviction.",
            fr="La priorité n’entre pas dans la classe\u202f; elle compte pour l’éviction.",
        ),
        priority="system-cluster-critical",
        take=4,
    ),
    FILLS: Case(
        ({"limits": {"ephemeral-storage": "10Mi"}},),
        Text(
            en="Only CPU and memory count: a limit on disk makes no class.",
            fr="Seuls CPU et mémoire comptent\u00a0: une limit de disque ne fait pas de classe.",
        ),
        file=20,
    ),
}
"""By the Pod's name."""
