"""Readiness in time: the endpoint leaves and comes back, and everything that does not ask the Service goes on."""

from dataclasses import asdict

from lab.experiments.pods import Probe, backend, idle, pod, service
from lab.experiments.texts import load
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import Clear, fault, report, rest, step, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import Expect, failed, later, recovered
from lab.experiments.timed.measures import Answers, happens, restarts, same_container
from lab.experiments.timed.poller import Forward, Poll
from lab.experiments.timed.record import answer, condition, endpoint, event, pod_ready, running

PROBE = Probe(period=1, failures=2)
FAILS, PASSES = "readiness-fails", "readiness-passes"
NO_SERVICE = ("pod-ip", "pod-name", "port-forward")
"""The polls of addresses that are no Service's."""
UNREADY = condition("cats", "Ready", "False")
UNHEALTHY = event("cats", "Unhealthy", "Readiness")
RETURNED = endpoint("cats", ready=True)
REFUSED, ANSWERS = answer("service", "refused"), answer("service", "answers")
SHOWS = load("readiness").section("exhibits", {"container"})

READINESS = Timed(
    "readiness",
    progress="starting a Pod behind a Service",
    services=[service("cats-service", "cats")],
    pods=[
        pod("cats", backend(readinessProbe=PROBE.http("/readyz")), grace=0),
        pod("other", idle("other"), grace=0),
    ],
    ready=[pod_ready("cats"), RETURNED, running("other", "other")],
    polls=[
        Poll("service", "http://cats-service/whoami", "other", "other"),
        Poll("pod-ip", "http://{cats}:3000/whoami", "other", "other"),
        Poll("pod-name", "http://cats:3000/whoami", "cats", "back"),
        Forward("port-forward", "cats"),
    ],
    steps=[
        report("failing its readiness, and watching"),
        step(FAILS, fault("cats", "readiness")),
        until(REFUSED),
        rest(2 * PROBE.period),
        step(PASSES, Clear("cats")),
        until(ANSWERS),
        rest(PROBE.period),
    ],
    expects=[
        happens("not-ready", UNREADY, failed(PROBE), FAILS, reason=UNHEALTHY, values=asdict(PROBE)),
        happens("endpoint-leaves", endpoint("cats", ready=False), later(failed(PROBE), most=2), FAILS),
        happens("service-refuses", REFUSED, later(failed(PROBE), most=4), FAILS, subject="cats-service"),
        *(Expect(poll, "cats", "answers", Answers(poll, FAILS, PASSES)) for poll in NO_SERVICE),
        Expect("not-restarted", "cats", "0", restarts("cats", "back", SHOWS["container"])),
        Expect("same-container", "cats", "same", same_container("cats", "back", FAILS, SHOWS["container"])),
        happens("endpoint-returns", RETURNED, later(recovered(PROBE), most=2), PASSES, values=asdict(PROBE)),
        happens("service-answers", ANSWERS, later(recovered(PROBE), most=4), PASSES, subject="cats-service"),
    ],
    tracks=[
        timeline.steps(),
        timeline.ready("cats", "pod"),
        timeline.container("cats", "back", "container"),
        timeline.endpoint("cats"),
        *(timeline.answers(poll) for poll in ("service", *NO_SERVICE)),
        timeline.events("cats"),
    ],
)
run, manifests = READINESS.run, READINESS.manifests
