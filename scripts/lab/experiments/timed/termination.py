"""The end of a Pod in time: one that heeds SIGTERM finishes what it began and exits 0; one that does not is killed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lab import waiting
from lab.errors import LabError
from lab.experiments import pods
from lab.experiments.pods import Probe
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import lanes, looking
from lab.experiments.timed.asking import asked
from lab.experiments.timed.expecting import EARLY, LATE, Expect, Fact, Window, judge, later, noticed
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.kubernetes import client
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.results import Expectation, Experiment
    from lab.experiments.timed.lanes import Lane
    from lab.experiments.timed.recorder import Observation, Recorder
    from lab.kubernetes.client import Api
    from lab.steps import Report

POLITE, DEAF, OTHER, SERVICE, BACK = "polite", "deaf", "other", "polite-service", "back"
READINESS = Probe(period=1, failures=1)
DRAIN = 3
"""Seconds that the backend goes on serving after SIGTERM (DRAIN_SECONDS)."""
REQUEST = 5.0
"""Seconds that the request under way takes; it begins just before the deletion."""
BEFORE = 1.0
"""Seconds from the request to the deletion, or more: until the app has it."""
KEPT_OPEN = 5.0
"""Seconds for which the backend keeps a connection open for a next request: it waits for that too."""
GRACE, SHORT_GRACE = 20, 4
IN_FLIGHT = "http_requests_in_flight "
"""The backend's own figure of the requests that it has; the one that asks for it is among them."""
DELETE, SENT, ANSWERED = "delete", "request sent", "request answered"

_FLOW = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow"
_CONDITIONS = "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions"
_TERMINATING = "https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-to-terminating-endpoints"
_STATES = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-terminated"


def expected(readiness: Probe, drain: float, request: float, grace: float) -> tuple[Expect, ...]:
    """Work out what must happen after the deletion from the drain, the request, the probe and the grace."""
    unready = noticed(readiness)
    over = max(drain, request - BEFORE)
    ends = (over - EARLY, over + KEPT_OPEN + 2 * LATE)
    return (*_leaving(unready), *_closing(unready, drain), *_finishing(request, ends), *_killed(grace))


def _leaving(unready: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            "terminating",
            POLITE,
            Text(en="Is its endpoint marked as terminating?", fr="Son endpoint est-il marqué terminating ?"),
            "happens",
            Text(
                en="At once: the deletion itself marks it, and no longer ready.",
                fr="Aussitôt : la suppression même le marque, et il n’est plus ready.",
            ),
            _CONDITIONS,
            (0.0, LATE),
        ),
        Expect(
            "not-serving",
            POLITE,
            Text(en="Is it no longer serving?", fr="Ne sert-il plus (serving) ?"),
            "happens",
            Text(
                en="On SIGTERM the app fails its readiness, which kubelet goes on asking.",
                fr="À SIGTERM, l’app fait échouer sa readiness, que kubelet continue d’interroger.",
            ),
            _CONDITIONS,
            later(unready, most=2),
        ),
    )


def _closing(unready: Window, drain: float) -> tuple[Expect, ...]:
    return (
        Expect(
            "service-refuses",
            SERVICE,
            Text(en="Does the Service refuse?", fr="Le Service refuse-t-il ?"),
            "refused",
            Text(
                en="A lone terminating endpoint still gets traffic while it is serving; then there is none.",
                fr="Un endpoint terminating, s’il est seul, reçoit encore du trafic tant qu’il sert ; puis plus rien.",
            ),
            _TERMINATING,
            later(unready, most=4),
        ),
        Expect(
            "pod-ip",
            POLITE,
            Text(en="Does the Pod’s IP refuse once it has drained?", fr="L’IP du Pod refuse-t-elle après le drain ?"),
            "refused",
            Text(
                en=f"The app goes on for {drain:g} s for those who have not heard, then it closes its door.",
                fr=f"L’app continue {drain:g}\u00a0s pour ceux qui ne savent pas encore, puis ferme sa porte.",
            ),
            _FLOW,
            (drain - EARLY, drain + LATE),
        ),
    )


