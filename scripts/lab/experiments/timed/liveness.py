"""Liveness in time: the container is started anew in the same Pod, and who shared what with it lives or dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments import pods
from lab.experiments.pods import Probe
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import asking, lanes, looking
from lab.experiments.timed.liveness_judged import ALONE, BACK, CATS, FAILS, GRACE, LIVENESS, SIDECAR, TARGETS, judged
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.results import Experiment
    from lab.experiments.timed.lanes import Lane
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.steps import Report


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
    begun = begin("liveness")
    with temporary_namespaces(api, "liveness") as (namespace,), recording(api, namespace) as recorder:
        report("starting a Pod with a sidecar and two debuggers")
        cats = _start(api, namespace, image, recorder)
        inside = {"localhost": f"http://127.0.0.1:{pods.PORT}/whoami"}
        with asking.asked(settings, recorder, cats, SIDECAR, inside):
            recorder.require("the app to answer", looking.looks(looking.answer("localhost", "answers")), START)
            _note_netns(settings, recorder, cats)
            report("failing its liveness, and watching")
            _perform(recorder, cats)
            _note_netns(settings, recorder, cats)
        seen, seconds = recorder.observations, recorder.now()
    timeline = lanes.timeline("liveness", begun.entry.title, _lanes(), seen, seconds)
    return begun.ended(cluster_versions(settings, api), judged(seen, recorder.load), [timeline])


def _start(api: Api, namespace: str, image: str, recorder: Recorder) -> Subject:
    back = pods.backend(image, livenessProbe=LIVENESS.http("/livez"), startupProbe=Probe(failures=60).http("/startupz"))
    (cats,) = pods.create(api, namespace, pods.pod(CATS, back, pods.guest(image, SIDECAR), grace=GRACE))
    recorder.require("the app's container to run", looking.looks(looking.running(CATS, BACK)), START)
    cats.join(pods.ephemeral(image, TARGETS, BACK), pods.ephemeral(image, ALONE))
    there = [looking.looks(looking.running(CATS, name)) for name in (SIDECAR, TARGETS, ALONE)]
    started = looking.pod_is(CATS, lambda found: bool(looking.container(found, BACK).get("started")))
    recorder.require("all containers to run", looking.every(looking.looks(started), *there), START)
    return cats


def _note_netns(settings: Settings, recorder: Recorder, cats: Subject) -> None:
    recorder.add("answer", "netns", asking.netns(settings, cats, BACK), {"raw": f"/proc/self/ns/net of {BACK}"})


def _perform(recorder: Recorder, cats: Subject) -> None:
    """Have the liveness fail, until the container's next one answers and the debugger has ended."""
    fails = recorder.step(FAILS)
    cats.fault("liveness", seconds=120)
    refused = recorder.wait(looking.looks(looking.answer("localhost", "refused"), fails), SHORT)
    again = looking.answer("localhost", "answers")
    recorder.wait(looking.looks(again, refused.at if refused else fails), SHORT)
    recorder.wait(looking.looks(looking.ended(CATS, TARGETS), fails), SHORT)
    recorder.rest((LIVENESS.failures + 1) * LIVENESS.period)


def _lanes() -> list[Lane]:
    says = {FAILS: Text(en="/livez begins to fail", fr="/livez se met à échouer")}
    named = {
        BACK: Text(en="container back", fr="conteneur back"),
        SIDECAR: Text(en="sidecar", fr="sidecar"),
        TARGETS: Text(en="debugger with --target", fr="débogueur avec --target"),
        ALONE: Text(en="debugger without", fr="débogueur sans"),
    }
    return [
        lanes.deeds(lanes.label("deeds", Text(en="what is done", fr="ce qu’on fait")), says),
        *(lanes.container(CATS, name, lanes.label(name, words)) for name, words in named.items()),
        lanes.answers(
            "localhost", lanes.label("localhost", Text(en="localhost, from the sidecar", fr="localhost, du sidecar"))
        ),
        lanes.events(lanes.label("events", Text(en="events", fr="événements")), [CATS]),
    ]
