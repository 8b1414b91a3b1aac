"""Readiness in time: the endpoint leaves and comes back, and everything that does not ask the Service goes on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lab.experiments import catalog, pods
from lab.experiments.pods import Probe
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import lanes, looking
from lab.experiments.timed.asking import asked, forwarded
from lab.experiments.timed.expecting import Expect, Fact, Window, judge, later, noticed, recovered
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.results import Expectation, Experiment, Timeline
    from lab.experiments.timed.lanes import Lane
    from lab.experiments.timed.recorder import Recorder, Seen
    from lab.kubernetes.client import Api
    from lab.steps import Report

CATS, OTHER, SERVICE, BACK = "cats", "other", "cats-service", "back"
READINESS = Probe(period=1, failures=2)
FAILS, WELL = "readiness fails", "readiness passes"
WAYS = ("pod-ip", "pod-name", "port-forward")
"""The addresses that ask no Service."""

_PROBES = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#types-of-probe"
_CONDITIONS = "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions"
_NO_ENDPOINTS = "https://kubernetes.io/docs/reference/networking/virtual-ips/"
_HOSTS = "https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/"
_FORWARD = "https://kubernetes.io/docs/tasks/access-application-cluster/port-forward-access-application-cluster/"


def expected(probe: Probe) -> tuple[Expect, ...]:
    """Work out what must happen from the readiness probe alone."""
    return (
        *_leaving(probe, noticed(probe)),
        *_unaffected(),
        *_container(),
        *_returning(probe, recovered(probe)),
    )


def _leaving(probe: Probe, leaves: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            "not-ready",
            CATS,
            Text(en="Is the Pod no longer Ready?", fr="Le Pod n’est-il plus Ready ?"),
            "happens",
            Text(
                en=f"The probe asks every {probe.period} s, and {probe.failures} failures in a row count.",
                fr=f"La sonde demande toutes les {probe.period}\u00a0s, et {probe.failures} échecs de suite comptent.",
            ),
            _PROBES,
            leaves,
        ),
        Expect(
            "endpoint-leaves",
            CATS,
            Text(en="Is its endpoint no longer ready?", fr="Son endpoint n’est-il plus ready ?"),
            "happens",
            Text(
                en="The EndpointSlice follows the Pod’s condition: the address stays listed, ready is false.",
                fr="L’EndpointSlice suit la condition du Pod : l’adresse reste inscrite, ready vaut false.",
            ),
            _CONDITIONS,
            later(leaves, most=2),
        ),
        Expect(
            "service-refuses",
            SERVICE,
            Text(en="Does the Service refuse?", fr="Le Service refuse-t-il ?"),
            "refused",
            Text(
                en="It has no ready endpoint left, so the node rejects what is sent to its address.",
                fr="Il n’a plus aucun endpoint ready : le nœud rejette ce qu’on envoie à son adresse.",
            ),
            _NO_ENDPOINTS,
            later(leaves, most=4),
        ),
    )


def _unaffected() -> Iterator[Expect]:
    asks = {
        "pod-ip": Text(en="Does the Pod’s IP answer meanwhile?", fr="L’IP du Pod répond-elle pendant ce temps ?"),
        "pod-name": Text(
            en="Does the Pod’s name answer inside the Pod meanwhile?",
            fr="Le nom du Pod répond-il dans le Pod pendant ce temps ?",
        ),
        "port-forward": Text(
            en="Does port-forward answer meanwhile?", fr="Le port-forward répond-il pendant ce temps ?"
        ),
    }
    why = {
        "pod-ip": Text(
            en="Packets for the Pod’s own address pass no Service.",
            fr="Les paquets pour l’adresse du Pod ne passent par aucun Service.",
        ),
        "pod-name": Text(
            en="The name stands in the Pod’s /etc/hosts, which knows nothing of readiness.",
            fr="Le nom est dans le /etc/hosts du Pod, qui ignore tout de la readiness.",
        ),
        "port-forward": Text(
            en="kubelet dials inside the Pod; it asks for a running Pod, not for a ready one.",
            fr="kubelet se connecte dans le Pod ; il demande un Pod en marche, pas un Pod prêt.",
        ),
    }
    sources = {"pod-ip": _NO_ENDPOINTS, "pod-name": _HOSTS, "port-forward": _FORWARD}
    for way in WAYS:
        yield Expect(way, CATS, asks[way], "answers", why[way], sources[way])


def _container() -> tuple[Expect, ...]:
    return (
        Expect(
            "not-restarted",
            CATS,
            Text(en="How often was the container restarted?", fr="Combien de fois le conteneur a-t-il redémarré ?"),
            "0",
            Text(
                en="Readiness decides on traffic only; restarting is the liveness probe’s part.",
                fr="Readiness ne décide que du trafic ; redémarrer, c’est l’affaire de la sonde liveness.",
            ),
            _PROBES,
        ),
        Expect(
            "same-container",
            CATS,
            Text(en="Is it the same container as before?", fr="Est-ce le même conteneur qu’avant ?"),
            "same",
            Text(en="Nothing was started anew.", fr="Rien n’a été redémarré."),
            _PROBES,
        ),
    )


def _returning(probe: Probe, returns: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            "endpoint-returns",
            CATS,
            Text(en="Is its endpoint ready again?", fr="Son endpoint est-il de nouveau ready ?"),
            "happens",
            Text(
                en=f"{probe.successes} success in a row is enough.",
                fr=f"{probe.successes} succès de suite suffit.",
            ),
            _PROBES,
            later(returns, most=2),
        ),
        Expect(
            "service-answers",
            SERVICE,
            Text(en="Does the Service answer again?", fr="Le Service répond-il de nouveau ?"),
            "answers",
            Text(en="It has a ready endpoint again.", fr="Il a de nouveau un endpoint ready."),
            _CONDITIONS,
            later(returns, most=4),
        ),
    )


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("readiness")
    with temporary_namespaces(api, "readiness") as (namespace,), recording(api, namespace) as recorder:
        report("starting a Pod behind a Service")
        cats, other = _start(api, namespace, image)
        with _asking(settings, recorder, cats, other):
            report("failing its readiness, and watching")
            _perform(recorder, cats)
        seen, seconds = recorder.seen, recorder.now()
    return begun.ended(cluster_versions(settings, api), judged(seen, recorder.crowd), [drawn(seen, seconds)])


def _start(api: Api, namespace: str, image: str) -> list[Subject]:
    back = pods.backend(image, readinessProbe=READINESS.http("/readyz"))
    return pods.create(
        api,
        namespace,
        pods.service(SERVICE, CATS),
        pods.pod(CATS, back, grace=0),
        pods.pod(OTHER, pods.guest(image, OTHER), grace=0),
    )


@contextlib.contextmanager
def _asking(settings: Settings, recorder: Recorder, cats: Subject, other: Subject) -> Iterator[None]:
    """Ask all four ways, from when the Service first has the Pod."""
    there = [looking.pod_ready(CATS), looking.endpoint(CATS, ready=True), looking.running(OTHER, OTHER)]
    recorder.until("the Pod to be behind its Service", looking.every(*map(looking.looks, there)), START)
    ip = looking.pod(recorder.seen, CATS)["status"]["podIP"]
    outside = {"pod-ip": f"http://{ip}:{pods.PORT}/whoami", "service": f"http://{SERVICE}/whoami"}
    inside = {"pod-name": f"http://{CATS}:{pods.PORT}/whoami"}
    with contextlib.ExitStack() as asking:
        asking.enter_context(asked(settings, recorder, other, OTHER, outside))
        asking.enter_context(asked(settings, recorder, cats, BACK, inside))
        asking.enter_context(forwarded(settings, recorder, cats))
        answers = [looking.looks(looking.answer(name, "answers")) for name in ("service", *WAYS)]
        recorder.until("every way to answer", looking.every(*answers), SHORT)
        yield


def _perform(recorder: Recorder, cats: Subject) -> None:
    """Have the readiness fail until the Service refuses, then pass until it answers."""
    fails = recorder.did(FAILS)
    cats.fault("readiness", seconds=120)
    recorder.wait(looking.looks(looking.answer("service", "refused"), fails), SHORT)
    recorder.rest(2 * READINESS.period)
    well = recorder.did(WELL)
    cats.well()
    recorder.wait(looking.looks(looking.answer("service", "answers"), well), SHORT)
    recorder.rest(READINESS.period)


def judged(seen: Sequence[Seen], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(READINESS), facts(seen), crowd)


def facts(seen: Sequence[Seen]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    fails = next(one.at for one in seen if one.name == FAILS)
    well = next(one.at for one in seen if one.name == WELL)
    first = looking.first
    before, after = looking.pod(seen, CATS, fails), looking.pod(seen, CATS)
    was, is_ = looking.container(before, BACK), looking.container(after, BACK)
    why = first(seen, looking.event("Unhealthy", CATS, "Readiness"), fails)
    event = (looking.shown(why),) if why else ()
    left = first(seen, looking.endpoint(CATS, ready=False), fails)
    refused = first(seen, looking.answer("service", "refused"), fails)
    answers = first(seen, looking.answer("service", "answers"), well)
    proof = looking.status_exhibit(
        f"containerStatuses of {CATS}",
        {"restartCount": is_.get("restartCount"), "containerID": is_.get("containerID")},
        Text(en="the same container, never restarted", fr="le même conteneur, jamais redémarré"),
        f"kubectl get pod {CATS} -o jsonpath='{{.status.containerStatuses[0]}}'",
    )
    same = looking.compared(was.get("containerID"), is_.get("containerID"))
    return {
        "not-ready": looking.happens(first(seen, looking.pod_ready(CATS, "False"), fails), fails, *event),
        "endpoint-leaves": looking.happens(left, fails),
        "service-refuses": looking.happens(refused, fails, value="refused"),
        **{way: looking.answered(seen, way, fails, well) for way in WAYS},
        "not-restarted": Fact(str(is_.get("restartCount", "")), exhibits=(proof,)),
        "same-container": Fact(same, exhibits=(proof,)),
        "endpoint-returns": looking.happens(first(seen, looking.endpoint(CATS, ready=True), well), well),
        "service-answers": looking.happens(answers, well, value="answers"),
    }


def drawn(seen: Sequence[Seen], seconds: float) -> Timeline:
    """Draw the timeline."""
    return lanes.timeline("readiness", catalog.find("readiness").title, _lanes(), seen, seconds)


def _lanes() -> list[Lane]:
    says = {
        FAILS: Text(en="/readyz begins to fail", fr="/readyz se met à échouer"),
        WELL: Text(en="/readyz passes again", fr="/readyz réussit de nouveau"),
    }
    named = {
        "service": Text(en="Service, from another Pod", fr="Service, depuis un autre Pod"),
        "pod-ip": Text(en="Pod IP, from another Pod", fr="IP du Pod, depuis un autre Pod"),
        "pod-name": Text(en="Pod name, inside the Pod", fr="nom du Pod, dans le Pod"),
        "port-forward": Text(en="port-forward, from this computer", fr="port-forward, depuis cet ordinateur"),
    }
    return [
        lanes.deeds(lanes.label("deeds", Text(en="what is done", fr="ce qu’on fait")), says),
        lanes.ready(CATS, lanes.label("pod", Text(en="Pod", fr="Pod"))),
        lanes.container(CATS, BACK, lanes.label("container", Text(en="container", fr="conteneur"))),
        lanes.endpoint(CATS, lanes.label("endpoint", Text(en="endpoint", fr="endpoint"))),
        *(lanes.answers(name, lanes.label(name, words)) for name, words in named.items()),
        lanes.events(lanes.label("events", Text(en="events", fr="événements")), [CATS]),
    ]
