"""The engine of experiments in time: a declaration of Pods, polls, steps, expectations and tracks, and its run.

    READINESS = Timed(
        "readiness",
        progress="starting a Pod behind a Service",
        pods=[pod("cats", backend(readinessProbe=PROBE.http("/readyz"))), pod("other", idle("other"))],
        services=[service("cats-service", "cats")],
        ready=[pod_ready("cats"), endpoint("cats", ready=True), running("other", "other")],
        polls=[Poll("service", "http://cats-service/whoami", "other", "other"), Forward("port-forward", "cats")],
        steps=[step("readiness-fails", fault("cats", "readiness")), until(answer("service", "refused"))],
        expects=[
            happens("not-ready", condition("cats", "Ready", "False"), failed(PROBE), "readiness-fails"),
            Expect("not-restarted", "cats", "0", restarts("cats", "back", SHOWS["container"])),
        ],
        tracks=[timeline.steps(), timeline.ready("cats", "pod"), timeline.answers("service")],
    )
    run, manifests = READINESS.run, READINESS.manifests

A run creates the Services and Pods, adds the ephemeral containers, waits until all of ``ready`` was observed, polls
until every poll was answered, takes the steps in order, and gives the record to the checks. A step is a function of the
`Context`, those of `actions` or one of the experiment's own. A measure is a function of the `Record`, those of
`measures` or one of the experiment's own; what a step puts into ``context.data`` is in ``record.data``.

A Pod, container, poll or step that is not declared fails at import, but for those in functions and URLs; so do an id
without an entry in ``text/<name>.yaml`` and an entry without an id, in its sections ``expectations``, ``steps`` and
``tracks``. It may have ``track-details``, ``timelines`` (titles) and ``exhibits``, such as ``SHOWS`` above, too.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import yaml

from lab.config import Settings
from lab.experiments import texts
from lab.experiments.pods import IMAGE, with_image
from lab.experiments.results import Expectation, Experiment, Timeline
from lab.experiments.run import begin, cluster_versions
from lab.experiments.timed import timeline
from lab.experiments.timed.actions import Action, Context, Step
from lab.experiments.timed.expectations import Expect, judge, texts_of
from lab.experiments.timed.poller import Forward, Poll, polling
from lab.experiments.timed.record import Match, Record, answer, every, running
from lab.experiments.timed.recorder import SHORT, START, recording
from lab.experiments.timed.timeline import Track
from lab.kubernetes import ephemeral
from lab.kubernetes.client import Api
from lab.kubernetes.namespaces import temporary_namespaces
from lab.kubernetes.objects import Object
from lab.steps import Report


class _Dumper(yaml.SafeDumper):
    """Writes out what stands twice, instead of a reference."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


@dataclass(frozen=True)
class Ephemeral:
    """An ephemeral container that joins a running Pod; with a target it shares that container's processes."""

    pod: str
    name: str
    target: str = ""


