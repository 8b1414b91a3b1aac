"""The faults over HTTP, for this Pod or, through the shared memory, for another."""

import msgspec
from flask import Response, request

from backend.cats.words import Both
from backend.context import context
from backend.faults.bounds import Bound, bounds, values
from backend.faults.catalogue import CATALOGUE, Lesson, Name
from backend.faults.manager import Active
from backend.faults.orders import Order
from backend.openapi import Endpoints
from service_runtime.responses import problem, reply, require_json

MOST_BYTES = 4096
BODIES = tuple(dict.fromkeys(fault.values for fault in CATALOGUE.values()))

routes = Endpoints("faults", {"name": Name})


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
    """A fault was switched on in that Pod; `fault` is null where the order was passed on: the Pod's status shows it."""

    pod: str
    fault: Active | None


class PodQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which Pod is meant; without one, whichever answers."""

    pod: str | None = None


@routes.before_request
def refuse() -> Response | None:
    """Refuse all unless FAULTS=on."""
    if context().settings.faults != "on":
        return problem(404, "Faults are switched off here: FAULTS is not on.")
    if request.method in ("POST", "DELETE") and request.view_args and request.view_args["name"] not in CATALOGUE:
        return problem(404, f"There is no fault {request.view_args['name']!r}; there are {', '.join(CATALOGUE)}.")
    return None


@routes.serves(
    "GET",
    "/faults",
    "The faults that are on here, and all there are; 404 unless FAULTS=on.",
    Overview,
    problems=(404,),
)
def overview() -> Response:
    faults = context().faults
    caps = faults.caps()
    known = [Known(name, fault.says, fault.lesson, bounds(name, caps)) for name, fault in CATALOGUE.items()]
    return reply(Overview(context().settings.pod, faults.active(), known))


@routes.serves(
    "POST",
    "/faults/<name>",
    "Switch a fault on; values that are not given have their defaults.",
    Begun,
    status=202,
    body=BODIES,
    query=PodQuery,
    problems=(404,),
)
def begin(name: Name) -> Response:
    require_json()
    request.max_content_length = MOST_BYTES
    chosen = values(name, request.get_data(cache=False), context().faults.caps())
    pod = _pod()
    if pod == context().settings.pod:
        return reply(Begun(pod, context().faults.start(name, chosen)), 202)
    order = Order("start", name, msgspec.Raw(msgspec.json.encode(chosen)))
    return _send(pod, order) or reply(Begun(pod, None), 202)


@routes.serves(
    "DELETE",
    "/faults",
    "Switch all off.",
    media=None,
    status=204,
    query=PodQuery,
    problems=(404,),
)
@routes.serves(
    "DELETE",
    "/faults/<name>",
    "Switch a fault off.",
    media=None,
    status=204,
    query=PodQuery,
    problems=(404,),
)
def end(name: Name | None = None) -> Response:
    pod = _pod()
    if pod != context().settings.pod:
        return _send(pod, Order("stop", name)) or Response(status=204)
    context().faults.stop(name)
    return Response(status=204)


def _pod() -> str:
    return msgspec.convert(request.args.to_dict(), PodQuery).pod or context().settings.pod


def _send(pod: str, order: Order) -> Response | None:
    """Have another Pod do it; return what to answer when there is none by that name."""
    if context().shared.commands.send(pod, msgspec.json.encode(order)):
        return None
    return problem(404, f"There is no Pod {pod!r} that shares its memory with this one.")
