"""Three kinds of probe, HTTP, TCP and a command, put to the same faults: which of them notices, and which does not.

A Pod a trouble. In each of them every kind is the readiness probe of a container of its own, beside the app: they share
its network, so each of them can ask the app's port.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments import pods
from lab.experiments.pods import PORT, Probe
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import lanes, looking
from lab.experiments.timed.asking import asked
from lab.experiments.timed.expecting import Expect, Fact, judge, noticed
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.results import Exhibit, Expectation, Experiment
    from lab.experiments.timed.lanes import Lane
    from lab.experiments.timed.recorder import Observation, Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

OTHER, DEAD_END = "other", "loopback"
"""A Pod to ping from, and the trouble during which that is done."""
PROBE = Probe(period=2, timeout=3, failures=2)
DELAY = 12_000
"""Milliseconds: longer than the probes wait."""
PATH = "/version"

_PROBES = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#probe-check-methods"
_TCP = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
    "#define-a-tcp-liveness-probe"
)
_COMMAND = f"""
import socket
with socket.create_connection(("127.0.0.1", {PORT}), 10) as sock:
    sock.sendall(b"GET {PATH} HTTP/1.0\\r\\n\\r\\n")
    status = sock.recv(64).decode().partition("\\r")[0]
    raise SystemExit(None if " 200 " in status else status or "no answer")
"""


@dataclass(frozen=True)
class Kind:
    """A kind of probe: whether it dials the Pod's loopback (or its address), and whether it waits for an answer."""

    id: str
    says: Text
    inside: bool
    listens: bool
    handler: Object


@dataclass(frozen=True)
class Trouble:
    """A fault of the app, and what it leaves: the Pod's address, an answer in time, a good answer."""

    id: str
    says: Text
    fault: str
    values: Mapping[str, float]
    outside: bool = True
    in_time: bool = True
    good: bool = True


KINDS = (
    Kind(
        "http",
        Text(en="the HTTP probe", fr="la sonde HTTP"),
        inside=False,
        listens=True,
        handler={"httpGet": {"path": PATH, "port": PORT}},
    ),
    Kind(
        "tcp",
        Text(en="the TCP probe", fr="la sonde TCP"),
        inside=False,
        listens=False,
        handler={"tcpSocket": {"port": PORT}},
    ),
    Kind(
        "exec",
        Text(en="the command", fr="la commande"),
        inside=True,
        listens=True,
        handler={"exec": {"command": ["python3", "-I", "-S", "-c", _COMMAND]}},
    ),
)
TROUBLES = (
    Trouble(
        "errors",
        Text(en="the app answers 500", fr="l’app répond 500"),
        "errors",
        {"percent": 100, "seconds": 120},
        good=False,
    ),
    Trouble(
        "loopback",
        Text(en="the app listens on 127.0.0.1 only", fr="l’app n’écoute que sur 127.0.0.1"),
        "loopback",
        {"seconds": 120},
        outside=False,
    ),
    Trouble(
        "hangs",
        Text(en="the app does not answer in time", fr="l’app ne répond pas à temps"),
        "latency",
        {"milliseconds": DELAY, "seconds": 120},
        in_time=False,
    ),
)


def fails(kind: Kind, trouble: Trouble) -> bool:
    """Tell whether a probe of that kind fails: it cannot connect, or it waits for an answer that is late or bad."""
    connects = kind.inside or trouble.outside
    return not connects or (kind.listens and not (trouble.in_time and trouble.good))