def _finishing(request: float, over: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            "in-flight",
            POLITE,
            Text(en="Is the request under way answered?", fr="La requête en cours reçoit-elle sa réponse ?"),
            "answers",
            Text(
                en="It was accepted before, so the app finishes it, even behind a closed door.",
                fr="Elle avait été acceptée : l’app la termine, même porte fermée.",
            ),
            _FLOW,
            (request - EARLY, request + LATE),
        ),
        Expect(
            "polite-ends",
            POLITE,
            Text(en="With which code does it end?", fr="Avec quel code finit-il ?"),
            "0",
            Text(
                en="It ends by itself when all is answered, long before its grace is over.",
                fr="Il finit de lui-même quand tout a reçu réponse, bien avant la fin du délai de grâce.",
            ),
            _STATES,
            over,
        ),
    )


def _killed(grace: float) -> tuple[Expect, ...]:
    return (
        Expect(
            "deaf-ends",
            DEAF,
            Text(
                en="With which code does the one end that ignores SIGTERM?",
                fr="Avec quel code finit celui qui ignore SIGTERM ?",
            ),
            "137",
            Text(
                en=f"After its grace of {grace:g} s kubelet has it killed: SIGKILL, 128 + 9.",
                fr=f"Après son délai de grâce de {grace:g}\u00a0s, kubelet le fait tuer : SIGKILL, 128 + 9.",
            ),
            _FLOW,
            (grace - EARLY, grace + LATE),
        ),
    )


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("termination")
    with temporary_namespaces(api, "termination") as (namespace,), recording(api, namespace, deletes=True) as recorder:
        report("starting one Pod that heeds SIGTERM and one that does not")
        polite, deaf, other = _start(api, namespace, image, recorder)
        ip = looking.pod(recorder.observations, POLITE)["status"]["podIP"]
        urls = {"pod-ip": f"http://{ip}:{pods.PORT}/whoami", "service": f"http://{SERVICE}/whoami"}
        with asked(settings, recorder, other, OTHER, urls):
            answers = [looking.looks(looking.answer(name, "answers")) for name in urls]
            recorder.require("the Pod to answer", looking.every(*answers), SHORT)
            report("deleting both, with a request under way")
            _perform(settings, recorder, polite, deaf)
        seen, seconds = recorder.observations, recorder.now()
    timeline = lanes.timeline("termination", begun.entry.title, _lanes(), seen, seconds)
    return begun.ended(cluster_versions(settings, api), judged(seen, recorder.load), [timeline])


def _start(api: Api, namespace: str, image: str, recorder: Recorder) -> list[Subject]:
    probe = READINESS.http("/readyz")
    made = pods.create(
        api,
        namespace,
        pods.service(SERVICE, POLITE),
        pods.pod(POLITE, pods.backend(image, env={"DRAIN_SECONDS": str(DRAIN)}, readinessProbe=probe), grace=GRACE),
        pods.pod(DEAF, pods.backend(image, readinessProbe=probe), grace=SHORT_GRACE),
        pods.pod(OTHER, pods.guest(image, OTHER), grace=0),
    )
    ready = [looking.pod_ready(name) for name in (POLITE, DEAF)]
    there = [*ready, looking.running(OTHER, OTHER), looking.endpoint(POLITE, ready=True)]
    recorder.require("both Pods to be ready", looking.every(*map(looking.looks, there)), START)
    return made


def _perform(settings: Settings, recorder: Recorder, polite: Subject, deaf: Subject) -> None:
    """Delete both once a request is under way in the app, and watch them end."""
    deaf.fault("sigterm", seconds=120)
    polite.fault("latency", milliseconds=int(REQUEST * 1000), seconds=120)
    asking = threading.Thread(target=_request, args=(settings, recorder, polite), daemon=True)
    recorder.step(SENT)
    asking.start()
    recorder.rest(BEFORE)
    waiting.until("the long request to reach the app", lambda: _under_way(polite), timeout=SHORT)
    recorder.step(DELETE)
    for one, grace in ((polite, GRACE), (deaf, SHORT_GRACE)):
        one.end(grace)
    gone = [looking.looks(_gone(one.name)) for one in (polite, deaf)]
    recorder.wait(looking.every(*gone), SHORT)
    asking.join(REQUEST + SHORT)


