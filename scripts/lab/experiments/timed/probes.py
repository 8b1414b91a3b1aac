"""Three kinds of probe, HTTP, TCP and a command, put to the same faults: which of them notices, and which does not.

A Pod a fault. In each of them every kind is the readiness probe of a container of its own, beside the app: they share
its network, so each of them can ask the app's port.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lab.experiments.pods import PORT, Probe, backend, idle, pod
from lab.experiments.texts import load
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import fault, report, rest, step, until
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import Expect, Fact
from lab.experiments.timed.measures import Answers, Occurs, status_exhibit, statuses_of
from lab.experiments.timed.poller import Poll
from lab.experiments.timed.record import container, event, pod_ready, running
from lab.experiments.timed.windows import failed
from lab.kubernetes import pod_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.experiments.timed.record import Match, Record
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


@dataclass(frozen=True)
class Kind:
    """A kind of probe: whether it dials the Pod's loopback (or its address), and whether it waits for an answer."""

    id: str
    handler: Object
    inside: bool = False
    listens: bool = True


@dataclass(frozen=True)
class Trouble:
    """A fault of the app, and what it leaves: the Pod's address, an answer in time, a good answer."""

    id: str
    fault: str
    values: Mapping[str, int]
    outside: bool = True
    in_time: bool = True
    good: bool = True


KINDS = (
    Kind("http", {"httpGet": {"path": PATH, "port": PORT}}),
    Kind("tcp", {"tcpSocket": {"port": PORT}}, listens=False),
    Kind("exec", {"exec": {"command": ["python3", "-I", "-S", "-c", COMMAND]}}, inside=True),
)
TROUBLES = (
    Trouble("errors", "errors", {"percent": 100}, good=False),
    Trouble("loopback", "loopback", {}, outside=False),
    Trouble("hangs", "latency", {"milliseconds": DELAY}, in_time=False),
)


def fails(kind: Kind, trouble: Trouble) -> bool:
    """Tell whether a probe of that kind fails: it cannot connect, or it waits for an answer that is late or bad."""
    connects = kind.inside or trouble.outside
    return not connects or (kind.listens and not (trouble.in_time and trouble.good))


def reason(kind: Kind, trouble: Trouble) -> str:
    """Return the id of the reason why it fails or passes."""
    if not trouble.outside:
        return "inside" if kind.inside else "outside"
    if not kind.listens:
        return "connects"
    return "bad" if trouble.in_time else "late"


def unready(trouble: Trouble, kind: Kind) -> Match:
    return container(trouble.id, kind.id, lambda status: status.get("ready") is False, "fails")


@dataclass(frozen=True)
class Noticed:
    """Measures whether and when a probe fails; where it passes, the container is shown to be ready still."""

    kind: Kind
    trouble: Trouble

    def __call__(self, record: Record) -> Fact:
        unhealthy = event(self.trouble.id, "Unhealthy", container=self.kind.id)
        fact = Occurs(unready(self.trouble, self.kind), self.trouble.id, reason=unhealthy)(record)
        return fact if fact.value else self._passes(record)

    def _passes(self, record: Record) -> Fact:
        status = record.container(self.trouble.id, self.kind.id)
        kept = {key: status.get(key) for key in ("name", "ready", "restartCount")}
        shows = SHOWS["still-ready"].format(seconds=record.observations[-1].at - record.step(self.trouble.id))
        where = f"container {self.kind.id} of {self.trouble.id}"
        exhibit = status_exhibit(where, kept, shows, statuses_of(self.trouble.id))
        return Fact("passes" if status.get("ready") else "", exhibits=(exhibit,))


def cell(trouble: Trouble, kind: Kind) -> Expect[Record]:
    return Expect(
        f"{trouble.id}-{kind.id}",
        kind.id,
        "fails" if fails(kind, trouble) else "passes",
        Noticed(kind, trouble),
        failed(PROBE, hangs=not trouble.in_time) if fails(kind, trouble) else None,
        text="cell",
        because=reason(kind, trouble),
        values={
            "trouble": TEXTS.section("steps")[trouble.id],
            "kind": TEXTS.section("tracks")[kind.id],
            **asdict(PROBE),
        },
    )


def all_restarts(record: Record) -> Fact:
    statuses = [status for trouble in TROUBLES for status in pod_status.container_statuses(record.pod(trouble.id))]
    counts = [pod_status.restarts(status) for status in statuses]
    exhibit = status_exhibit("restartCount of all containers", counts, SHOWS["restarts"], "kubectl get pods")
    return Fact(str(sum(counts)) if counts else "", exhibits=(exhibit,))


PROBES = Timed(
    "probes",
    progress="starting a Pod a trouble, each with three kinds of probe",
    pods=[
        *(
            pod(
                trouble.id,
                backend(),
                *(idle(kind.id, readinessProbe=PROBE.fields(kind.handler)) for kind in KINDS),
                grace=0,
            )
            for trouble in TROUBLES
        ),
        pod("other", idle("other"), grace=0),
    ],
    ready=[*(pod_ready(trouble.id) for trouble in TROUBLES), running("other", "other")],
    polls=[Poll("ping", "ping://{loopback}", "other")],
    steps=[
        report("making trouble, and watching who notices"),
        *(step(trouble.id, fault(trouble.id, trouble.fault, **trouble.values)) for trouble in TROUBLES),
        until(
            *(unready(trouble, kind) for trouble in TROUBLES for kind in KINDS if fails(kind, trouble)),
            after=TROUBLES[0].id,
        ),
        rest(PROBE.period, after_step=(PROBE.failures + 1) * PROBE.period),
    ],
    expects=[
        *(cell(trouble, kind) for trouble in TROUBLES for kind in KINDS),
        Expect("ping", "tcp", "answers", Answers("ping", "loopback")),
        Expect("restarts", "kubelet", "0", all_restarts),
    ],
    tracks={
        trouble.id: [
            timeline.steps(trouble.id),
            *(timeline.container_ready(trouble.id, kind.id, kind.id) for kind in KINDS),
            *([timeline.answers("ping")] if trouble.id == "loopback" else []),
            timeline.events(trouble.id),
        ]
        for trouble in TROUBLES
    },
)
run, manifests = PROBES.run, PROBES.manifests