def why(kind: Kind, trouble: Trouble) -> Text:
    """Say why it fails or passes."""
    if not trouble.outside:
        if kind.inside:
            return Text(
                en="It runs in the container and dials 127.0.0.1, where the app listens.",
                fr="Elle tourne dans le conteneur et appelle 127.0.0.1, où l’app écoute.",
            )
        return Text(
            en="It comes from the node and dials the Pod’s address, where nothing listens: refused.",
            fr="Elle vient du nœud et appelle l’adresse du Pod, où rien n’écoute : refusé.",
        )
    if not kind.listens:
        return Text(
            en="It only connects, and the kernel accepts that for a listening app, whatever the app then does.",
            fr="Elle ne fait que se connecter, et le noyau l’accepte pour une app qui écoute, quoi qu’elle fasse.",
        )
    if not trouble.in_time:
        return Text(
            en=f"It waits for the answer, and gives up after {PROBE.timeout} s.",
            fr=f"Elle attend la réponse et abandonne après {PROBE.timeout}\u00a0s.",
        )
    return Text(en="It reads the answer, and 500 is none.", fr="Elle lit la réponse, et 500 n’en est pas une bonne.")


def expected(probe: Probe) -> tuple[Expect, ...]:
    """Work out which probe notices which trouble, and when, from what each does."""
    return (*(_cell(probe, kind, trouble) for trouble in TROUBLES for kind in KINDS), *_beside())


def _cell(probe: Probe, kind: Kind, trouble: Trouble) -> Expect:
    bad = fails(kind, trouble)
    return Expect(
        f"{trouble.id}-{kind.id}",
        kind.id,
        Text(en=f"When {trouble.says.en}: {kind.says.en}?", fr=f"Quand {trouble.says.fr} : {kind.says.fr} ?"),
        "fails" if bad else "passes",
        why(kind, trouble),
        _PROBES,
        noticed(probe, hangs=not trouble.in_time) if bad else None,
    )


def _beside() -> Iterator[Expect]:
    yield Expect(
        "ping",
        "tcp",
        Text(
            en="While the TCP probe is refused, does the Pod answer a ping?",
            fr="Pendant que la sonde TCP est refusée, le Pod répond-il au ping ?",
        ),
        "answers",
        Text(
            en="A ping asks the kernel for an echo; the TCP probe asks for a port on which something listens.",
            fr="Un ping demande un écho au noyau ; la sonde TCP demande un port sur lequel quelque chose écoute.",
        ),
        _TCP,
    )
    yield Expect(
        "restarts",
        "kubelet",
        Text(
            en="How many restarts, all containers together?", fr="Combien de redémarrages, tous conteneurs confondus ?"
        ),
        "0",
        Text(en="All three are readiness probes.", fr="Ce sont trois sondes readiness."),
        _PROBES,
    )


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("probes")
    with temporary_namespaces(api, "probes") as (namespace,), recording(api, namespace) as recorder:
        report("starting a Pod a trouble, each with three kinds of probe")
        *cats, other = pods.create(api, namespace, *_pods(image), pods.pod(OTHER, pods.guest(image, OTHER), grace=0))
        there = [*(looking.pod_ready(trouble.id) for trouble in TROUBLES), looking.running(OTHER, OTHER)]
        recorder.require("all probes to pass", looking.every(*map(looking.looks, there)), START)
        ip = looking.pod(recorder.observations, DEAD_END)["status"]["podIP"]
        with asked(settings, recorder, other, OTHER, {"ping": f"ping://{ip}"}):
            recorder.require("the ping to be answered", looking.looks(looking.answer("ping", "answers")), SHORT)
            report("making trouble, and watching who notices")
            _perform(recorder, cats)
        seen, seconds = recorder.observations, recorder.now()
    timelines = [lanes.timeline(one.id, one.says, _lanes(one), seen, seconds) for one in TROUBLES]
    return begun.ended(cluster_versions(settings, api), judged(seen, recorder.load), timelines)


def _pods(image: str) -> Iterator[Object]:
    for trouble in TROUBLES:
        witnesses = [pods.guest(image, kind.id, readinessProbe=PROBE.fields(kind.handler)) for kind in KINDS]
        yield pods.pod(trouble.id, pods.backend(image), *witnesses, grace=0)


