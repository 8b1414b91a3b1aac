"""Draws a timeline's tracks from the record of an experiment: stretches of one state, and moments. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.experiments import texts
from lab.experiments.results import Label, Moment, Timeline
from lab.experiments.texts import Text, Texts, same
from lab.experiments.timed.expectations import word
from lab.experiments.timed.measures import line
from lab.experiments.timed.record import Match, Record, any_of, endpoints, event
from lab.experiments.timed.recorder import Observation
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

State = Literal["good", "bad", "neutral"]
Drawn = tuple["Text", State]
"""What is said of a state, and how it is drawn."""
_STATES = texts.load("timed").section("states")
_SHOWN_EVENTS = ("Unhealthy", "Killing", "Started", "BackOff", "Failed")


@dataclass(frozen=True)
class Track:
    """One line of a timeline. ``id`` is that of its label in the texts; ``moments`` draws it from the record.

    ``refers`` matches what it is about, for the check of declarations alone.
    """

    id: str
    moments: "Callable[[Record, Track, Texts], Iterable[Moment]]"
    refers: tuple[Match, ...] = ()


def timeline(name: str, title: Text, tracks: Sequence[Track], record: Record, texts: Texts) -> Timeline:
    """Draw all tracks; ``texts`` are the experiment's."""
    moments = [moment for track in tracks for moment in track.moments(record, track, texts)]
    labels = texts.section("tracks")
    details = texts.section("track-details") if "track-details" in texts else labels
    return Timeline(
        name,
        title,
        tuple(Label(track.id, labels[track.id], details.get(track.id) or labels[track.id]) for track in tracks),
        tuple(moments),
        record.seconds,
    )


def stretches(id_: str, match: Match, state: Callable[[Observation], Drawn | None]) -> Track:
    """Draw one stretch for each change of state, until the next; None tells nothing of the state."""

    def moments(record: Record, track: Track, _texts: Texts) -> Iterable[Moment]:
        drawn = _drawn(record, match, state)
        changes = [pair for number, pair in enumerate(drawn) if not number or drawn[number - 1][1] != pair[1]]
        ends = [item.at for item, _ in changes[1:]] + [record.seconds]
        for (item, (says, how)), end in zip(changes, ends, strict=False):  # no change has no end
            yield Moment(item.at, track.id, says, how, end, line(item))

    return Track(id_, moments, (match,))


def points(id_: str, match: Match, state: Callable[[Observation], Drawn | None]) -> Track:
    """Draw one moment for each match."""

    def moments(record: Record, track: Track, _texts: Texts) -> Iterable[Moment]:
        for item, (says, how) in _drawn(record, match, state):
            yield Moment(item.at, track.id, says, how, raw=line(item))

    return Track(id_, moments, (match,))


def _drawn(
    record: Record, match: Match, state: Callable[[Observation], Drawn | None]
) -> list[tuple[Observation, Drawn]]:
    items = record.all(match, record.seconds)
    return [(item, drawn) for item in items if (drawn := state(item)) is not None]


def steps(*names: str, id_: str = "deeds") -> Track:
    """Draw what the experiment did: these steps, or all."""

    def moments(record: Record, track: Track, texts: Texts) -> Iterable[Moment]:
        says = texts.section("steps")
        for item in record.observations:
            if item.kind == "step" and (not names or item.name in names) and item.at <= record.seconds:
                yield Moment(item.at, track.id, says[item.name], raw=line(item))

    return Track(id_, moments, tuple(Match("step", name) for name in names))


def ready(pod: str, id_: str) -> Track:
    def state(item: Observation) -> Drawn:
        if item.change == "DELETED":
            return _STATES["gone"], "neutral"
        return (_STATES["pod-ready"], "good") if pod_status.is_ready(item.body) else (_STATES["pod-unready"], "bad")

    return stretches(id_, Match("Pod", pod), state)


def container(pod: str, name: str, id_: str, state: Callable[[Object], Drawn] | None = None) -> Track:
    """Draw a container: waiting, running, ended with a code; a new one after a restart."""

    def state_of(item: Observation) -> Drawn | None:
        status = pod_status.container_status(item.body, name)
        return (state or container_state)(status) if status else None

    return stretches(id_, Match("Pod", pod, container=name), state_of)


def container_ready(pod: str, name: str, id_: str) -> Track:
    """Draw whether a container's readiness probe passes."""
    return container(
        pod, name, id_, lambda status: (word("passes"), "good") if status.get("ready") else (word("fails"), "bad")
    )


def container_state(status: Object) -> Drawn:
    if pod_status.is_running(status):
        count = pod_status.restarts(status)
        return (_STATES["restarted"].format(count=count) if count else _STATES["running"]), "good"
    if end := pod_status.terminated(status):
        return _STATES["exit"].format(code=end["exitCode"]), "bad" if end["exitCode"] else "neutral"
    return _STATES["waiting"], "neutral"


def endpoint(pod: str, id_: str = "endpoint") -> Track:
    def state(item: Observation) -> Drawn:
        conditions = next((entry["conditions"] for entry in endpoints(item, pod)), None)
        if conditions is None:
            return _STATES["gone"], "bad"
        if conditions.get("terminating"):
            return _STATES["endpoint-terminating"], "bad"
        return (_STATES["endpoint-ready"], "good") if conditions.get("ready") else (_STATES["endpoint-unready"], "bad")

    return stretches(id_, Match("EndpointSlice", pod), state)


def answers(poll: str) -> Track:
    return stretches(
        poll, Match("answer", poll), lambda item: (word(item.change), "good" if item.change == "answers" else "bad")
    )


def events(*pods: str, id_: str = "events", reasons: Sequence[str] = _SHOWN_EVENTS) -> Track:
    """Draw the events of these Pods that have one of these reasons; all, where there are none."""

    def state(item: Observation) -> Drawn | None:
        reason = item.body["reason"]
        text = f"{reason}: {item.body.get('message', '')}"[:80]
        how: State = "bad" if item.body.get("type") == "Warning" else "neutral"
        return (same(text), how) if not reasons or reason in reasons else None

    return points(id_, any_of(*map(event, pods)), state)
