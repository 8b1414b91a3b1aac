"""Three kinds of probe, HTTP, TCP and a command, put to the same faults: which of them notices, and which does not.

Each kind is the readiness probe of a container of its own, all in one Pod with the app: they share its network, so
each of them can ask the app's port.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import kube
from lab.experiments.spaces import spaces
from lab.experiments.timing import lanes, looking, pods
from lab.experiments.timing.asking import asked
from lab.experiments.timing.expecting import Expect, Fact, judge, noticed
from lab.experiments.timing.pods import PORT, Probe
from lab.experiments.timing.recorder import recording
from lab.experiments.timing.result import begin, cluster_seen
from lab.findings import Exhibit, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.config import Settings
    from lab.events import Report
    from lab.experiments.timing.lanes import Lane
    from lab.experiments.timing.pods import Subject
    from lab.experiments.timing.recorder import Recorder, Seen
    from lab.findings import Expectation, Experiment
    from lab.kube import Api

TITLE = Words(en="Three kinds of probe", fr="Trois sortes de sonde")
QUESTION = Words(
    en="HTTP, TCP or a command: which probe notices which trouble?",
    fr="HTTP, TCP ou une commande : quelle sonde remarque quel problème ?",
)
CATS, BACK, OTHER = "cats", "back", "other"
PROBE = Probe(period=2, timeout=2, failures=2)
START, SHORT = 60.0, 20.0
DELAY = 8000
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
_HEAL = f"""
import http.client
connection = http.client.HTTPConnection("127.0.0.1", {PORT}, timeout=10)
connection.request("DELETE", "/faults")
raise SystemExit(connection.getresponse().status != 204)
"""


@dataclass(frozen=True)
class Kind:
    """A kind of probe: whether it dials the Pod's loopback (or its address), and whether it waits for an answer."""

    id: str
    says: Words
    inside: bool
    listens: bool
    handler: pods.Object


@dataclass(frozen=True)
class Trouble:
    """A fault of the app, and what it leaves: the Pod's address, an answer in time, a good answer."""

    id: str
    says: Words
    fault: str
    values: Mapping[str, float]
    outside: bool = True
    in_time: bool = True
    good: bool = True


KINDS = (
    Kind(
        "http",
        Words(en="the HTTP probe", fr="la sonde HTTP"),
        inside=False,
        listens=True,
        handler={"httpGet": {"path": PATH, "port": PORT}},
    ),
    Kind(
        "tcp",
        Words(en="the TCP probe", fr="la sonde TCP"),
        inside=False,
        listens=False,
        handler={"tcpSocket": {"port": PORT}},
    ),
    Kind(
        "exec",
        Words(en="the command", fr="la commande"),
        inside=True,
        listens=True,
        handler={"exec": {"command": ["python3", "-I", "-S", "-c", _COMMAND]}},
    ),
)
TROUBLES = (
    Trouble(
        "errors",
        Words(en="the app answers 500", fr="l’app répond 500"),
        "errors",
        {"percent": 100, "seconds": 120},
        good=False,
    ),
    Trouble(
        "loopback",
        Words(en="the app listens on 127.0.0.1 only", fr="l’app n’écoute que sur 127.0.0.1"),
        "loopback",
        {"seconds": 120},
        outside=False,
    ),
    Trouble(
        "hangs",
        Words(en="the app does not answer in time", fr="l’app ne répond pas à temps"),
        "latency",
        {"milliseconds": DELAY, "seconds": 120},
        in_time=False,
    ),
)


def fails(kind: Kind, trouble: Trouble) -> bool:
    """Tell whether a probe of that kind fails: it cannot connect, or it waits for an answer that is late or bad."""
    connects = kind.inside or trouble.outside
    return not connects or (kind.listens and not (trouble.in_time and trouble.good))


