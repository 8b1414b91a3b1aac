"""The record of an experiment, and the matches by which something is found in it. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lab.experiments.results import ClusterVersions
from lab.experiments.timed.recorder import Kind, Observation, Query
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object, condition_status

UNTIL_THE_END = float("inf")


@dataclass(frozen=True)
class Match:
    """Matches observations of a kind and a name for which something holds.

    The name is that of the Pod, also for its events and endpoints, of the poll or the step; ``container`` is for the
    check of declarations alone. ``word`` is what is said of a match, or what ``value`` reads off it. What one of
    ``others`` matches is a match too.
    """

    kind: Kind
    name: str
    holds: Callable[[Observation], bool] = lambda _: True
    container: str = ""
    word: str = "happens"
    value: Callable[[Observation], str] | None = None
    others: "tuple[Match, ...]" = ()

    @property
    def pod(self) -> str:
        return self.name if self.kind in {"Pod", "Event", "EndpointSlice"} else ""

    @property
    def poll(self) -> str:
        return self.name if self.kind == "answer" else ""

    @property
    def step(self) -> str:
        return self.name if self.kind == "step" else ""

    def __call__(self, observation: Observation) -> bool:
        if observation.kind == self.kind and self._is_about(observation) and self.holds(observation):
            return True
        return any(match(observation) for match in self.others)

    def _is_about(self, observation: Observation) -> bool:
        if self.kind == "Event":
            return bool(observation.body.get("involvedObject", {}).get("name") == self.name)
        return self.kind == "EndpointSlice" or observation.name == self.name


@dataclass(frozen=True)
class Record:
    """All that was observed, oldest first, in so many ``seconds`` at a ``load`` of runnable processes per core.

    ``began`` is the beginning in seconds since 1970; ``sent`` are the Pods as they were created, by name; ``data`` is
    what steps keep for checks.
    """

    observations: Sequence[Observation]
    seconds: float = 0.0
    load: float = 1.0
    began: float = 0.0
    cluster: ClusterVersions | None = None
    sent: Mapping[str, Object] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def first(self, match: Match, after: float = 0.0) -> Observation | None:
        """Return the first match from a moment on."""
        return first(match, after)(self.observations)

    def all(self, match: Match, by: float = UNTIL_THE_END) -> list[Observation]:
        """Return every match up to a moment."""
        return [item for item in self.observations if item.at <= by and match(item)]

    def step(self, name: str) -> float:
        """Return when a step was taken."""
        return next(item.at for item in self.observations if (item.kind, item.name) == ("step", name))

    def pod(self, name: str, by: float = UNTIL_THE_END) -> Object:
        """Return a Pod as it was observed last, up to a moment; empty where it was not."""
        states = self.all(Match("Pod", name), by)
        return states[-1].body if states else {}

    def container(self, pod: str, name: str, by: float = UNTIL_THE_END) -> Object:
        """Return a container's status as it was observed last, up to a moment."""
        return pod_status.container_status(self.pod(pod, by), name)


def first(match: Match, after: float = 0.0) -> Query[Observation]:
    """Find the first match from a moment on."""
    return lambda observations: next((item for item in observations if item.at >= after and match(item)), None)


def every(matches: Sequence[Match], after: float = 0.0) -> Query[list[Observation]]:
    """Find the first match of each, once there is one of each."""
    queries = [first(match, after) for match in matches]

    def query(observations: Sequence[Observation]) -> list[Observation] | None:
        matched = [item for query in queries if (item := query(observations)) is not None]
        return matched if len(matched) == len(queries) else None

    return query


def any_of(match: Match, *others: Match) -> Match:
    """Match what one of several does."""
    return replace(match, word="happens", value=None, others=others)


def condition(pod: str, kind: str, status: str) -> Match:
    """Match a Pod whose condition has this status: True, False or Unknown."""
    return Match("Pod", pod, lambda item: condition_status(item.body, kind) == status)


def pod_ready(pod: str) -> Match:
    return condition(pod, "Ready", "True")


def deleted(pod: str) -> Match:
    return Match("Pod", pod, lambda item: item.change == "DELETED")


def container(pod: str, name: str, holds: Callable[[Object], bool], word: str = "happens") -> Match:
    """Match a Pod by the status of one of its containers."""

    def status_holds(item: Observation) -> bool:
        status = pod_status.container_status(item.body, name)
        return bool(status) and holds(status)

    return Match("Pod", pod, status_holds, name, word)


def running(pod: str, name: str) -> Match:
    return container(pod, name, pod_status.is_running)


def ended(pod: str, name: str) -> Match:
    """Match a container that has ended, for good or for another in its place; its value is the exit code."""

    def exit_code(item: Observation) -> str:
        return str(pod_status.last_terminated(pod_status.container_status(item.body, name))["exitCode"])

    match = container(pod, name, lambda status: bool(pod_status.last_terminated(status)))
    return replace(match, value=exit_code)


def endpoint(pod: str, **conditions: bool) -> Match:
    """Match a Pod that is an endpoint with these conditions: ``ready``, ``serving``, ``terminating``."""

    def holds(item: Observation) -> bool:
        return any(
            all(bool(endpoint["conditions"].get(key)) is value for key, value in conditions.items())
            for endpoint in endpoints(item, pod)
        )

    return Match("EndpointSlice", pod, holds)


def endpoints(observation: Observation, pod: str) -> Iterator[Object]:
    """Yield the endpoints of an EndpointSlice that are this Pod."""
    for entry in observation.body.get("endpoints") or []:
        if (entry.get("targetRef") or {}).get("name") == pod:
            yield entry


def event(pod: str, reason: str = "", *words: str, container: str = "") -> Match:
    """Match an event about a Pod, or one of its containers, for a reason or any, whose message has these words."""

    def holds(item: Observation) -> bool:
        path = item.body["involvedObject"].get("fieldPath")
        return (
            reason in {"", item.body.get("reason")}
            and (not container or path == f"spec.containers{{{container}}}")
            and all(word in item.body.get("message", "") for word in words)
        )

    return Match("Event", pod, holds, container)


def answer(poll: str, outcome: str = "") -> Match:
    """Match a poll's change to this outcome, or to any, which is its value."""
    return Match(
        "answer",
        poll,
        lambda item: not outcome or item.change == outcome,
        word=outcome,
        value=lambda item: item.change,
    )