@dataclass(frozen=True)
class Timed:
    """An experiment in time; see this module's docstring.

    ``tracks`` are those of its timeline, or of several by their ids. ``progress`` is said first; ``answers`` are those
    that steps record themselves; ``deletes`` tells that steps delete Pods.
    """

    name: str
    progress: str
    pods: Sequence[Object]
    expects: Sequence[Expect[Record]]
    tracks: Sequence[Track] | Mapping[str, Sequence[Track]]
    steps: Sequence[Action]
    services: Sequence[Object] = ()
    ephemeral: Sequence[Ephemeral] = ()
    ready: Sequence[Match] = ()
    polls: Sequence[Poll | Forward] = ()
    answers: Sequence[str] = ()
    deletes: bool = False

    def __post_init__(self) -> None:
        """Raise KeyError where an id has no text, a text no id, or a name is not declared."""
        content = texts.load(self.name)
        texts_of(self.name, self.expects)
        steps = {part.id for part in _parts(self.steps) if isinstance(part, Step)}
        if steps or "steps" in content:
            content.section("steps", steps)
        content.section("tracks", {track.id for tracks in self._timelines().values() for track in tracks})
        self._check_names(steps)

    def run(self, settings: Settings, api: Api, image: str, report: Report) -> Experiment:
        """Run it; raises LabError where the cluster does not come as far as the experiment needs."""
        begun, cluster = begin(self.name), cluster_versions(settings, api)
        with (
            temporary_namespaces(api, self.name) as (namespace,),
            recording(api, namespace, deletes=self.deletes) as recorder,
        ):
            context = Context(settings, api, image, report, namespace, recorder, cluster)
            report(self.progress)
            self._start(context)
            self._take_steps(context)
            record = self._record(context)
        return begun.ended(cluster, self.judge(record), self.timelines(record, begun.entry.title))

    def judge(self, record: Record) -> tuple[Expectation, ...]:
        """Put what was measured beside what was expected."""
        return judge(self.expects, texts_of(self.name, self.expects), record, record.load)

    def timelines(self, record: Record, title: texts.Text) -> list[Timeline]:
        content = texts.load(self.name)
        titles = content.section("timelines", self._timelines()) if "timelines" in content else None
        return [
            timeline.timeline(name, (titles and titles.get(name)) or title, tracks, record, content)
            for name, tracks in self._timelines().items()
        ]

    def manifests(self, image: str) -> str:
        """Return its Services and Pods as YAML, to be applied by hand."""
        return yaml.dump_all(self._objects(image), Dumper=_Dumper, sort_keys=False, allow_unicode=True)

    def _objects(self, image: str) -> list[Object]:
        return [*self.services, *self._pods(image).values()]

    def _pods(self, image: str = IMAGE) -> dict[str, Object]:
        return {pod["metadata"]["name"]: with_image(pod, image) for pod in self.pods}

    def _timelines(self) -> Mapping[str, Sequence[Track]]:
        return self.tracks if isinstance(self.tracks, Mapping) else {self.name: self.tracks}

    def _take_steps(self, context: Context) -> None:
        observed = Record(context.recorder.observations)
        ips = {name: observed.pod(name).get("status", {}).get("podIP", "") for name in self._pods()}
        with polling(context, self.polls, ips):
            answers = [answer(poll.name, "answers") for poll in self.polls]
            context.recorder.require("every address to answer", every(answers), SHORT)
            for action in self.steps:
                action(context)

    def _record(self, context: Context) -> Record:
        recorder = context.recorder
        return Record(
            recorder.observations,
            seconds=recorder.now(),
            load=recorder.load,
            began=time.time() - recorder.now(),
            cluster=context.cluster,
            sent=self._pods(context.image),
            data=context.data,
        )

    def _start(self, context: Context) -> None:
        for item in self._objects(context.image):
            context.create(item)
        for pod in dict.fromkeys(entry.pod for entry in self.ephemeral):
            self._add_ephemeral(context, pod)
        context.recorder.require("its Pods to be ready", every(self.ready), START)

    def _add_ephemeral(self, context: Context, pod: str) -> None:
        containers = [entry for entry in self.ephemeral if entry.pod == pod]
        targets = [running(pod, entry.target) for entry in containers if entry.target]
        context.recorder.require("the ephemeral containers' targets to run", every(targets), START)
        made = [ephemeral.container(entry.name, context.image, target=entry.target) for entry in containers]
        ephemeral.add(context.api, context.namespace, pod, made, timeout=START)

    def _check_names(self, steps: set[str]) -> None:
        """Raise KeyError where a part of it names a Pod, a container, a poll or a step that there is not."""
        containers = {name: set(_container_names(pod)) for name, pod in self._pods().items()}
        for entry in self.ephemeral:
            containers[entry.pod].add(entry.name)
        polls = {*self.answers, *(poll.name for poll in self.polls)}
        known = {"pod": containers, "poll": polls, **dict.fromkeys(("step", "after", "before"), steps)}
        for part in _parts((self.expects, self.steps, self.ready, self.polls, self.ephemeral, self._timelines())):
            names = {key: getattr(part, key, "") for key in (*known, "container", "target")}
            inside = containers.get(names["pod"], set())
            declared = {**known, "container": inside, "target": inside}
            wrong = [
                f"{key} {name!r}"
                for key, name in names.items()
                if isinstance(name, str) and name and name not in declared[key]
            ]
            if wrong:
                raise KeyError(f"{self.name} has no {', '.join(wrong)}")


def _container_names(pod: Object) -> Iterator[str]:
    for kind in ("initContainers", "containers"):
        yield from (container["name"] for container in pod["spec"].get(kind) or [])


def _parts(value: object) -> Iterator[object]:
    """Yield every dataclass of a declaration, and those within it."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for element in value:
            yield from _parts(element)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value
        for part in fields(value):
            yield from _parts(getattr(value, part.name))
