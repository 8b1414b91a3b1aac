"""The context of a run of an experiment in time, and its steps: functions of the context; those recorded have an id."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.config import Settings
from lab.experiments.pods import PORT, create
from lab.experiments.results import ClusterVersions
from lab.experiments.timed.record import Match, Record, every, first
from lab.experiments.timed.recorder import SHORT, Recorder
from lab.kubernetes.client import Api
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.objects import Object, pod_path
from lab.steps import Report


@dataclass
class Context:
    """One run of an experiment while it goes on; steps put into ``data`` what checks need beside the observations."""

    settings: Settings
    api: Api
    image: str
    report: Report
    namespace: str
    recorder: Recorder
    cluster: ClusterVersions
    data: dict[str, Any] = field(default_factory=dict)
    last_step: float = 0.0

    @cached_property
    def exec(self) -> PodExec:
        return PodExec(self.settings)

    def container(self, pod: str, name: str) -> ContainerRef:
        return ContainerRef(self.namespace, pod, name)

    def pod_path(self, name: str) -> str:
        return pod_path(self.namespace, name)

    def create(self, item: Object) -> None:
        """Create a Pod or a Service; raises ApiError."""
        create(self.api, self.namespace, item)

    def request(self, pod: str, method: str, path: str, body: object = None) -> Any:
        """Ask a backend by way of the API server's Pod proxy; raises ApiError for what is not a 2xx."""
        return self.api.call(method, self.proxy_path(pod, path), body)

    def proxy_path(self, pod: str, path: str) -> str:
        return f"{self.pod_path(pod)}:{PORT}/proxy{path}"

    def step(self, name: str) -> None:
        self.last_step = self.recorder.step(name)


Action = Callable[[Context], None]


@dataclass(frozen=True)
class Step:
    """Records a step by its id, then acts."""

    id: str
    actions: tuple[Action, ...]

    def __call__(self, context: Context) -> None:
        context.step(self.id)
        for action in self.actions:
            action(context)


def step(id_: str, *actions: Action) -> Step:
    return Step(id_, actions)


@dataclass(frozen=True)
class Fault:
    """Switches a fault of the backend in a Pod on."""

    pod: str
    name: str
    values: dict[str, int]

    def __call__(self, context: Context) -> None:
        context.request(self.pod, "POST", f"/faults/{self.name}", self.values)


def fault(pod: str, name: str, **values: int) -> Fault:
    """Switch a fault on, for longer than anything waits; a crash takes no time."""
    return Fault(pod, name, values if name == "crash" else {"seconds": 120, **values})


@dataclass(frozen=True)
class Clear:
    """Switches every fault of a backend off."""

    pod: str

    def __call__(self, context: Context) -> None:
        context.request(self.pod, "DELETE", "/faults")


@dataclass(frozen=True)
class Delete:
    """Deletes a Pod with so many seconds of grace."""

    pod: str
    grace: int

    def __call__(self, context: Context) -> None:
        context.api.delete(context.pod_path(self.pod), gracePeriodSeconds=self.grace)


@dataclass(frozen=True)
class Until:
    """Waits until there was a match of each since a step (the last one), or since something first matched.

    It goes on after ``timeout`` seconds: what did not happen is for the checks to tell.
    """

    matches: tuple[Match, ...]
    after: str | Match = ""
    timeout: float = SHORT

    def __call__(self, context: Context) -> None:
        start = context.last_step
        if isinstance(self.after, Match):
            observation = context.recorder.wait(first(self.after, start), self.timeout)
            start = observation.at if observation else start
        elif self.after:
            start = Record(context.recorder.observations).step(self.after)
        context.recorder.wait(every(self.matches, start), self.timeout)


def until(*matches: Match, after: str | Match = "", timeout: float = SHORT) -> Until:
    return Until(matches, after, timeout)


def rest(seconds: float, *, after_step: float = 0.0) -> Action:
    """Let time pass in which something is not to happen; at least ``after_step`` seconds of it since the last step."""

    def act(context: Context) -> None:
        left = context.last_step + after_step - context.recorder.now()
        context.recorder.rest(max(seconds, left))

    return act


def report(message: str) -> Action:
    """Tell the person who waits what goes on."""
    return lambda context: context.report(message)