def _request(settings: Settings, recorder: Recorder, polite: Subject) -> None:
    """Ask for what takes long, and write down how it ended."""
    path = f"{polite.path}:{polite.port}/proxy/version"
    try:
        told = client.kubectl(settings, "get", "--raw", path, timeout=SHORT).stdout
    except LabError as error:
        recorder.add("answer", ANSWERED, "reset", {"raw": error.what})
    else:
        recorder.add("answer", ANSWERED, "answers", {"raw": told})


def _under_way(polite: Subject) -> tuple[bool, str]:
    """Tell whether the app has a request beside the one that asks for its figures."""
    told = polite.api.text(f"{polite.path}:{polite.port}/proxy/metrics")
    count = next(line.split()[-1] for line in told.splitlines() if line.startswith(IN_FLIGHT))
    return float(count) > 1, f"{count} requests in flight"


def _gone(name: str) -> looking.Test:
    return lambda one: (one.kind, one.name, one.change) == ("Pod", name, "DELETED")


def judged(seen: Sequence[Observation], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(READINESS, DRAIN, REQUEST, SHORT_GRACE), facts(seen), crowd)


def facts(seen: Sequence[Observation]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    sent, deleted = (next(one.at for one in seen if one.name == name) for name in (SENT, DELETE))

    def first(test: looking.Test) -> Observation | None:
        return looking.first(seen, test, deleted)

    answered = first(lambda one: (one.kind, one.name) == ("answer", ANSWERED))
    return {
        "terminating": looking.happens(first(looking.endpoint(POLITE, terminating=True, ready=False)), deleted),
        "not-serving": looking.happens(first(looking.endpoint(POLITE, serving=False)), deleted),
        "service-refuses": looking.happens(first(looking.answer("service", "refused")), deleted, value="refused"),
        "pod-ip": looking.happens(first(looking.answer("pod-ip", "refused")), deleted, value="refused"),
        "in-flight": looking.happens(answered, sent, value=answered.change if answered else ""),
        "polite-ends": _end(first(looking.ended(POLITE, BACK)), deleted),
        "deaf-ends": _end(first(looking.ended(DEAF, BACK)), deleted),
    }


def _end(found: Observation | None, deleted: float) -> Fact:
    code = looking.last_end(found.body, BACK).get("exitCode", "") if found else ""
    return looking.happens(found, deleted, value=str(code))


def _lanes() -> list[Lane]:
    says = {
        SENT: Text(en="a long request is sent", fr="une longue requête part"),
        DELETE: Text(en="both Pods are deleted", fr="les deux Pods sont supprimés"),
    }
    named = {
        "service": Text(en="Service, from another Pod", fr="Service, depuis un autre Pod"),
        "pod-ip": Text(en="Pod IP, from another Pod", fr="IP du Pod, depuis un autre Pod"),
        ANSWERED: Text(en="the long request", fr="la longue requête"),
    }
    of = {
        POLITE: Text(en="container that heeds SIGTERM", fr="conteneur qui entend SIGTERM"),
        DEAF: Text(en="container that ignores it", fr="conteneur qui l’ignore"),
    }
    return [
        lanes.deeds(lanes.label("deeds", Text(en="what is done", fr="ce qu’on fait")), says),
        lanes.endpoint(POLITE, lanes.label("endpoint", Text(en="endpoint", fr="endpoint"))),
        *(lanes.answers(name, lanes.label(name, words)) for name, words in named.items()),
        *(lanes.container(name, BACK, lanes.label(name, words)) for name, words in of.items()),
        lanes.events(lanes.label("events", Text(en="events", fr="événements")), [POLITE, DEAF]),
    ]
