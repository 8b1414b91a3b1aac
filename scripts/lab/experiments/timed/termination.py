"""The end of a Pod in time: one that heeds SIGTERM finishes what it began and exits 0; one that does not is killed."""

import threading

from lab import waiting
from lab.errors import LabError
from lab.experiments.pods import Probe, backend, idle, pod, service
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import Context, Delete, fault, report, rest, step, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import DELAY, around, failed, later
from lab.experiments.timed.measures import happens
from lab.experiments.timed.poller import Poll
from lab.experiments.timed.record import answer, deleted, ended, endpoint, pod_ready, running
from lab.experiments.timed.recorder import SHORT
from lab.kubernetes import client

PROBE = Probe(period=1, failures=1)
DRAIN = 3
"""Seconds that the backend goes on serving after SIGTERM (DRAIN_SECONDS)."""
REQUEST = 5
"""Seconds that the request under way takes; it begins just before the deletion."""
BEFORE = 1.0
"""Seconds from the request to the deletion, or more: until the app has it."""
KEPT_OPEN = 5.0
"""Seconds for which the backend keeps a connection open for a next request: it waits for that too."""
GRACE, SHORT_GRACE = 20, 4
IN_FLIGHT = "http_requests_in_flight "
"""The backend's own figure of the requests that it has; the one that asks for it is among them."""
TERMINATING = endpoint("polite", terminating=True, ready=False)
NOT_SERVING = endpoint("polite", serving=False)
REFUSED, GONE = answer("service", "refused"), answer("pod-ip", "refused")
DEAF_ENDED = ended("deaf", "back")
SENT, DELETED, ANSWERED = "request-sent", "delete", "request answered"
DRAINED = around(max(DRAIN, REQUEST - BEFORE), more=KEPT_OPEN + DELAY)


def send_request(context: Context) -> None:
    """Send the long request beside the steps that follow, and record how it ended."""

    def send() -> None:
        path = context.proxy_path("polite", "/version")
        try:
            text = client.kubectl(context.settings, "get", "--raw", path, timeout=SHORT).stdout
        except LabError as error:
            context.recorder.add("answer", ANSWERED, "reset", {"raw": error.what})
        else:
            context.recorder.add("answer", ANSWERED, "answers", {"raw": text})

    threading.Thread(target=send, daemon=True).start()


def wait_until_received(context: Context) -> None:
    """Wait until the app has a request beside the one that asks for its metrics."""

    def look() -> tuple[bool, str]:
        count = in_flight(context.api.text(context.proxy_path("polite", "/metrics")))
        return count > 1, f"{count} requests in flight"

    waiting.until("the long request to reach the app", look, timeout=SHORT)


def in_flight(metrics: str) -> float:
    return next(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(IN_FLIGHT))


TERMINATION = Timed(
    "termination",
    progress="starting one Pod that heeds SIGTERM and one that does not",
    services=[service("polite-service", "polite")],
    pods=[
        pod("polite", backend(env={"DRAIN_SECONDS": str(DRAIN)}, readinessProbe=PROBE.http("/readyz")), grace=GRACE),
        pod("deaf", backend(readinessProbe=PROBE.http("/readyz")), grace=SHORT_GRACE),
        pod("other", idle("other"), grace=0),
    ],
    deletes=True,
    ready=[pod_ready("polite"), pod_ready("deaf"), running("other", "other"), endpoint("polite", ready=True)],
    polls=[
        Poll("pod-ip", "http://{polite}:3000/whoami", "other", "other"),
        Poll("service", "http://polite-service/whoami", "other", "other"),
    ],
    answers=[ANSWERED],
    steps=[
        report("deleting both, with a request under way"),
        fault("deaf", "sigterm"),
        fault("polite", "latency", milliseconds=REQUEST * 1000),
        step(SENT, send_request),
        rest(BEFORE),
        wait_until_received,
        step(DELETED, Delete("polite", GRACE), Delete("deaf", SHORT_GRACE)),
        until(deleted("polite"), deleted("deaf"), answer(ANSWERED)),
    ],
    expects=[
        happens("terminating", TERMINATING, (0.0, DELAY), DELETED),
        happens("not-serving", NOT_SERVING, later(failed(PROBE), most=2), DELETED),
        happens("service-refuses", REFUSED, later(failed(PROBE), most=4), DELETED, subject="polite-service"),
        happens("pod-ip", GONE, around(DRAIN), DELETED, subject="polite", values={"drain": DRAIN}),
        happens("in-flight", answer(ANSWERED), around(REQUEST), SENT, subject="polite", word="answers"),
        happens("polite-ends", ended("polite", "back"), DRAINED, DELETED, word="0"),
        happens("deaf-ends", DEAF_ENDED, around(SHORT_GRACE), DELETED, word="137", values={"grace": SHORT_GRACE}),
    ],
    tracks=[
        timeline.steps(),
        timeline.endpoint("polite"),
        *(timeline.answers(name) for name in ("service", "pod-ip", ANSWERED)),
        *(timeline.container(name, "back", name) for name in ("polite", "deaf")),
        timeline.events("polite", "deaf"),
    ],
)
run, manifests = TERMINATION.run, TERMINATION.manifests
