"""What must become of the course's database under its limits, beside what did. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, figures, kills, looking
from lab.experiments.timed.database_evidence import GREEDY, LESSON, READY, SMALL
from lab.experiments.timed.effort import ROOT
from lab.experiments.timed.figures import Ask
from lab.kubernetes import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.experiments.results import Expectation
    from lab.experiments.timed.database_evidence import Answer, Evidence
    from lab.kubernetes.objects import Object

_TAKES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
LIMITS = f"{_TAKES}#how-pods-with-resource-limits-are-run"
_REQUESTS = f"{_TAKES}#how-pods-with-resource-requests-are-scheduled"
_VOLUMES = "https://kubernetes.io/docs/concepts/storage/volumes/#background"
_NO_TABLE = ("ERROR 1146 ", "ERROR 1049 ")
"""No such table, no such database: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html"""
_MYSQL = "https://dev.mysql.com/doc/refman/8.4/en/memory-use.html"


def expectations(evidence: Evidence) -> tuple[Expectation, ...]:
    """Judge everything; with the published MySQL, which needs more than either limit, only what can be asked of it."""
    always = (*(_starts(evidence, name) for name in (SMALL, LESSON)), *_scheduled(evidence))
    if not evidence.stands_in:
        return always
    return (
        *always,
        *(_slowly(evidence, name) for name in (SMALL, LESSON)),
        _idle(evidence),
        *_killed(evidence),
        *_crowded(evidence),
    )


def _starts(evidence: Evidence, name: str) -> Expectation:
    start = evidence.starts[name]
    limit = _limits(evidence, name)["memory"]
    small = Text(
        en="This is the lab’s MariaDB with 8 MiB of buffers. MySQL 8 needs about 400 MiB, and would be killed.",
        fr="C’est la MariaDB du lab, avec 8\u00a0Mio de tampons. MySQL 8 demande environ 400\u00a0Mio et serait tué.",
    )
    whole = Text(
        en="MySQL 8 needs about 400 MiB as it comes, three times the limit: the kernel kills it as it starts.",
        fr="MySQL 8 demande environ 400\u00a0Mio tel quel, trois fois la limite\u00a0: le noyau le tue au démarrage.",
    )
    ask = Ask(
        f"starts-{name}",
        f"{name}, {limit}",
        Text(en="Does the database start with this limit?", fr="La base démarre-t-elle avec cette limite\u202f?"),
        small if evidence.stands_in else whole,
        _MYSQL,
    )
    lines = start.log.splitlines()
    line = next((one for one in lines if READY in one), lines[-1] if lines else "")
    shown = Exhibit(
        "command", f"log of {name}", line, Text(en="its own word", fr="sa propre parole"), f"kubectl logs {name}"
    )
    return ask.exactly("yes" if evidence.stands_in else "no", "yes" if READY in start.log else "no", shown)


def _slowly(evidence: Evidence, name: str) -> Expectation:
    """Judge the time of the start by the CPU that it took and the limit, which is a lower bound and no more."""
    start = evidence.starts[name]
    used = cgroups.read(start.files)
    allowed = quantities.millicores(_limits(evidence, name)["cpu"]) / 1000
    least = max(0.0, used.cpu / allowed * 0.6 - 0.3)
    stat = "cpu/cpu.stat" if evidence.version == "v1" else "cpu.stat"
    figure = figures.seconds(used.cpu)
    ask = Ask(
        f"start-time-{name}",
        f"{name}, {_limits(evidence, name)['cpu']}",
        Text(en="How long does the start take?", fr="Combien de temps dure le démarrage\u202f?"),
        Text(
            en=f"It takes {figure.en} of CPU, of which the limit gives {allowed:.0%} a second: no faster.",
            fr=f"Il demande {figure.fr} de CPU, dont la limite donne {allowed * 100:.0f}\u00a0% par seconde.",
        ),
        LIMITS,
    )
    shows = Text(en="periods, and how many were cut short", fr="périodes, et combien furent écourtées")
    return ask.within(least, 30.0, start.seconds, figures.seconds, file(name, stat, start.files, shows))


def _idle(evidence: Evidence) -> Expectation:
    start = evidence.starts[LESSON]
    request = evidence.lesson["spec"]["containers"][0]["resources"]["requests"]["memory"]
    ask = Ask(
        "idle",
        LESSON,
        Text(
            en="How much memory of its own does it hold at rest?",
            fr="Combien de mémoire à elle tient-elle au repos\u202f?",
        ),
        Text(
            en=f"The lab’s MariaDB stays below its request of {request}; file cache comes on top, and can go.",
            fr=f"La MariaDB du lab reste sous sa request de {request}\u202f; le cache de fichiers s’y ajoute.",
        ),
        _REQUESTS,
    )
    shows = Text(en="what its cgroup holds, by kind", fr="ce que tient son cgroup, par nature")
    name = "memory/memory.stat" if evidence.version == "v1" else "memory.stat"
    held = cgroups.read(start.files).anonymous
    return ask.within(10 << 20, quantities.size(request), held, figures.size, file(LESSON, name, start.files, shows))


def _killed(evidence: Evidence) -> Iterator[Expectation]:
    end = looking.last_end(evidence.pods["killed"], "db")
    shown = looking.status_exhibit(
        f"{SMALL}/db, lastState",
        end,
        Text(en="how it ended", fr="comment elle a fini"),
        f"kubectl get pod {SMALL} -o jsonpath='{{.status.containerStatuses[0].lastState}}'",
    )
    said = told(evidence, "small-query", SMALL)
    ask = Ask(
        "small-query",
        f"{SMALL}, 64Mi",
        Text(
            en="One session holds 42 MB: what becomes of the database?",
            fr="Une session tient 42\u00a0Mo\u00a0: que devient la base\u202f?",
        ),
        Text(
            en="Some 30 MiB at rest and 40 MiB more are above 64Mi: the kernel kills the server, not the query.",
            fr="Environ 30\u00a0Mio au repos et 40\u00a0Mio de plus dépassent 64Mi\u00a0: le noyau tue le serveur.",
        ),
        LIMITS,
    )
    yield ask.among(kills.expected(evidence.version), kills.said(end), shown, said)
    lost = Ask(
        "small-lost",
        SMALL,
        Text(
            en="After the restart: is the table that was written there?",
            fr="Après le redémarrage\u00a0: la table écrite est-elle là\u202f?",
        ),
        Text(
            en="The Pod has no volume: what was written lay in the container’s own layer, which a restart begins anew.",
            fr="Le Pod n’a pas de volume\u00a0: tout était dans la couche du conteneur, remise à zéro au redémarrage.",
        ),
        _VOLUMES,
    )
    yield lost.exactly("no", kept(evidence.answers["small-lost"]), told(evidence, "small-lost", SMALL))


def _crowded(evidence: Evidence) -> Iterator[Expectation]:
    fits = Ask(
        "lesson-query",
        f"{LESSON}, 128Mi",
        Text(
            en="The course’s own, with 42 MB in one session?",
            fr="Celle du cours, avec 42\u00a0Mo dans une session\u202f?",
        ),
        Text(
            en="Some 30 MiB and 40 MiB are below 128Mi.", fr="Environ 30\u00a0Mio et 40\u00a0Mio font moins que 128Mi."
        ),
        LIMITS,
    )
    yield fits.exactly("answers", answers(evidence.answers["lesson-query"]), told(evidence, "lesson-query", LESSON))
    end = looking.last_end(evidence.pods["lesson"], "db")
    bursts = Ask(
        "lesson-many",
        f"{LESSON}, 128Mi",
        Text(en="And with 112 MB in one session?", fr="Et avec 112\u00a0Mo dans une session\u202f?"),
        Text(
            en="A limit is no size that the database knows: it takes what it is asked for, up to the kill.",
            fr="La base ne connaît pas sa limite\u00a0: elle prend ce qu’on lui demande, jusqu’à être tuée.",
        ),
        LIMITS,
    )
    shows = Text(en="how it ended", fr="comment elle a fini")
    shown = looking.status_exhibit(f"{LESSON}/db, lastState", end, shows, f"kubectl describe pod {LESSON}")
    yield bursts.among(kills.expected(evidence.version), kills.said(end), shown, told(evidence, "lesson-many", LESSON))


def _scheduled(evidence: Evidence) -> Iterator[Expectation]:
    """Judge what the scheduler counts: requests, neither limits nor use."""
    requests = evidence.lesson["spec"]["containers"][0]["resources"]["requests"]
    found = looking.container(looking.pod(evidence.seen, LESSON), "db").get("allocatedResources") or {}
    because = Text(
        en="The scheduler adds up requests: neither limits nor what is really used.",
        fr="Le scheduler additionne les requests\u00a0: ni les limits, ni l’usage réel.",
    )
    shown = looking.status_exhibit(
        f"{LESSON}/db: allocatedResources",
        found,
        Text(en="what the node has set aside for it", fr="ce que le nœud a mis de côté pour lui"),
        f"kubectl get pod {LESSON} -o jsonpath='{{.status.containerStatuses[0].allocatedResources}}'",
    )
    allocated = Ask(
        "allocated",
        LESSON,
        Text(en="What does the node set aside for it?", fr="Que met le nœud de côté pour lui\u202f?"),
        because,
        _REQUESTS,
    )
    yield allocated.exactly(_amounts(requests), _amounts(found), shown)
    pod = looking.pod(evidence.seen, GREEDY)
    reason: Object = next(
        (one for one in pod.get("status", {}).get("conditions") or [] if one["type"] == "PodScheduled"), {}
    )
    waits = Ask(
        "no-room",
        GREEDY,
        Text(
            en="A Pod requests all CPU of the node, most of it idle: does it run?",
            fr="Un Pod demande tout le CPU du nœud, presque inactif\u00a0: tourne-t-il\u202f?",
        ),
        because,
        _REQUESTS,
    )
    message = looking.status_exhibit(
        f"{GREEDY}: PodScheduled",
        reason.get("message"),
        Text(en="why it waits", fr="pourquoi il attend"),
        f"kubectl describe pod {GREEDY}",
    )
    yield waits.exactly(
        "Pending, Unschedulable", f"{pod.get('status', {}).get('phase')}, {reason.get('reason')}", message
    )


def _limits(evidence: Evidence, name: str) -> Object:
    sent = evidence.small if name == SMALL else evidence.lesson
    found: Object = sent["spec"]["containers"][0]["resources"]["limits"]
    return found


def _amounts(found: Object) -> str:
    return ", ".join(f"{name} {found[name]}" for name in ("memory", "cpu") if name in found)


def answers(answer: Answer) -> str:
    """Say how a query ended, as a word of `expecting.SAID` or the client's own."""
    return "answers" if answer.ok else answer.text[:80]


def kept(answer: Answer) -> str:
    """Say whether the table is there: no where the server knows none, else the client's own words."""
    if answer.ok:
        return "yes"
    return "no" if any(error in answer.text for error in _NO_TABLE) else answer.text[:80]


def told(evidence: Evidence, key: str, pod: str) -> Exhibit:
    """Return what the database's client said as an exhibit."""
    shows = Text(en="what the client said", fr="ce qu’a dit le client")
    return Exhibit(
        "command", f"mysql in {pod}", evidence.answers[key].text, shows, f"kubectl exec -it {pod} -- mysql -u root"
    )


def file(pod: str, name: str, files: Mapping[str, str], shows: Text) -> Exhibit:
    """Return a file of a database's cgroup as an exhibit."""
    path = f"{ROOT}/{name}"
    return Exhibit("cgroup", f"{path}, {pod}", files.get(name, ""), shows, f"kubectl exec {pod} -- cat {path}")
