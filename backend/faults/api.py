"""The faults over HTTP, for this Pod or, through the shared memory, for another."""

from __future__ import annotations

import logging

import gevent
import msgspec
from flask import Blueprint, Response, request

from backend.cats.words import Both  # noqa: TC001 - msgspec reads the annotations
from backend.context import context
from backend.faults.bounds import Bound, bounds, values
from backend.faults.catalogue import KNOWN, Lesson, Name, Values
from backend.faults.manager import Active, FaultManager, Order
from service_runtime.responses import BadInput, problem, reply

MOST_BYTES = 4096

routes = Blueprint("faults", __name__)
log = logging.getLogger("backend")


class Known(msgspec.Struct, frozen=True):
    """A fault that can be switched on, and what it may be given in this container."""

    name: Name
    says: Both
    lesson: Lesson
    values: dict[str, Bound]


class Overview(msgspec.Struct, frozen=True):
    """The faults that are on in this Pod, and all that there are."""

    pod: str
    active: list[Active]
    known: list[Known]


class Begun(msgspec.Struct, frozen=True):
    """A fault was switched on in that Pod; `fault` is null where the order was passed on: its house tells of it."""

    pod: str
    fault: Active | None


class PodQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which Pod is meant; without one, whichever answers."""

    pod: str | None = None


def take_order(faults: FaultManager, command: bytes) -> None:
    """Do what another replica passes on, in a greenlet of its own; what cannot be read is logged and left."""
    try:
        order = msgspec.json.decode(command, type=Order)
        chosen = values(order.name, bytes(order.values), faults.caps()) if order.do == "start" and order.name else None
    except (msgspec.DecodeError, BadInput) as error:
        log.warning("an order cannot be used: %s", error)
        return
    if order.name and chosen:
        gevent.spawn(_start, faults, order.name, chosen)
    elif order.do == "stop":
        gevent.spawn(faults.stop, order.name)


def _start(faults: FaultManager, name: Name, chosen: Values) -> None:
    try:
        faults.start(name, chosen)
    except (BadInput, OSError) as error:
        log.warning("fault: %s was ordered and cannot begin: %s", name, error, extra={"fields": {"fault": name}})


@routes.before_request
def switched_off() -> Response | None:
    """Answer 404 unless FAULTS=on."""
    return (
        None if context().settings.faults == "on" else problem(404, "Faults are switched off here: FAULTS is not on.")
    )


@routes.before_request
def from_elsewhere() -> Response | None:
    """Refuse what another web site can have a browser send without asking first.

    A page of another origin, another port too, is told apart by Fetch Metadata; a POST as JSON needs a preflight:
    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, https://fetch.spec.whatwg.org/#cors-protocol
    """
    if request.method not in ("POST", "DELETE"):
        return None
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return problem(403, "Faults are switched from this service's own page, not from another site.")
    if request.method == "POST" and request.mimetype != "application/json":
        return problem(415, "A fault is switched on with the header Content-Type: application/json.")
    return None


@routes.get("/faults")
def overview() -> Response:
    """List the faults."""
    here = context().faults.caps()
    known = [Known(name, kind.says, kind.lesson, bounds(name, here)) for name, kind in KNOWN.items()]
    return reply(Overview(context().settings.pod, context().faults.active(), known))


@routes.post("/faults/<name>")
def begin(name: Name) -> Response:
    """Switch a fault on."""
    if name not in KNOWN:
        return _unknown(name)
    request.max_content_length = MOST_BYTES
    chosen = values(name, request.get_data(cache=False), context().faults.caps())
    pod = _pod()
    if pod == context().settings.pod:
        return reply(Begun(pod, context().faults.start(name, chosen)), 202)
    order = Order("start", name, msgspec.Raw(msgspec.json.encode(chosen)))
    return _pass_on(pod, order) or reply(Begun(pod, None), 202)


@routes.delete("/faults/<name>")
def end(name: Name) -> Response:
    """Switch a fault off."""
    return _stop(name) if name in KNOWN else _unknown(name)


@routes.delete("/faults")
def end_all() -> Response:
    """Switch every fault off."""
    return _stop(None)


def _stop(name: Name | None) -> Response:
    pod = _pod()
    if pod != context().settings.pod:
        return _pass_on(pod, Order("stop", name)) or Response(status=204)
    context().faults.stop(name)
    return Response(status=204)


def _pod() -> str:
    return msgspec.convert(request.args.to_dict(), PodQuery).pod or context().settings.pod


def _pass_on(pod: str, order: Order) -> Response | None:
    """Have another Pod do it; return what to answer when there is none by that name."""
    if context().store.order(pod, msgspec.json.encode(order)):
        return None
    return problem(404, f"There is no Pod {pod!r} that shares its memory with this one.")


def _unknown(name: str) -> Response:
    return problem(404, f"There is no fault {name!r}; there are {', '.join(KNOWN)}.")
