"""Finds things in what was seen: the first moment at which something is so, and the raw lines that show it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed.expecting import NOTHING, Fact
from lab.experiments.timed.recorder import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.kubernetes.objects import Object

Test = Callable[[Observation], bool]
"""Tells whether something that was seen is what is looked for."""
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def first(seen: Sequence[Observation], test: Test, after: float = 0.0) -> Observation | None:
    """Return the first of what was seen from then on that passes the test."""
    return next((one for one in seen if one.at >= after and test(one)), None)


def looks(test: Test, after: float = 0.0) -> Callable[[Sequence[Observation]], Observation | None]:
    """Return what ``Recorder.wait`` takes: the first that passes the test, from then on."""
    return lambda seen: first(seen, test, after)


def every(
    *looked: Callable[[Sequence[Observation]], Observation | None],
) -> Callable[[Sequence[Observation]], Observation | None]:
    """Return what ``Recorder.wait`` takes: found once all of these are; the last of them is returned."""

    def look(seen: Sequence[Observation]) -> Observation | None:
        found = [one(seen) for one in looked]
        there = [one for one in found if one is not None]
        return max(there, key=lambda one: one.at) if len(there) == len(found) else None

    return look


def pod(seen: Sequence[Observation], name: str, by: float = float("inf")) -> Object:
    """Return a Pod as it was seen last, up to a moment; empty where it was not."""
    found = [one.body for one in seen if (one.kind, one.name) == ("Pod", name) and one.at <= by]
    return found[-1] if found else {}


def container(found: Object, name: str) -> Object:
    """Return a container's status in a Pod, of whichever kind; empty where kubelet has told none yet."""
    statuses = [one for key in _STATUSES for one in found.get("status", {}).get(key) or []]
    return next((one for one in statuses if one["name"] == name), {})


def compared(before: str | None, after: str | None) -> str:
    """Say whether two ids are the same; nothing where one was not seen."""
    if not (before and after):
        return ""
    return "same" if before == after else "another"


def condition(found: Object, kind: str) -> str:
    """Return a condition's status of a Pod: True, False, Unknown, or nothing."""
    every_one = found.get("status", {}).get("conditions") or []
    return next((str(one["status"]) for one in every_one if one["type"] == kind), "")


def pod_is(name: str, so: Callable[[Object], bool]) -> Test:
    """Test that it is this Pod, and that something is so of it."""
    return lambda one: (one.kind, one.name) == ("Pod", name) and so(one.body)


def pod_ready(name: str, status: str = "True") -> Test:
    """Test for the Pod's condition Ready."""
    return pod_is(name, lambda found: condition(found, "Ready") == status)


def running(name: str, of: str) -> Test:
    """Test that a container runs."""
    return pod_is(name, lambda found: "running" in container(found, of).get("state", {}))


def ended(name: str, of: str) -> Test:
    """Test that a container has ended: for good, or that another was started in its place."""
    return pod_is(name, lambda found: bool(last_end(found, of)))