def why(kind: Kind, trouble: Trouble) -> Words:
    """Say why it fails or passes."""
    if not trouble.outside:
        if kind.inside:
            return Words(
                en="It runs in the container and dials 127.0.0.1, where the app listens.",
                fr="Elle tourne dans le conteneur et appelle 127.0.0.1, où l’app écoute.",
            )
        return Words(
            en="It comes from the node and dials the Pod’s address, where nothing listens: refused.",
            fr="Elle vient du nœud et appelle l’adresse du Pod, où rien n’écoute : refusé.",
        )
    if not kind.listens:
        return Words(
            en="It only connects, and the kernel accepts that for a listening app, whatever the app then does.",
            fr="Elle ne fait que se connecter, et le noyau l’accepte pour une app qui écoute, quoi qu’elle fasse.",
        )
    if not trouble.in_time:
        return Words(
            en=f"It waits for the answer, and gives up after {PROBE.timeout} s.",
            fr=f"Elle attend la réponse et abandonne après {PROBE.timeout}\u00a0s.",
        )
    return Words(en="It reads the answer, and 500 is none.", fr="Elle lit la réponse, et 500 n’en est pas une bonne.")


def expected(probe: Probe) -> tuple[Expect, ...]:
    """Work out which probe notices which trouble, and when, from what each does."""
    cells = tuple(_cell(probe, kind, trouble) for trouble in TROUBLES for kind in KINDS)
    return (*cells, *_beside())


def _cell(probe: Probe, kind: Kind, trouble: Trouble) -> Expect:
    bad = fails(kind, trouble)
    return Expect(
        f"{trouble.id}-{kind.id}",
        kind.id,
        Words(en=f"When {trouble.says.en}: {kind.says.en}?", fr=f"Quand {trouble.says.fr} : {kind.says.fr} ?"),
        "fails" if bad else "passes",
        why(kind, trouble),
        _PROBES,
        noticed(probe, hangs=not trouble.in_time) if bad else None,
    )


def _beside() -> Iterator[Expect]:
    yield Expect(
        "ping",
        "tcp",
        Words(
            en="While the TCP probe is refused, does the Pod answer a ping?",
            fr="Pendant que la sonde TCP est refusée, le Pod répond-il au ping ?",
        ),
        "answers",
        Words(
            en="A ping asks the kernel for an echo; the TCP probe asks for a port on which something listens.",
            fr="Un ping demande un écho au noyau ; la sonde TCP demande un port sur lequel quelque chose écoute.",
        ),
        _TCP,
    )
    yield Expect(
        "restarts",
        CATS,
        Words(en="How often was any container restarted?", fr="Combien de conteneurs ont redémarré ?"),
        "0",
        Words(en="All three are readiness probes.", fr="Ce sont trois sondes readiness."),
        _PROBES,
    )


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("probes", TITLE, QUESTION)
    with spaces(api, "probes") as (namespace,), recording(api, namespace) as recorder:
        report("starting a Pod with three kinds of probe")
        cats, other = pods.create(api, namespace, _pod(image), pods.pod(OTHER, pods.guest(image, OTHER), grace=0))
        recorder.until("all three probes to pass", looking.looks(looking.pod_ready(CATS)), START)
        recorder.until("a Pod to ping from", looking.looks(looking.running(OTHER, OTHER)), START)
        ip = looking.pod(recorder.seen, CATS)["status"]["podIP"]
        with asked(settings, recorder, other, OTHER, {"ping": f"ping://{ip}"}):
            recorder.until("the ping to be answered", looking.looks(looking.answer("ping", "answers")), SHORT)
            for trouble in TROUBLES:
                report(trouble.says.en)
                _perform(settings, recorder, cats, trouble)
        seen, seconds = recorder.seen, recorder.now()
    timeline = lanes.timeline("probes", TITLE, _lanes(), seen, seconds)
    return begun.ended(cluster_seen(settings, api), judged(seen), [timeline])


def _pod(image: str) -> pods.Object:
    witnesses = [pods.guest(image, kind.id, readinessProbe=PROBE.fields(kind.handler)) for kind in KINDS]
    return pods.pod(CATS, pods.backend(image), *witnesses, grace=0)


