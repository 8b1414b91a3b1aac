"""Liveness in time: the container is started anew in the same Pod; what shared what with it lives or dies."""

from dataclasses import asdict

from lab.experiments.pods import Probe, backend, idle, pod
from lab.experiments.results import Exhibit
from lab.experiments.texts import load
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import Context, fault, report, rest, step, until
from lab.experiments.timed.engine import Ephemeral, Timed
from lab.experiments.timed.expectations import Expect, Fact, failed, later
from lab.experiments.timed.measures import (
    ContainerStatus,
    Same,
    happens,
    restarts,
    same_container,
)
from lab.experiments.timed.poller import Poll
from lab.experiments.timed.record import Record, answer, any_of, container, ended, event, running
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

PROBE = Probe(period=1, failures=3)
GRACE = 5
TARGETS, ALONE = "guest-target", "guest-network"
"""Two ephemeral containers: one in the app's PID namespace (``--target``), one that shares the network only."""
BACK = backend(livenessProbe=PROBE.http("/livez"), startupProbe=Probe(failures=60).http("/startupz"))
FAILS = "liveness-fails"
BEGIN = 8.0
"""Seconds that a container may need to end as asked and its next to run, beside other work."""
RESTART_WINDOW = later(failed(PROBE), most=GRACE + BEGIN)
NETNS_READINGS = 3
"""The network namespace is read in the sidecar, and in the app's container before and after."""
UNHEALTHY = event("cats", "Unhealthy", "Liveness")
KILLED = any_of(event("cats", "Killing", "back"), ended("cats", "back"))
RESTARTED = container("cats", "back", lambda status: pod_status.restarts(status) > 0 and pod_status.is_running(status))
SHOWS = load("liveness").section("exhibits", {"container", "ip", "netns", "sidecar", ALONE})


def read_netns(context: Context) -> None:
    namespace = context.exec.run(context.container("cats", "back"), ("readlink", "/proc/self/ns/net")).strip()
    context.recorder.add("answer", "netns", namespace, {"raw": "/proc/self/ns/net of back"})


def same_netns(record: Record) -> Fact:
    readings = [item for item in record.observations if item.kind == "answer" and item.name.startswith("netns")]
    same = len(readings) >= NETNS_READINGS and len({item.change for item in readings}) == 1
    text = "\n".join(f"{item.at:.1f} s {item.change} {item.body['raw']} ({item.name})" for item in readings)
    command = "kubectl exec cats -c back -- readlink /proc/self/ns/net"
    exhibit = Exhibit("netns", "containers of cats", text, SHOWS["netns"], command)
    return Fact("same" if same else "another", exhibits=(exhibit,))


def runs(status: Object) -> str:
    return "runs" if pod_status.is_running(status) else "no"


LIVENESS = Timed(
    "liveness",
    progress="starting a Pod with a sidecar and two debuggers",
    pods=[pod("cats", BACK, idle("sidecar"), grace=GRACE)],
    ephemeral=[Ephemeral("cats", TARGETS, target="back"), Ephemeral("cats", ALONE)],
    ready=[
        container("cats", "back", lambda status: bool(status.get("started"))),
        *(running("cats", name) for name in ("sidecar", TARGETS, ALONE)),
    ],
    polls=[Poll("localhost", "http://127.0.0.1:3000/whoami", "cats", "sidecar")],
    steps=[
        read_netns,
        report("failing its liveness, and watching"),
        step(FAILS, fault("cats", "liveness")),
        until(answer("localhost", "answers"), after=answer("localhost", "refused")),
        until(ended("cats", TARGETS)),
        rest((PROBE.failures + 1) * PROBE.period),
        read_netns,
    ],
    expects=[
        happens("killed", KILLED, failed(PROBE), FAILS, reason=UNHEALTHY, values=asdict(PROBE)),
        happens("restarted", RESTARTED, RESTART_WINDOW, FAILS),
        Expect("restart-count", "cats", "1", restarts("cats", "back", SHOWS["container"])),
        Expect("container", "cats", "another", same_container("cats", "back", FAILS, SHOWS["container"])),
        Expect("pod-ip", "cats", "same", Same("cats", "status.podIP", FAILS, SHOWS["ip"])),
        Expect("netns", "cats", "same", same_netns),
        Expect("sidecar", "cats", "0", restarts("cats", "sidecar", SHOWS["sidecar"])),
        happens(TARGETS, ended("cats", TARGETS), RESTART_WINDOW, FAILS, subject=TARGETS, word="137"),
        Expect(ALONE, ALONE, "runs", ContainerStatus("cats", ALONE, runs, SHOWS[ALONE])),
    ],
    tracks=[
        timeline.steps(),
        *(timeline.container("cats", name, name) for name in ("back", "sidecar", TARGETS, ALONE)),
        timeline.answers("localhost"),
        timeline.events("cats"),
    ],
)
run, manifests = LIVENESS.run, LIVENESS.manifests