def last_end(found: Object, of: str) -> Object:
    """Return how a container ended last, as the Pod's status says it; empty where it has not."""
    status = container(found, of)
    last: Object = (status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated")) or {}
    return last


def endpoints(one: Observation, of: str) -> Iterator[Object]:
    """Yield the endpoints in an EndpointSlice that are this Pod."""
    for each in one.body.get("endpoints") or [] if one.kind == "EndpointSlice" else []:
        if (each.get("targetRef") or {}).get("name") == of:
            yield each


def endpoint(of: str, **conditions: bool) -> Test:
    """Test that a Pod is an endpoint with these conditions: ``ready``, ``serving``, ``terminating``."""
    return lambda one: any(
        all(bool(each["conditions"].get(key)) is value for key, value in conditions.items())
        for each in endpoints(one, of)
    )


def event(reason: str, of: str, *words: str) -> Test:
    """Test for an event about a Pod, whose message has these words."""
    return lambda one: (
        one.kind == "Event"
        and one.body.get("reason") == reason
        and one.body.get("involvedObject", {}).get("name") == of
        and all(word in one.body.get("message", "") for word in words)
    )


def answer(name: str, outcome: str) -> Test:
    """Test for an answer that changed to this outcome."""
    return lambda one: (one.kind, one.name, one.change) == ("answer", name, outcome)


def answered(seen: Sequence[Observation], name: str, since: float, until: float) -> Fact:
    """Say how an address answered through a stretch of time: its one outcome, or what interrupted it."""
    told = [one for one in seen if (one.kind, one.name) == ("answer", name) and one.at <= until]
    before = [one for one in told if one.at <= since][-1:]
    during = before + [one for one in told if one.at > since]
    if not before:
        return NOTHING
    bad = next((one for one in during if one.change != "answers"), before[0])
    raw = "\n".join(line(one) for one in during)
    shows = Text(
        en=f"each change of answer from {since:.1f} s to {until:.1f} s",
        fr=f"chaque changement de réponse de {since:.1f} à {until:.1f}\u00a0s".replace(".", ","),
    )
    return Fact(bad.change, exhibits=(Exhibit("command", name, raw, shows),))


def happens(found: Observation | None, cause: float, *exhibits: Exhibit, value: str = "happens") -> Fact:
    """Return the fact that something was seen, with the line that says so."""
    if found is None:
        return Fact("", exhibits=exhibits)
    return Fact(value, found.at, cause, (shown(found), *exhibits))


_SHOWS = {
    "Event": Text(en="the event as kubelet wrote it", fr="l’événement tel que kubelet l’a écrit"),
    "Pod": Text(en="the Pod’s status at that moment", fr="l’état du Pod à ce moment"),
    "EndpointSlice": Text(en="the Service’s endpoints at that moment", fr="les endpoints du Service à ce moment"),
    "answer": Text(en="the answer that was had", fr="la réponse obtenue"),
    "step": Text(en="what the experiment did", fr="ce que l’expérience a fait"),
}


def shown(one: Observation) -> Exhibit:
    """Return something that was seen as an exhibit: its raw line, and what a learner types to see the same."""
    where, at = f"{one.kind} {one.name}", f"{one.at:.1f} s"
    if one.kind == "Event":
        name = one.body.get("involvedObject", {}).get("name", "")
        return Exhibit("event", f"{where}, {at}", line(one), _SHOWS["Event"], f"kubectl events --for pod/{name}")
    if one.kind == "EndpointSlice":
        command = "kubectl get endpointslices -o yaml"
        return Exhibit("endpoints", f"{where}, {at}", line(one), _SHOWS["EndpointSlice"], command)
    if one.kind == "Pod":
        command = f"kubectl get pod {one.name} -o jsonpath='{{.status}}'"
        return Exhibit("status", f"{where}, {at}", line(one), _SHOWS["Pod"], command)
    return Exhibit("command", f"{where}, {at}", line(one), _SHOWS[one.kind])


def line(one: Observation) -> str:
    """Return the raw text of something that was seen, in short: a message, a fragment of JSON, an answer."""
    body = one.body
    if one.kind == "Event":
        return f"{body.get('type')} {body.get('reason')}: {body.get('message')}"
    if one.kind == "EndpointSlice":
        return json.dumps([{key: each.get(key) for key in ("addresses", "conditions")} for each in _all(body)])
    if one.kind == "Pod":
        return json.dumps(fragment(body))
    return f"{one.change} {body.get('raw', '')}".strip() or one.name


def fragment(found: Object) -> Object:
    """Return of a Pod's status what changes over time: conditions, and its containers' states."""
    kept = ("name", "ready", "started", "restartCount", "containerID", "state", "lastState")
    statuses = [one for key in _STATUSES for one in found.get("status", {}).get(key) or []]
    return {
        "phase": found.get("status", {}).get("phase"),
        "Ready": condition(found, "Ready"),
        "containers": [{key: one[key] for key in kept if one.get(key) not in (None, {})} for one in statuses],
    }


def _all(body: Object) -> list[Object]:
    return list(body.get("endpoints") or [])


def status_exhibit(where: str, value: Any, shows: Text, command: str = "") -> Exhibit:
    """Return a fragment of a status as an exhibit."""
    return Exhibit("status", where, json.dumps(value), shows, command)
