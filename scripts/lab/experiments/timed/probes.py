"""Three kinds of probe, HTTP, TCP and a command, put to the same faults: which of them notices, and which does not.

A Pod a fault. In each of them every kind is the readiness probe of a container of its own, beside the app: they share
its network, so each of them can ask the app's port.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lab.experiments.pods import PORT, Probe, backend, idle, pod
from lab.experiments.texts import load
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import fault, report, rest, step, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import Expect, Fact, failed
from lab.experiments.timed.measures import Answers, Occurs, status_exhibit, statuses_of
from lab.experiments.timed.poller import Poll
from lab.experiments.timed.record import Match, Record, container, event, pod_ready, running
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

PROBE = Probe(period=2, timeout=3, failures=2)
DELAY = 12_000
"""Milliseconds: longer than the probes wait."""
PATH = "/version"
COMMAND = f"""
import socket
with socket.create_connection(("127.0.0.1", {PORT}), 10) as sock:
    sock.sendall(b"GET {PATH} HTTP/1.0\\r\\n\\r\\n")
    status = sock.recv(64).decode().partition("\\r")[0]
    raise SystemExit(None if " 200 " in status else status or "no answer")
"""
TEXTS = load("probes")
SHOWS = TEXTS.section("exhibits", {"still-ready", "restarts"})


HANDLERS: Mapping[str, Object] = {
    "http": {"httpGet": {"path": PATH, "port": PORT}},
    "tcp": {"tcpSocket": {"port": PORT}},
    "exec": {"exec": {"command": ["python3", "-I", "-S", "-c", COMMAND]}},
}
FAULTS = {
    "errors": fault("errors", "errors", percent=100),
    "loopback": fault("loopback", "loopback"),
    "hangs": fault("hangs", "latency", milliseconds=DELAY),
}
"""By the Pod that has it."""
FAILS = {
    ("errors", "http"): "bad",
    ("errors", "exec"): "bad",
    ("loopback", "http"): "outside",
    ("loopback", "tcp"): "outside",
    ("hangs", "http"): "late",
    ("hangs", "exec"): "late",
}
PASSES = {("errors", "tcp"): "connects", ("loopback", "exec"): "inside", ("hangs", "tcp"): "connects"}
"""Which Pod's probe fails or passes, and why: the id of a reason."""


def unready(pod: str, kind: str) -> Match:
    return container(pod, kind, lambda status: status.get("ready") is False, "fails")


@dataclass(frozen=True)
class Noticed:
    """Measures whether and when a probe fails; where it passes, the container is shown to be ready still."""

    pod: str
    container: str

    def __call__(self, record: Record) -> Fact:
        unhealthy = event(self.pod, "Unhealthy", container=self.container)
        fact = Occurs(unready(self.pod, self.container), self.pod, reason=unhealthy)(record)
        return fact if fact.value else self._passes(record)

    def _passes(self, record: Record) -> Fact:
        status = record.container(self.pod, self.container)
        kept = {key: status.get(key) for key in ("name", "ready", "restartCount")}
        shows = SHOWS["still-ready"].format(seconds=record.observations[-1].at - record.step(self.pod))
        where = f"container {self.container} of {self.pod}"
        exhibit = status_exhibit(where, kept, shows, statuses_of(self.pod))
        return Fact("passes" if status.get("ready") else "", exhibits=(exhibit,))


def cell(pod: str, kind: str) -> Expect[Record]:
    fails, names = (pod, kind) in FAILS, {"trouble": TEXTS.section("steps")[pod], "kind": TEXTS.section("tracks")[kind]}
    return Expect(
        f"{pod}-{kind}",
        kind,
        "fails" if fails else "passes",
        Noticed(pod, kind),
        failed(PROBE, hangs=pod == "hangs") if fails else None,
        text="cell",
        because={**FAILS, **PASSES}[pod, kind],
        values={**names, **asdict(PROBE)},
    )


def all_restarts(record: Record) -> Fact:
    statuses = [status for name in FAULTS for status in pod_status.container_statuses(record.pod(name))]
    counts = [pod_status.restarts(status) for status in statuses]
    exhibit = status_exhibit("restartCount of all containers", counts, SHOWS["restarts"], "kubectl get pods")
    return Fact(str(sum(counts)) if counts else "", exhibits=(exhibit,))


PROBED = [idle(kind, readinessProbe=PROBE.fields(handler)) for kind, handler in HANDLERS.items()]
PROBES = Timed(
    "probes",
    progress="starting a Pod a trouble, each with three kinds of probe",
    pods=[*(pod(name, backend(), *PROBED, grace=0) for name in FAULTS), pod("other", idle("other"), grace=0)],
    ready=[*map(pod_ready, FAULTS), running("other", "other")],
    polls=[Poll("ping", "ping://{loopback}", "other", "other")],
    steps=[
        report("making trouble, and watching who notices"),
        *(step(name, action) for name, action in FAULTS.items()),
        until(*(unready(*probe) for probe in FAILS), after="errors"),
        rest(PROBE.period, after_step=(PROBE.failures + 1) * PROBE.period),
    ],
    expects=[
        *(cell(name, kind) for name in FAULTS for kind in HANDLERS),
        Expect("ping", "tcp", "answers", Answers("ping", "loopback")),
        Expect("restarts", "kubelet", "0", all_restarts),
    ],
    tracks={
        name: [
            timeline.steps(name),
            *(timeline.container_ready(name, kind, kind) for kind in HANDLERS),
            *([timeline.answers("ping")] if name == "loopback" else []),
            timeline.events(name),
        ]
        for name in FAULTS
    },
)
run, manifests = PROBES.run, PROBES.manifests
