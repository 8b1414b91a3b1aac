"""Start-up in time: the same slow start with a startup probe, which is waited for, and without, which is punished."""

from dataclasses import asdict
from typing import Any

from lab.experiments.pods import Probe, backend, pod
from lab.experiments.texts import load
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import Context, rest, step, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import DELAY, Expect, Fact, failed
from lab.experiments.timed.measures import Occurs, fragment, happens, restarts, shown, status_exhibit
from lab.experiments.timed.record import Record, answer, any_of, container, ended, event, first, pod_ready, running
from lab.kubernetes.objects import Object

PATIENT, IMPATIENT = "patient", "impatient"
STARTUP, LIVENESS, READINESS = Probe(period=2, failures=60), Probe(failures=2), Probe(failures=1)
"""kubelet writes 25 events of a Pod in a row, then hardly any: the startup probe, which fails most, is run less."""
SERVES = "may-serve"
WAIT = "until test -e /tmp/cue; do sleep 0.3; done"
"""A start as slow as one wants: nothing listens before the file is there, and only the patient one is ever given it."""
SERVE = "exec python3 -m gunicorn -c python:backend.gunicorn_conf 'backend:create_app()'"
LATE_RECORD = 1.5
"""Seconds by which a container's beginning may be observed late, and what follows seem early."""
BOOTED = (0.0, 6.0 + STARTUP.period + DELAY)
"""The app itself may need 6 s to start beside other work."""
STARTED = container(PATIENT, "back", lambda status: bool(status.get("started")))
STARTUP_FAILED = event(PATIENT, "Unhealthy", "Startup probe failed")
HELD_BACK = any_of(*(event(PATIENT, "Unhealthy", f"{kind} probe failed") for kind in ("Liveness", "Readiness")))
KILLED = any_of(event(IMPATIENT, "Killing", "back"), ended(IMPATIENT, "back"))
RECEIVED = "probes received"
SHOWS = load("startup").section("exhibits", {"probes", "status"})


def slow(**probes: Any) -> Object:
    """Return the backend after a wait."""
    return backend(
        command=["sh", "-c", f"{WAIT}; {SERVE}"],
        livenessProbe=LIVENESS.http("/livez"),
        readinessProbe=READINESS.http("/readyz"),
        **probes,
    )


def let_serve(context: Context) -> None:
    context.exec.run(context.container(PATIENT, "back"), ("touch", "/tmp/cue"))  # noqa: S108 - a volume of the Pod's own


def record_received(context: Context) -> None:
    """Record which probes the app itself received first; it answers by then only if it got ready."""
    if first(pod_ready(PATIENT))(context.recorder.observations):
        (status,) = context.request(PATIENT, "GET", "/api/house")["pods"]
        probes = status["probes"][:5]
        context.recorder.add("answer", RECEIVED, probes[0]["kind"], {"probes": probes})


def held_back(record: Record) -> Fact:
    """Count the probes that failed before the app had started."""
    started = record.first(STARTED)
    failures = record.all(HELD_BACK, *([started.at] if started else []))
    shows = [item for item in (record.first(STARTUP_FAILED), *failures) if item]
    return Fact(str(len(failures)), exhibits=tuple(map(shown, shows)))


def first_probe(record: Record) -> Fact:
    received = record.first(answer(RECEIVED))
    if received is None:
        return Fact()
    command = f"kubectl exec {PATIENT} -- cat /tmp/{PATIENT}.probes.json"
    exhibit = status_exhibit("GET /api/house", received.body["probes"], SHOWS["probes"], command)
    return Fact(received.change, exhibits=(exhibit,))


def ever_ready(record: Record) -> Fact:
    ready = record.first(pod_ready(IMPATIENT))
    exhibit = status_exhibit(f"Pod {IMPATIENT}", fragment(record.pod(IMPATIENT)), SHOWS["status"])
    return Fact("happens" if ready else "never", exhibits=(exhibit,))


START_UP = Timed(
    "startup",
    progress="starting the same slow app with and without a startup probe",
    pods=[pod(PATIENT, slow(startupProbe=STARTUP.http("/startupz"))), pod(IMPATIENT, slow())],
    ready=[running(PATIENT, "back"), running(IMPATIENT, "back")],
    answers=[RECEIVED],
    steps=[
        until(ended(IMPATIENT, "back")),
        step(SERVES, let_serve),
        until(pod_ready(PATIENT)),
        rest(2 * READINESS.period),
        record_received,
    ],
    expects=[
        Expect("held-back", PATIENT, "0", held_back),
        Expect("first-probe", PATIENT, "startupz", first_probe),
        happens("started", STARTED, BOOTED, SERVES, anytime=True, reason=STARTUP_FAILED),
        happens("ready", pod_ready(PATIENT), (0.0, READINESS.period + DELAY), STARTED, anytime=True),
        Expect("patient-restarts", PATIENT, "0", restarts(PATIENT, "back", SHOWS["status"])),
        happens(
            "killed",
            KILLED,
            (max(0.0, failed(LIVENESS)[0] - LATE_RECORD), failed(LIVENESS)[1]),
            running(IMPATIENT, "back"),
            anytime=True,
            reason=event(IMPATIENT, "Unhealthy", "Liveness probe failed"),
            values=asdict(LIVENESS),
        ),
        Expect("exit-code", IMPATIENT, "137", Occurs(ended(IMPATIENT, "back"))),
        Expect("impatient-ready", IMPATIENT, "never", ever_ready),
    ],
    tracks=[
        timeline.steps(),
        timeline.container(PATIENT, "back", PATIENT),
        timeline.ready(PATIENT, "patient-ready"),
        timeline.events(PATIENT, id_="patient-events"),
        timeline.container(IMPATIENT, "back", IMPATIENT),
        timeline.ready(IMPATIENT, "impatient-ready"),
        timeline.events(IMPATIENT, id_="impatient-events"),
    ],
)
run, manifests = START_UP.run, START_UP.manifests
