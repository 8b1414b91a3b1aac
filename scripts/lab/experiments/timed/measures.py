"""What checks measure, read off the record of an experiment, with the lines that show it. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from lab.experiments import texts
from lab.experiments.results import Exhibit, ExhibitKind
from lab.experiments.texts import Text
from lab.experiments.timed.expectations import Expect, Fact, Window
from lab.experiments.timed.record import Match, Record, answer
from lab.experiments.timed.recorder import Observation
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object, condition_status

_TEXTS = texts.load("timed")
_EXHIBITS: Mapping[str, ExhibitKind] = {"Event": "event", "EndpointSlice": "endpoints", "Pod": "status"}
_KEPT = ("name", "ready", "started", "restartCount", "containerID", "state", "lastState")


@dataclass(frozen=True)
class Occurs:
    """Measures when something first matches, and what it then is.

    ``after`` is its cause, a step or what matches first; without one it has no time. It is looked for from its cause on
    or, with ``anytime``, from the beginning, where coming too early is to be a disagreement. ``reason`` matches what is
    shown beside it, such as the event that says why.
    """

    match: Match
    after: str | Match = ""
    reason: Match | None = None
    anytime: bool = False

    def __call__(self, record: Record) -> Fact:
        cause = self._cause(record) if self.after else 0.0
        start = 0.0 if self.anytime else cause
        observation = record.first(self.match, start)
        reason = self.reason and record.first(self.reason, start)
        exhibits = tuple(shown(item) for item in (observation, reason) if item)
        if observation is None:
            return Fact(exhibits=exhibits)
        value = self.match.value(observation) if self.match.value else self.match.word
        return Fact(value, observation.at if self.after else None, cause, exhibits)

    def _cause(self, record: Record) -> float:
        if isinstance(self.after, str):
            return record.step(self.after)
        observation = record.first(self.after)
        return observation.at if observation else inf


def happens(  # noqa: PLR0913 - what an expectation and its measure take together
    id_: str,
    match: Match,
    within: Window,
    after: str | Match,
    *,
    subject: str = "",
    word: str = "",
    values: Mapping[str, object] | None = None,
    **occurs: Any,
) -> Expect[Record]:
    """Expect a match in a window after its cause, and its value to be ``word``; ``occurs`` are fields of `Occurs`.

    The subject is the Pod that the match is about, where none is given.
    """
    return Expect(id_, subject or match.name, word or match.word, Occurs(match, after, **occurs), within, values=values)


@dataclass(frozen=True)
class Answers:
    """Measures how a poll was answered from one step to another, or to the end: its one outcome, or what broke in."""

    poll: str
    after: str
    before: str = ""

    def __call__(self, record: Record) -> Fact:
        since = record.step(self.after)
        until = record.step(self.before) if self.before else record.observations[-1].at
        changes = record.all(answer(self.poll), until)
        known = [item for item in changes if item.at <= since][-1:]
        if not known:
            return Fact()
        during = known + [item for item in changes if item.at > since]
        wrong = next((item for item in during if item.change != "answers"), known[0])
        shows = _TEXTS["answers-during"].format(since=since, until=until)
        return Fact(wrong.change, exhibits=(Exhibit("command", self.poll, "\n".join(map(line, during)), shows),))


@dataclass(frozen=True)
class ContainerStatus:
    """Measures what a container's status is at the end, and shows it; ``value`` reads it off the status."""

    pod: str
    container: str
    value: Callable[[Object], str]
    shows: Text

    def __call__(self, record: Record) -> Fact:
        status = record.container(self.pod, self.container)
        where, command = f"container {self.container} of {self.pod}", statuses_of(self.pod)
        return Fact(self.value(status), exhibits=(status_exhibit(where, _kept(status), self.shows, command),))


@dataclass(frozen=True)
class PodField:
    """Measures a field of a Pod at the end, such as ``status.containerStatuses[0].lastState``, and shows it."""

    pod: str
    path: str
    shows: Text
    value: Callable[[Any], str | Text] = str

    def __call__(self, record: Record) -> Fact:
        field = read_field(record.pod(self.pod), self.path)
        exhibit = status_exhibit(f"{self.pod}: {self.path}", field, self.shows, field_of(self.pod, self.path))
        return Fact(None if field is None else self.value(field), exhibits=(exhibit,))


