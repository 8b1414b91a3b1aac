"""Start-up in time: the same slow start with a startup probe, which is waited for, and without, which is punished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.experiments import pods
from lab.experiments.pods import Probe
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import lanes, looking
from lab.experiments.timed.expecting import LATE, Expect, Fact, Window, judge, later, noticed
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.kubernetes import client
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.results import Exhibit, Expectation, Experiment
    from lab.experiments.timed.lanes import Lane
    from lab.experiments.timed.recorder import Observation, Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

PATIENT, IMPATIENT, BACK = "patient", "impatient", "back"
STARTUP, LIVENESS, READINESS = Probe(period=2, failures=60), Probe(failures=2), Probe(failures=1)
"""kubelet writes 25 events of a Pod in a row, then hardly any: the startup probe, which fails most, is asked less."""
GRACE = 1
ASKED, CUE = "probes seen", "may serve"
_WAITS = "until test -e /tmp/cue; do sleep 0.3; done"
"""A start as slow as one wants: nothing listens before the cue is there, and only the patient one is ever given it."""
HELD = ("Liveness", "Readiness")

_STARTUP = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#types-of-probe"
_CONFIGURE = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
    "#define-startup-probes"
)
_GRACE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
_TOLD = 1.5
"""Seconds by which a container's beginning may be told late, and what follows seem early."""
_BOOT = 6.0
"""Seconds that the app itself may need to start beside other work."""


def expected(startup: Probe, liveness: Probe, readiness: Probe) -> tuple[Expect, ...]:
    """Work out what must happen from the three probes."""
    started = (0.0, _BOOT + startup.period + LATE)
    return (*_held_back(), *_let_go(started, readiness), *_without(liveness))


def _held_back() -> tuple[Expect, ...]:
    return (
        Expect(
            "held-back",
            PATIENT,
            Text(
                en="How many liveness and readiness probes failed before it had started?",
                fr="Combien de sondes liveness et readiness ont échoué avant la fin du démarrage ?",
            ),
            "0",
            Text(
                en="Until the startup probe has passed, kubelet asks neither of the two.",
                fr="Tant que la sonde startup n’a pas réussi, kubelet ne lance aucune des deux autres.",
            ),
            _STARTUP,
        ),
        Expect(
            "first-probe",
            PATIENT,
            Text(en="Which probe did the app see first?", fr="Quelle sonde l’application a-t-elle vue en premier ?"),
            "startupz",
            Text(en="The app’s own record agrees.", fr="Le registre de l’application le confirme."),
            _STARTUP,
        ),
    )


def _let_go(started: Window, readiness: Probe) -> tuple[Expect, ...]:
    return (
        Expect(
            "started",
            PATIENT,
            Text(en="Does the startup probe pass?", fr="La sonde startup réussit-elle ?"),
            "happens",
            Text(
                en="It fails until something listens, and it may fail often enough for that.",
                fr="Elle échoue jusqu’à ce que quelque chose écoute, et elle a droit à assez d’échecs.",
            ),
            _CONFIGURE,
            started,
        ),
        Expect(
            "ready",
            PATIENT,
            Text(en="Is the Pod Ready soon after?", fr="Le Pod est-il Ready peu après ?"),
            "happens",
            Text(en="Now readiness is asked, at once.", fr="Readiness est alors interrogée, tout de suite."),
            _STARTUP,
            (0.0, readiness.period + LATE),
        ),
        Expect(
            "patient-restarts",
            PATIENT,
            Text(en="How often was it restarted?", fr="Combien de fois a-t-il redémarré ?"),
            "0",
            Text(en="The liveness probe never met the slow start.", fr="La sonde liveness n’a pas vu le démarrage."),
            _CONFIGURE,
        ),
    )


def _without(liveness: Probe) -> tuple[Expect, ...]:
    killed = later(noticed(liveness), least=-_TOLD)
    return (
        Expect(
            "killed",
            IMPATIENT,
            Text(
                en="Without a startup probe, does kubelet kill it?",
                fr="Sans sonde startup, kubelet le tue-t-il ?",
            ),
            "happens",
            Text(
                en=f"Liveness is asked from the beginning, and {liveness.failures} failures in a row are too many.",
                fr=f"Liveness est interrogée dès le début, et {liveness.failures} échecs de suite suffisent.",
            ),
            _CONFIGURE,
            (max(0.0, killed[0]), killed[1]),
        ),
        Expect(
            "exit-code",
            IMPATIENT,
            Text(en="With which code does it end?", fr="Avec quel code finit-il ?"),
            "137",
            Text(
                en="What sleeps as PID 1 does not heed SIGTERM, so SIGKILL comes after the grace: 128 + 9.",
                fr="Un PID 1 qui dort n’entend pas SIGTERM : SIGKILL vient après le délai de grâce, 128 + 9.",
            ),
            _GRACE,
        ),
        Expect(
            "impatient-ready",
            IMPATIENT,
            Text(en="Is it ever Ready?", fr="Est-il Ready un jour ?"),
            "never",
            Text(
                en="Each new start is as slow as the one before, and is killed as soon.",
                fr="Chaque nouveau démarrage est aussi lent que le précédent, et tué aussi vite.",
            ),
            _CONFIGURE,
        ),
    )


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("startup")
    with temporary_namespaces(api, "startup") as (namespace,), recording(api, namespace) as recorder:
        report("starting the same slow app with and without a startup probe")
        patient, _ = pods.create(api, namespace, *(pods.pod(name, _slow(image, name), grace=GRACE) for name in PAIR))
        _perform(settings, recorder, patient)
        seen, seconds = recorder.observations, recorder.now()
    timeline = lanes.timeline("startup", begun.entry.title, _lanes(), seen, seconds)
    return begun.ended(cluster_versions(settings, api), judged(seen, recorder.load), [timeline])


