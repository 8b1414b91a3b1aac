"""Draws a timeline's lanes from what was seen: stretches of one state, and moments. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lab.experiments.results import Label, Moment, Timeline
from lab.experiments.texts import Text
from lab.experiments.timed import looking
from lab.experiments.timed.expecting import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lab.experiments.timed.recorder import Observation
    from lab.kubernetes.objects import Object

State = Literal["good", "bad", "neutral"]
Drawn = tuple[Text, State]
"""What is said of a state, and how it is drawn."""

YES, NO = Text(en="Ready", fr="Ready"), Text(en="not Ready", fr="non Ready")
SERVED, LISTED = Text(en="ready", fr="ready"), Text(en="not ready", fr="non ready")
GONE = Text(en="gone", fr="parti")
LEAVING = Text(en="terminating", fr="terminating")
NEWS = ("Unhealthy", "Killing", "Started", "BackOff", "Failed")
"""Reasons of the events that a timeline shows."""


@dataclass(frozen=True)
class Lane:
    """One line of a timeline: its label, and what reads a state off something that was seen (None: not of this)."""

    label: Label
    read: Callable[[Observation], Drawn | None]
    lasting: bool = True


def label(id_: str, short: Text) -> Label:
    """Return a lane's label that says all in short."""
    return Label(id_, short, short)


def timeline(id_: str, title: Text, lanes: Sequence[Lane], seen: Sequence[Observation], seconds: float) -> Timeline:
    """Draw all lanes."""
    moments = [moment for lane in lanes for moment in drawn(lane, seen, seconds)]
    return Timeline(id_, title, tuple(lane.label for lane in lanes), tuple(moments), seconds)


def drawn(lane: Lane, seen: Sequence[Observation], seconds: float) -> list[Moment]:
    """Return a lane's moments: one for each change of state, which lasts until the next, or one for each thing."""
    read = [(one, state) for one in seen if (state := lane.read(one)) is not None and one.at <= seconds]
    if not lane.lasting:
        return [_moment(lane, one, state) for one, state in read]
    changes = [pair for number, pair in enumerate(read) if not number or read[number - 1][1] != pair[1]]
    ends = [one.at for one, _ in changes[1:]] + [seconds]
    return [_moment(lane, one, state, end) for (one, state), end in zip(changes, ends, strict=True)]


def _moment(lane: Lane, one: Observation, state: Drawn, until: float | None = None) -> Moment:
    return Moment(one.at, lane.label.id, state[0], state[1], until, looking.line(one))


def ready(pod: str, label: Label) -> Lane:
    """Return the lane of a Pod's condition Ready."""

    def read(one: Observation) -> Drawn | None:
        if (one.kind, one.name) != ("Pod", pod):
            return None
        if one.change == "DELETED":
            return GONE, "neutral"
        return (YES, "good") if looking.condition(one.body, "Ready") == "True" else (NO, "bad")

    return Lane(label, read)


def container_ready(pod: str, name: str, label: Label) -> Lane:
    """Return the lane of whether one container's readiness probe passes."""

    def read(one: Observation) -> Drawn | None:
        status = looking.container(one.body, name) if (one.kind, one.name) == ("Pod", pod) else {}
        if not status:
            return None
        return (said("passes"), "good") if status.get("ready") else (said("fails"), "bad")

    return Lane(label, read)


def container(pod: str, name: str, label: Label) -> Lane:
    """Return the lane of a container: waiting, running, ended with a code; a new one after a restart."""

    def read(one: Observation) -> Drawn | None:
        status = looking.container(one.body, name) if (one.kind, one.name) == ("Pod", pod) else {}
        return _state(status) if status else None

    return Lane(label, read)


def _state(status: Object) -> Drawn:
    state, count = status.get("state", {}), status.get("restartCount", 0)
    if "running" in state:
        again = Text(en=f"running, restart {count}", fr=f"en marche, redémarrage {count}")
        return (again if count else Text(en="running", fr="en marche")), "good"
    if "terminated" in state:
        code = state["terminated"]["exitCode"]
        return Text(en=f"exit {code}", fr=f"code {code}"), "bad" if code else "neutral"
    return Text(en="waiting", fr="en attente"), "neutral"


def endpoint(pod: str, label: Label) -> Lane:
    """Return the lane of a Pod as an endpoint of its Service."""

    def read(one: Observation) -> Drawn | None:
        if one.kind != "EndpointSlice":
            return None
        conditions = next((each["conditions"] for each in looking.endpoints(one, pod)), None)
        if conditions is None:
            return GONE, "bad"
        if conditions.get("terminating"):
            return LEAVING, "bad"
        return (SERVED, "good") if conditions.get("ready") else (LISTED, "bad")

    return Lane(label, read)


def answers(name: str, label: Label) -> Lane:
    """Return the lane of an address that is asked all the time."""

    def read(one: Observation) -> Drawn | None:
        if (one.kind, one.name) != ("answer", name):
            return None
        return said(one.change), "good" if one.change == "answers" else "bad"

    return Lane(label, read)


def events(label: Label, pods: Iterable[str]) -> Lane:
    """Return the lane of the events of these Pods that are news."""
    wanted = set(pods)

    def read(one: Observation) -> Drawn | None:
        if one.kind != "Event" or one.body.get("reason") not in NEWS:
            return None
        if one.body.get("involvedObject", {}).get("name") not in wanted:
            return None
        text = f"{one.body['reason']}: {one.body.get('message', '')}"[:80]
        return Text(en=text, fr=text), "bad" if one.body.get("type") == "Warning" else "neutral"

    return Lane(label, read, lasting=False)


def deeds(label: Label, says: dict[str, Text]) -> Lane:
    """Return the lane of what the experiment did, said in these words."""

    def read(one: Observation) -> Drawn | None:
        return (says[one.name], "neutral") if one.kind == "step" and one.name in says else None

    return Lane(label, read, lasting=False)
