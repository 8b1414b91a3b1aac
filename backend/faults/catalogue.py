"""The faults there are: what each does, what it may be given, which lesson it belongs to. Nothing but data."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backend.cats.words import Both

Name = Literal["readiness", "liveness", "startup", "cpu", "memory", "latency", "errors", "crash", "sigterm", "loopback"]
LONGEST = 300
"""Seconds; no fault lasts longer."""


def _unit(unit: str) -> dict[str, str]:
    return {"x-unit": unit}


Seconds = Annotated[int, Meta(ge=1, le=LONGEST, extra_json_schema=_unit("s"), description="after that it is over")]


class Timed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every fault but a crash is given: how long it lasts."""

    seconds: Seconds = 30


class Counted(Timed, frozen=True, forbid_unknown_fields=True):
    """A fault that ends after so many failed probes, too; 0: only its time counts."""

    probes: Annotated[int, Meta(ge=0, le=100, extra_json_schema=_unit("probes"))] = 0


class Burning(Timed, frozen=True, forbid_unknown_fields=True):
    """How much CPU time is burnt a second."""

    cores: Annotated[float, Meta(ge=0.001, le=256, extra_json_schema=_unit("cores"))] = 1.0


class Taking(Timed, frozen=True, forbid_unknown_fields=True):
    """How much memory is taken, besides what the service needs."""

    mebibytes: Annotated[int, Meta(ge=1, le=1 << 20, extra_json_schema=_unit("MiB"))] = 64


class Delaying(Timed, frozen=True, forbid_unknown_fields=True):
    """By how much each answer is late."""

    milliseconds: Annotated[int, Meta(ge=1, le=30_000, extra_json_schema=_unit("ms"))] = 1000


class Failing(Timed, frozen=True, forbid_unknown_fields=True):
    """How many answers of a hundred are 500."""

    percent: Annotated[int, Meta(ge=1, le=100, extra_json_schema=_unit("%"))] = 50


class Crashing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The container's exit code."""

    code: Annotated[int, Meta(ge=0, le=255, extra_json_schema=_unit("exit code"))] = 1


Values = Timed | Counted | Burning | Taking | Delaying | Failing | Crashing


class Lesson(msgspec.Struct, frozen=True):
    """A lesson of the course."""

    id: str
    title: Both


class Kind(msgspec.Struct, frozen=True):
    """One fault: what it does, the lesson it belongs to, what it is given."""

    says: Both
    lesson: Lesson
    values: type[Values]


READINESS = Lesson("readiness", Both(fr="Readiness : recevoir du trafic ou non", en="Readiness: traffic or none"))
LIVENESS = Lesson("liveness", Both(fr="Liveness : redémarrer le conteneur", en="Liveness: the container starts again"))
STARTUP = Lesson("startup", Both(fr="Startup : laisser le temps de démarrer", en="Startup: time to start"))
CPU = Lesson("limits-cpu", Both(fr="Limites : le CPU est ralenti", en="Limits: CPU is throttled"))
MEMORY = Lesson("limits-memory", Both(fr="Limites : la mémoire tue", en="Limits: memory kills"))
LOGS = Lesson("logs", Both(fr="Journaux et redémarrages", en="Logs and restarts"))
TERMINATION = Lesson("termination", Both(fr="La fin d’un Pod", en="The end of a Pod"))
LOCALHOST = Lesson("localhost", Both(fr="localhost et l’adresse du Pod", en="localhost and the Pod's address"))

KNOWN: dict[Name, Kind] = {
    "readiness": Kind(
        Both(
            fr="/readyz échoue : le Service écarte ce Pod, qui continue de tourner.",
            en="/readyz fails: the Service leaves this Pod out, and the Pod goes on.",
        ),
        READINESS,
        Counted,
    ),
    "liveness": Kind(
        Both(
            fr="/livez échoue : après quelques échecs, le kubelet redémarre le conteneur, pas le Pod.",
            en="/livez fails: after a few failures the kubelet restarts the container, not the Pod.",
        ),
        LIVENESS,
        Counted,
    ),
    "startup": Kind(
        Both(
            fr="Le prochain démarrage du conteneur est lent : /startupz échoue pendant ce temps.",
            en="The next start of the container is slow: /startupz fails meanwhile.",
        ),
        STARTUP,
        Timed,
    ),
    "cpu": Kind(
        Both(
            fr="Du temps de calcul est brûlé : au-delà de la limite, le conteneur est ralenti, jamais tué.",
            en="CPU time is burnt: beyond the limit the container is slowed down, never killed.",
        ),
        CPU,
        Burning,
    ),
    "memory": Kind(
        Both(
            fr="De la mémoire est prise : au-delà de la limite, le noyau tue le processus (OOMKilled, code 137).",
            en="Memory is taken: beyond the limit the kernel kills the process (OOMKilled, exit code 137).",
        ),
        MEMORY,
        Taking,
    ),
    "latency": Kind(
        Both(
            fr="Les réponses tardent ; les sondes n’en voient rien.",
            en="Answers are late; the probes see nothing of it.",
        ),
        READINESS,
        Delaying,
    ),
    "errors": Kind(
        Both(
            fr="Une partie des réponses sont des erreurs 500 : les journaux disent lesquelles.",
            en="Some answers are errors 500: the logs say which.",
        ),
        LOGS,
        Failing,
    ),
    "crash": Kind(
        Both(
            fr="Le conteneur s’arrête avec ce code ; « kubectl logs --previous » montre ses derniers mots.",
            en="The container ends with that code; `kubectl logs --previous` shows its last words.",
        ),
        LOGS,
        Crashing,
    ),
    "sigterm": Kind(
        Both(
            fr="SIGTERM est ignoré : au bout du délai de grâce, le kubelet tue (SIGKILL, code 137).",
            en="SIGTERM is ignored: when the grace period is over the kubelet kills (SIGKILL, exit code 137).",
        ),
        TERMINATION,
        Timed,
    ),
    "loopback": Kind(
        Both(
            fr="Le service n’écoute que sur 127.0.0.1 : l’adresse du Pod refuse, port-forward répond toujours.",
            en="The service listens on 127.0.0.1 only: the Pod's address refuses, port-forward still answers.",
        ),
        LOCALHOST,
        Timed,
    ),
}
