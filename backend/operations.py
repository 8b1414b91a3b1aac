"""Every operation of this service, as data: where, what it takes, what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from backend.cats.api import PortraitQuery, Seed, Wall, WallQuery
from backend.cluster_status import House
from backend.faults import api as faults
from backend.faults.catalogue import KNOWN, Name
from backend.identity import WhoAmI
from backend.roulette import api as roulette
from backend.roulette import sse
from backend.roulette.limits import VISITOR
from service_runtime.health import Report
from service_runtime.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Operation:
    """One method of one path; `answer` is None where there is no body, or none that a type describes.

    `problems` are the statuses of its own besides whatever goes wrong everywhere.
    """

    method: str
    path: str
    summary: str
    answer: type | None = None
    media: str | None = JSON
    status: int = 200
    body: tuple[type, ...] = ()
    """One of these."""
    optional_body: bool = False
    query: type | None = None
    problems: tuple[int, ...] = ()
    unwell: bool = False
    """Answers 503 with the same body."""


PARAMETERS: Mapping[str, object] = {
    "seed": Seed,
    "name": Name,
    "visitor": Annotated[str, Meta(pattern=f"^{VISITOR.pattern}$", description="the visitor's token: keep it secret")],
    "Last-Event-ID": roulette.Number,
}
"""What stands in paths and headers."""

HEADERS: Mapping[str, tuple[str, ...]] = {"/api/visitors/{visitor}/events": ("Last-Event-ID",)}

EVENT_DATA = sse.EVENTS
"""What the events of a stream carry."""

_ME = "/api/visitors/{visitor}"

OPERATIONS = (
    Operation("get", "/version", "Which software is this?", Version),
    Operation("get", "/livez", "Is it alive?", Report, unwell=True),
    Operation("get", "/healthz", "Is it alive?", Report, unwell=True),
    Operation("get", "/readyz", "Is it ready?", Report, unwell=True),
    Operation("get", "/startupz", "Is it started?", Report, unwell=True),
    Operation("get", "/whoami", "Which Pod is this, and how does it fare?", WhoAmI),
    Operation("get", "/metrics", "Figures for Prometheus.", media="text/plain"),
    Operation("get", "/openapi.json", "This description."),
    Operation(
        "get",
        "/cats/{seed}.svg",
        "A cat, drawn from its seed.",
        media="image/svg+xml",
        query=PortraitQuery,
        problems=(400,),
    ),
    Operation("get", "/api/cats", "The cats of a wall.", Wall, query=WallQuery, problems=(400,)),
    Operation("get", "/api/house", "The whole house: its Pods, its visitors, its memory.", House),
    Operation(
        "post",
        "/api/visitors",
        "Begin a visit, with a cat of one's own.",
        roulette.Entered,
        status=201,
        body=(roulette.Entering,),
        problems=(400, 413, 429, 503),
    ),
    Operation("get", _ME, "How does the visit stand?", roulette.Visit, problems=(404, 503)),
    Operation("delete", _ME, "End the visit.", media=None, status=204, problems=(404, 503)),
    Operation(
        "post",
        f"{_ME}/chat",
        "Be paired, or wait; leaves what there is. The same id again is a repeat.",
        roulette.Sought,
        status=202,
        body=(roulette.Seeking,),
        problems=(400, 404, 413, 429, 503),
    ),
    Operation("delete", f"{_ME}/chat", "Leave.", media=None, status=204, problems=(404, 503)),
    Operation(
        "post",
        f"{_ME}/messages",
        "Say something. The same id again is a repeat.",
        roulette.Accepted,
        status=202,
        body=(roulette.Saying,),
        problems=(400, 404, 409, 413, 429, 503),
    ),
    Operation(
        "post",
        f"{_ME}/typing",
        "Tell the other one that something is being typed.",
        media=None,
        status=204,
        body=(roulette.Typed,),
        problems=(400, 404, 409, 413, 503),
    ),
    Operation(
        "get",
        f"{_ME}/events",
        "What happens, as server-sent events: those after the last one seen, then each as it comes.",
        media=EVENTS,
        query=roulette.EventsQuery,
        problems=(400, 404, 429, 503),
    ),
    Operation(
        "get",
        "/faults",
        "The faults that are on here, and all there are; 404 unless FAULTS=on.",
        faults.Overview,
        problems=(404,),
    ),
    Operation(
        "delete",
        "/faults",
        "Switch all off.",
        media=None,
        status=204,
        query=faults.PodQuery,
        problems=(400, 403, 404, 503),
    ),
    Operation(
        "post",
        "/faults/{name}",
        "Switch a fault on; values that are not given have their defaults.",
        faults.Begun,
        status=202,
        body=tuple(dict.fromkeys(kind.values for kind in KNOWN.values())),
        optional_body=True,
        query=faults.PodQuery,
        problems=(400, 403, 404, 413, 415, 503),
    ),
    Operation(
        "delete",
        "/faults/{name}",
        "Switch a fault off.",
        media=None,
        status=204,
        query=faults.PodQuery,
        problems=(400, 403, 404, 503),
    ),
)


def structs() -> list[type]:
    """Return every type that the description names."""
    named = [kind for op in OPERATIONS for kind in (op.answer, op.query, *op.body) if kind]
    return [*dict.fromkeys([*named, *EVENT_DATA.values()])]