PAIR = (PATIENT, IMPATIENT)


def _slow(image: str, name: str) -> Object:
    """Return the backend after a wait; only the patient one has a startup probe."""
    serve = "exec python3 -m gunicorn -c python:backend.gunicorn_conf 'backend:create_app()'"
    more: dict[str, Any] = {"livenessProbe": LIVENESS.http("/livez"), "readinessProbe": READINESS.http("/readyz")}
    if name == PATIENT:
        more["startupProbe"] = STARTUP.http("/startupz")
    return pods.backend(image, command=["sh", "-c", f"{_WAITS}; {serve}"], **more)


def _perform(settings: Settings, recorder: Recorder, patient: Subject) -> None:
    """Wait until the one without a startup probe has been killed; then the other may serve, and gets Ready."""
    both = [looking.looks(looking.running(name, BACK)) for name in PAIR]
    recorder.require("both containers to run", looking.every(*both), START)
    ready, killed = looking.looks(looking.pod_ready(PATIENT)), looking.looks(looking.ended(IMPATIENT, BACK))
    recorder.wait(killed, SHORT)
    recorder.step(CUE)
    where = ("--namespace", patient.namespace, patient.name, "--container", BACK)
    client.kubectl(settings, "exec", *where, "--", "touch", "/tmp/cue")  # noqa: S108 - a volume of the Pod's own
    recorder.wait(ready, SHORT)
    recorder.rest(2 * READINESS.period)
    if ready(recorder.observations):
        (told,) = patient.ask("GET", "/api/house")["pods"]
        recorder.add("answer", ASKED, told["probes"][0]["kind"], {"probes": told["probes"][:5]})


def judged(seen: Sequence[Observation], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(STARTUP, LIVENESS, READINESS), facts(seen), crowd)


def facts(seen: Sequence[Observation]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    return {**_facts_with(seen), **_facts_without(seen)}


def _facts_with(seen: Sequence[Observation]) -> dict[str, Fact]:
    began = next(one.at for one in seen if one.name == CUE)
    is_started = looking.pod_is(PATIENT, lambda found: bool(looking.container(found, BACK).get("started")))
    started = looking.first(seen, is_started)
    by = started.at if started else float("inf")
    failed = [one for one in seen if one.at <= by and any(_failed(PATIENT, kind)(one) for kind in HELD)]
    waited = looking.first(seen, _failed(PATIENT, "Startup"))
    record = looking.first(seen, lambda one: one.kind == "answer" and one.name == ASKED)
    restarts = looking.container(looking.pod(seen, PATIENT), BACK).get("restartCount", "")
    events = tuple(looking.shown(one) for one in (waited, *failed) if one)
    return {
        "held-back": Fact(str(len(failed)), exhibits=events),
        "first-probe": Fact(record.change, exhibits=(_recorded(record),)) if record else Fact(""),
        "started": looking.happens(started, began, *events[:1]),
        "ready": looking.happens(looking.first(seen, looking.pod_ready(PATIENT)), by),
        "patient-restarts": Fact(str(restarts), exhibits=(_status(seen, PATIENT),)),
    }


def _facts_without(seen: Sequence[Observation]) -> dict[str, Fact]:
    runs = looking.first(seen, looking.running(IMPATIENT, BACK))
    ended = looking.first(seen, looking.ended(IMPATIENT, BACK))
    code = looking.last_end(ended.body, BACK).get("exitCode", "") if ended else ""
    event, end = looking.event("Killing", IMPATIENT, BACK), looking.ended(IMPATIENT, BACK)
    killing = looking.first(seen, lambda one: event(one) or end(one))
    why = looking.first(seen, _failed(IMPATIENT, "Liveness"))
    ready = looking.first(seen, looking.pod_ready(IMPATIENT))
    return {
        "killed": looking.happens(killing, runs.at if runs else 0.0, *((looking.shown(why),) if why else ())),
        "exit-code": Fact(str(code), exhibits=(looking.shown(ended),) if ended else ()),
        "impatient-ready": Fact("happens" if ready else "never", exhibits=(_status(seen, IMPATIENT),)),
    }


def _failed(name: str, kind: str) -> looking.Test:
    return looking.event("Unhealthy", name, f"{kind} probe failed")


def _recorded(record: Observation) -> Exhibit:
    shows = Text(en="the first probes that the app itself saw", fr="les premières sondes vues par l’application")
    command = f"kubectl exec {PATIENT} -- cat /tmp/{PATIENT}.probes.json"
    return looking.status_exhibit("GET /api/house", record.body["probes"], shows, command)


def _status(seen: Sequence[Observation], name: str) -> Exhibit:
    shows = Text(en="the Pod’s status at the end", fr="l’état du Pod à la fin")
    return looking.status_exhibit(f"Pod {name}", looking.fragment(looking.pod(seen, name)), shows)


def _lanes() -> list[Lane]:
    named = {
        PATIENT: Text(en="with a startup probe", fr="avec sonde startup"),
        IMPATIENT: Text(en="without", fr="sans"),
    }
    may = {CUE: Text(en="the first one may serve now", fr="le premier peut servir maintenant")}
    made = [lanes.deeds(lanes.label("deeds", Text(en="what is done", fr="ce qu’on fait")), may)]
    for name, words in named.items():
        ready = Text(en=f"{words.en}: Ready", fr=f"{words.fr} : Ready")
        events = Text(en=f"{words.en}: events", fr=f"{words.fr} : événements")
        made.append(lanes.container(name, BACK, lanes.label(name, words)))
        made.append(lanes.ready(name, lanes.label(f"{name}-ready", ready)))
        made.append(lanes.events(lanes.label(f"{name}-events", events), [name]))
    return made