def _perform(recorder: Recorder, cats: Sequence[Subject]) -> None:
    """Have each trouble until all have noticed that are to, then long enough for every probe to fail if it would."""
    noticing = []
    for trouble, one in zip(TROUBLES, cats, strict=True):
        at = recorder.step(trouble.id)
        one.fault(trouble.fault, **trouble.values)
        noticing += [looking.looks(_unready(trouble.id, kind.id), at) for kind in KINDS if fails(kind, trouble)]
    begun = recorder.now()
    recorder.wait(looking.every(*noticing), SHORT)
    recorder.rest(max(PROBE.period, begun + (PROBE.failures + 1) * PROBE.period - recorder.now()))


def _unready(pod: str, container: str) -> looking.Test:
    return looking.pod_is(pod, lambda found: looking.container(found, container).get("ready") is False)


def judged(seen: Sequence[Observation], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(PROBE), facts(seen), crowd)


def facts(seen: Sequence[Observation]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    cells = {f"{trouble.id}-{kind.id}": _fact(seen, kind, trouble) for trouble in TROUBLES for kind in KINDS}
    found = [looking.pod(seen, trouble.id) for trouble in TROUBLES]
    statuses = [one for each in found for one in each.get("status", {}).get("containerStatuses") or []]
    counts = [one["restartCount"] for one in statuses]
    shows = Text(en="each container’s restarts at the end", fr="les redémarrages de chaque conteneur à la fin")
    return {
        **cells,
        "ping": looking.answered(seen, "ping", _began(seen, DEAD_END), seen[-1].at),
        "restarts": Fact(
            str(sum(counts)) if counts else "",
            exhibits=(looking.status_exhibit("restartCount of all containers", counts, shows, "kubectl get pods"),),
        ),
    }


def _fact(seen: Sequence[Observation], kind: Kind, trouble: Trouble) -> Fact:
    begins = _began(seen, trouble.id)
    unready = looking.first(seen, _unready(trouble.id, kind.id), begins)
    if unready:
        told = looking.first(seen, _unhealthy(trouble.id, kind.id), begins)
        return looking.happens(unready, begins, *((looking.shown(told),) if told else ()), value="fails")
    status = looking.container(looking.pod(seen, trouble.id), kind.id)
    still = _ready_still(kind, trouble, status, seen[-1].at - begins)
    return Fact("passes" if status.get("ready") else "", exhibits=(still,))


def _ready_still(kind: Kind, trouble: Trouble, status: Object, seconds: float) -> Exhibit:
    kept = {key: status.get(key) for key in ("name", "ready", "restartCount")}
    shows = Text(
        en=f"still ready after {seconds:.0f} s of it", fr=f"toujours ready après {seconds:.0f}\u00a0s de ce problème"
    )
    command = f"kubectl get pod {trouble.id} -o jsonpath='{{.status.containerStatuses}}'"
    return looking.status_exhibit(f"container {kind.id} of {trouble.id}", kept, shows, command)


def _unhealthy(pod: str, container: str) -> looking.Test:
    unhealthy, path = looking.event("Unhealthy", pod), f"spec.containers{{{container}}}"
    return lambda one: unhealthy(one) and one.body["involvedObject"].get("fieldPath") == path


def _began(seen: Sequence[Observation], trouble: str) -> float:
    return next(one.at for one in seen if (one.kind, one.name) == ("step", trouble))


def _lanes(trouble: Trouble) -> list[Lane]:
    ping = lanes.label("ping", Text(en="ping, from another Pod", fr="ping, depuis un autre Pod"))
    return [
        lanes.deeds(lanes.label("deeds", Text(en="what is done", fr="ce qu’on fait")), {trouble.id: trouble.says}),
        *(lanes.container_ready(trouble.id, kind.id, lanes.label(kind.id, kind.says)) for kind in KINDS),
        *([lanes.answers("ping", ping)] if trouble.id == DEAD_END else []),
        lanes.events(lanes.label("events", Text(en="events", fr="événements")), [trouble.id]),
    ]