def _perform(settings: Settings, recorder: Recorder, cats: Subject, trouble: Trouble) -> None:
    """Have the trouble until all have noticed that are to, then a period more for those that are not to.

    By then every probe has been made often enough to fail. It is ended from inside: an app that listens on loopback
    only is out of the API server's reach.
    """
    begins = recorder.did(trouble.id)
    cats.fault(trouble.fault, **trouble.values)
    noticing = [looking.looks(_unready(kind.id), begins) for kind in KINDS if fails(kind, trouble)]
    recorder.wait(looking.every(*noticing), SHORT)
    recorder.rest(PROBE.period + max(0.0, begins + PROBE.failures * PROBE.period - recorder.now()))
    over = recorder.did(f"{trouble.id} over")
    where = ("--namespace", cats.namespace, cats.name, "--container", BACK)
    kube.kubectl(settings, "exec", *where, "--", "python3", "-I", "-S", "-c", _HEAL)
    recorder.wait(looking.looks(looking.pod_is(CATS, _all_ready), over), SHORT)


def _unready(container: str) -> looking.Test:
    return looking.pod_is(CATS, lambda found: looking.container(found, container).get("ready") is False)


def _all_ready(found: looking.Object) -> bool:
    return all(looking.container(found, kind.id).get("ready") for kind in KINDS)


def judged(seen: Sequence[Seen]) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(PROBE), facts(seen))


def facts(seen: Sequence[Seen]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    cells = {f"{trouble.id}-{kind.id}": _fact(seen, kind, trouble) for trouble in TROUBLES for kind in KINDS}
    begins, over = _stretch(seen, "loopback")
    after = looking.pod(seen, CATS)
    statuses = after.get("status", {}).get("containerStatuses") or []
    counts = {one["name"]: one["restartCount"] for one in statuses}
    shows = Words(en="each container’s restarts at the end", fr="les redémarrages de chaque conteneur à la fin")
    return {
        **cells,
        "ping": looking.answered(seen, "ping", begins, over),
        "restarts": Fact(
            str(sum(counts.values())) if counts else "",
            exhibits=(looking.status_exhibit(f"restartCount in {CATS}", counts, shows),),
        ),
    }


def _fact(seen: Sequence[Seen], kind: Kind, trouble: Trouble) -> Fact:
    begins, over = _stretch(seen, trouble.id)
    during = [one for one in seen if begins <= one.at < over]
    unready = looking.first(during, _unready(kind.id))
    if unready:
        told = looking.first(during, _unhealthy(kind.id))
        return looking.happens(unready, begins, *((looking.shown(told),) if told else ()), value="fails")
    status = looking.container(looking.pod(seen, CATS, over), kind.id)
    return Fact("passes" if status.get("ready") else "", exhibits=(_ready_still(kind, status, over - begins),))


def _ready_still(kind: Kind, status: looking.Object, seconds: float) -> Exhibit:
    kept = {key: status.get(key) for key in ("name", "ready", "restartCount")}
    shows = Words(
        en=f"still ready after {seconds:.0f} s of it", fr=f"toujours ready après {seconds:.0f}\u00a0s de ce problème"
    )
    command = f"kubectl get pod {CATS} -o jsonpath='{{.status.containerStatuses}}'"
    return looking.status_exhibit(f"container {kind.id} of {CATS}", kept, shows, command)


def _unhealthy(container: str) -> looking.Test:
    unhealthy, path = looking.event("Unhealthy", CATS), f"spec.containers{{{container}}}"
    return lambda one: unhealthy(one) and one.body["involvedObject"].get("fieldPath") == path


def _stretch(seen: Sequence[Seen], name: str) -> tuple[float, float]:
    """Return from when to when a trouble was there."""
    deeds = {one.name: one.at for one in seen if one.kind == "deed"}
    return deeds[name], deeds[f"{name} over"]


def _lanes() -> list[Lane]:
    says = {trouble.id: trouble.says for trouble in TROUBLES}
    says |= {f"{trouble.id} over": Words(en="all is well again", fr="tout va bien de nouveau") for trouble in TROUBLES}
    return [
        lanes.deeds(lanes.label("deeds", Words(en="what is done", fr="ce qu’on fait")), says),
        *(lanes.container_ready(CATS, kind.id, lanes.label(kind.id, kind.says)) for kind in KINDS),
        lanes.answers("ping", lanes.label("ping", Words(en="ping, from another Pod", fr="ping, depuis un autre Pod"))),
        lanes.events(lanes.label("events", Words(en="events", fr="événements")), [CATS]),
    ]
