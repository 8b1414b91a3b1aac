"""Stream `/api/…` and `/cats/…` from the backend, `/faults` when it is switched on, and nothing else."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest

from frontend.connectivity import Kind, fault_of
from frontend.diagnosis import describe
from frontend.event_streams import PIECE_BYTES, halfway
from frontend.problems import problem
from frontend.upstream import Failure, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from frontend.event_streams import Stream
    from frontend.upstream import Exchange

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
NOT_SENT = HOP_BY_HOP | {"host", "content-length", "cookie", "expect", "forwarded", "x-request-id", "x-forwarded-for"}
NOT_RETURNED = HOP_BY_HOP | {"server", "date", "set-cookie", "x-request-id", "content-security-policy"}
ANSWER_BYTES = 8 * 1024 * 1024
ANSWER_SECONDS = 30.0

blueprint = Blueprint("proxy", __name__)


class TooMuch(OSError):
    """The backend's answer is larger, or takes longer, than any of ours should; the connection is cut."""


@blueprint.route("/faults", methods=["GET", "DELETE"], defaults={"rest": "-"})
@blueprint.route("/faults/<path:rest>", methods=["GET", "POST", "DELETE"])
def faults(rest: str) -> Response:
    """Send a fault on to the backend; where FAULTS is off there is no such path."""
    if current_app.config["FRONTEND"].faults == "off":
        abort(HTTPStatus.NOT_FOUND)
    return forward(rest)


@blueprint.route("/api/<path:rest>", methods=["GET", "POST", "DELETE"])
@blueprint.route("/cats/<path:rest>", methods=["GET"])
def forward(rest: str) -> Response:
    """Send the request on, and stream the answer back as it comes; problem+json names the hop that fails."""
    if any(segment in {"", ".", ".."} or "\\" in segment for segment in rest.split("/")):
        abort(HTTPStatus.NOT_FOUND)
    stream = place() if request.path.endswith("/events") else None
    try:
        exchange = current_app.config["UPSTREAM"].send(outgoing())
        return answer(exchange, stream)
    except Failure as error:
        return failure(error)


def place() -> Stream:
    """Take one of the places for event streams; 429 when there is none."""
    stream: Stream | None = current_app.config["STREAMS"].take()
    if stream is None:
        busy = problem(HTTPStatus.TOO_MANY_REQUESTS, "This Pod has as many event streams as it can hold.")
        busy.headers["Retry-After"] = "2"
        abort(busy)
    return stream


def outgoing() -> Outgoing:
    """Return the current request as it goes to the backend."""
    headers = dict(kept(request.headers.items(), NOT_SENT))
    headers.setdefault("Accept-Encoding", "identity")
    headers |= {"X-Request-Id": g.request_id, "X-Forwarded-For": request.remote_addr or "unknown"}
    query = quote(request.query_string, safe="/?:@!$&'()*+,;=~%")
    path = quote(request.path, safe="/~@:+,=")
    return Outgoing(request.method, f"{path}?{query}" if query else path, headers, received())


def received() -> bytes:
    """Read the request's body; one that breaks HTTP's own rules, such as a chunk of no size, is answered 400."""
    try:
        return request.get_data()
    except (OSError, ParseException) as error:
        raise BadRequest("the request's body is broken") from error


def kept(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> list[tuple[str, str]]:
    """Return the headers that travel on: not hop-by-hop ones, nor those that `Connection` names (RFC 9110 7.6.1)."""
    pairs = list(headers)
    named = ",".join(value for name, value in pairs if name.lower() == "connection")
    also = {name.strip().lower() for name in named.split(",")}
    return [(name, value) for name, value in pairs if name.lower() not in dropped | also]


def answer(exchange: Exchange, stream: Stream | None) -> Response:
    """Return the backend's answer: an event stream as it comes, a short body whole, a long one in pieces.

    Our backend's errors are problem+json. Another server's 404 says nothing about our visitors: 502 for that.
    """
    if is_strange(exchange):
        exchange.close()
        return blame(Kind.NOT_OURS)
    headers = kept(exchange.headers, NOT_RETURNED)
    if exchange.length is not None and exchange.length <= PIECE_BYTES:
        return Response([whole(exchange)], exchange.status, headers)
    if exchange.is_stream and stream:
        relay = stream.relay(exchange, request.environ.get("gunicorn.socket"))
        return Response(relay, exchange.status, headers, direct_passthrough=True)
    return long_answer(exchange, headers)


def is_strange(exchange: Exchange) -> bool:
    """Tell whether an error comes from somebody else than our backend."""
    kind = next((value for name, value in exchange.headers if name.lower() == "content-type"), "")
    return exchange.status >= HTTPStatus.BAD_REQUEST and not kind.startswith("application/problem+json")


def whole(exchange: Exchange) -> bytes:
    """Read a short body. Raises one of `Failure` where it stops halfway."""
    try:
        return b"".join(exchange.pieces(PIECE_BYTES))
    finally:
        exchange.close()


def long_answer(exchange: Exchange, headers: list[tuple[str, str]]) -> Response:
    """Return a long answer in pieces; 502 when it is announced as longer than any of ours."""
    if exchange.length is not None and exchange.length > ANSWER_BYTES:
        exchange.close()
        return problem(HTTPStatus.BAD_GATEWAY, "The backend’s answer is too large.")
    return Response(pieces(exchange), exchange.status, headers, direct_passthrough=True)


def pieces(exchange: Exchange) -> Iterator[bytes]:
    """Yield the body, each piece as soon as it is there.

    Raises OSError where it stops halfway, or is too much: the browser must see a cut connection.
    """
    left, end = ANSWER_BYTES, time.monotonic() + ANSWER_SECONDS
    try:
        for piece in exchange.pieces(PIECE_BYTES):
            left -= len(piece)
            if left < 0 or time.monotonic() > end:
                raise TooMuch("more than an answer of ours should be")
            yield piece
    except Failure as error:
        raise halfway(error) from error
    finally:
        exchange.close()


def failure(error: Exception) -> Response:
    """Answer problem+json with the hop that failed: 504 for a time-out, else 502."""
    return blame(fault_of(error))


def blame(fault: Kind) -> Response:
    """Answer problem+json for a request that met this fault."""
    hop = current_app.config["WATCHER"].blame(fault)
    shown: dict[str, Any] = describe(hop, g.words, current_app.config["FRONTEND"])
    late = hop.kind in {Kind.TIMEOUT, Kind.NO_ANSWER, Kind.DNS_SILENT}
    status = HTTPStatus.GATEWAY_TIMEOUT if late else HTTPStatus.BAD_GATEWAY
    return problem(status, shown["why"], title=shown["title"], hop=shown)