def restarts(pod: str, container: str, shows: Text) -> ContainerStatus:
    return ContainerStatus(pod, container, lambda status: str(status.get("restartCount", "")), shows)


@dataclass(frozen=True)
class Same:
    """Measures whether a field of a Pod, or of a container's status, is the same at the end as it was at a step.

    With ``before`` it is that other step instead of the end.
    """

    pod: str
    path: str
    after: str
    shows: Text
    container: str = ""
    before: str = ""

    def __call__(self, record: Record) -> Fact:
        values = {
            "before": self._read(record, record.step(self.after)),
            "after": self._read(record, record.step(self.before) if self.before else inf),
        }
        exhibit = status_exhibit(
            f"containerStatuses of {self.pod}" if self.container else f"{self.pod}: {self.path}",
            values,
            self.shows,
            statuses_of(self.pod) if self.container else field_of(self.pod, self.path),
        )
        if not all(values.values()):
            return Fact("", exhibits=(exhibit,))
        return Fact("same" if values["before"] == values["after"] else "another", exhibits=(exhibit,))

    def _read(self, record: Record, by: float) -> Any:
        if self.container:
            return read_field(record.container(self.pod, self.container, by), self.path)
        return read_field(record.pod(self.pod, by), self.path)


def same_container(pod: str, container: str, after: str, shows: Text, before: str = "") -> Same:
    return Same(pod, "containerID", after, shows, container, before)


def read_field(value: Any, path: str) -> Any:
    """Read what is at a path such as ``status.containerStatuses[0].lastState``; None where nothing is."""
    for key in re.findall(r"\w+", path):
        value = (value[int(key)] if key.isdigit() else value.get(key)) if value else None
    return value


def field_of(pod: str, path: str) -> str:
    """Return the command that prints a field of a Pod."""
    return f"kubectl get pod {pod} -o jsonpath='{{.{path}}}'"


def statuses_of(pod: str) -> str:
    """Return the command that prints the statuses of a Pod's containers."""
    return field_of(pod, "status.containerStatuses")


def status_exhibit(where: str, value: object, shows: Text, command: str = "") -> Exhibit:
    """Return a fragment of a status as an exhibit."""
    return Exhibit("status", where, json.dumps(value), shows, command)


def shown(observation: Observation) -> Exhibit:
    """Return an observation as an exhibit: its raw line, and what a learner types to see the same."""
    kind, name = observation.kind, observation.name
    about = observation.body.get("involvedObject", {}).get("name", "")
    commands = {
        "Event": f"kubectl events --for pod/{about}",
        "EndpointSlice": "kubectl get endpointslices -o yaml",
        "Pod": f"kubectl get pod {name} -o jsonpath='{{.status}}'",
    }
    where, shows = f"{kind} {name}, {observation.at:.1f} s", _TEXTS.section("observations")[kind]
    return Exhibit(_EXHIBITS.get(kind, "command"), where, line(observation), shows, commands.get(kind, ""))


def line(observation: Observation) -> str:
    """Return the raw text of an observation, in short: a message, a fragment of JSON, an answer."""
    body = observation.body
    if observation.kind == "Event":
        return f"{body.get('type')} {body.get('reason')}: {body.get('message')}"
    if observation.kind == "EndpointSlice":
        entries = body.get("endpoints") or []
        return json.dumps([{key: entry.get(key) for key in ("addresses", "conditions")} for entry in entries])
    if observation.kind == "Pod":
        return json.dumps(fragment(body))
    return f"{observation.change} {body.get('raw', '')}".strip() or observation.name


def fragment(pod: Object) -> Object:
    """Return of a Pod's status what changes over time: conditions, and its containers' states."""
    statuses = pod_status.container_statuses(pod, pod_status.APP, pod_status.INIT, pod_status.EPHEMERAL)
    return {
        "phase": pod.get("status", {}).get("phase"),
        "Ready": condition_status(pod, "Ready"),
        "containers": [_kept(status) for status in statuses],
    }


def _kept(status: Object) -> Object:
    return {key: status[key] for key in _KEPT if status.get(key) not in (None, {})}
