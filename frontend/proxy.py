"""Stream `/api/…` and `/cats/…` from the backend, and nothing else: never `/faults`, never another address."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from flask import Blueprint, Response, abort, current_app, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest

from frontend.advice import describe
from frontend.hops import Kind, fault_of
from frontend.probe import new_session
from frontend.problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

    from frontend.config import Config

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
PIECE_BYTES = 65_536
ANSWER_BYTES = 8 * 1024 * 1024
ANSWER_SECONDS = 30.0

blueprint = Blueprint("proxy", __name__)


class TooMuch(OSError):
    """The backend's answer is larger, or takes longer, than any of ours should; the connection is cut."""


@blueprint.route("/api/<path:rest>", methods=["GET", "POST", "DELETE"])
@blueprint.route("/cats/<path:rest>", methods=["GET"])
def forward(rest: str) -> Response:
    """Send the request on, and stream the answer back as it comes; problem+json names the hop that fails."""
    if any(segment in {"", ".", ".."} or "\\" in segment for segment in rest.split("/")):
        abort(HTTPStatus.NOT_FOUND)
    try:
        answer = send(current_app.config["FRONTEND"])
    except requests.RequestException as error:
        return failure(error)
    if too_long(answer):
        answer.close()
        return problem(HTTPStatus.BAD_GATEWAY, "The backend’s answer is too large.")
    headers = kept(dict(answer.headers), NOT_RETURNED)
    return Response(pieces(answer), answer.status_code, headers, direct_passthrough=True)


def send(config: Config) -> requests.Response:
    """Send the current request to the backend; returns once the headers have come. Raises RequestException.

    Each read may wait `BACKEND_READ_SECONDS`: an event stream must say something at least that often.
    """
    headers = kept(dict(request.headers), NOT_SENT)
    headers.setdefault("Accept-Encoding", "identity")
    headers |= {"X-Request-Id": g.request_id, "X-Forwarded-For": request.remote_addr or "unknown"}
    body = received()
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    with new_session() as session:
        return session.request(
            request.method,
            config.target.url + quote(request.path, safe="/~@:+,=") + query,
            headers={**headers, "Connection": "close"},
            data=body,
            timeout=(config.backend_connect_seconds, config.backend_read_seconds),
            stream=True,
            allow_redirects=False,
        )


def received() -> bytes:
    """Read the request's body; one that breaks HTTP's own rules, such as a chunk of no size, is answered 400."""
    try:
        return request.get_data()
    except (OSError, ParseException) as error:
        raise BadRequest("the request's body is broken") from error


def kept(headers: dict[str, str], dropped: frozenset[str]) -> dict[str, str]:
    """Return the headers that travel on: not hop-by-hop ones, nor those that `Connection` names (RFC 9110 7.6.1)."""
    named = next((value for name, value in headers.items() if name.lower() == "connection"), "")
    also = {name.strip().lower() for name in named.split(",")}
    return {name: value for name, value in headers.items() if name.lower() not in dropped | also}


def is_stream(answer: requests.Response) -> bool:
    """Tell whether the answer is an event stream, which may last and grow."""
    return answer.headers.get("Content-Type", "").startswith("text/event-stream")


def too_long(answer: requests.Response) -> bool:
    """Tell whether the backend announces more bytes than it may send."""
    length = answer.headers.get("Content-Length", "")
    return length.isdigit() and int(length) > ANSWER_BYTES


def pieces(answer: requests.Response) -> Iterator[bytes]:
    """Yield the body, each piece as soon as it is there.

    Raises TooMuch, or urllib3's own error, where the backend stops halfway: the browser must see a cut connection.
    """
    raw: BaseHTTPResponse = answer.raw
    left, end = ANSWER_BYTES, time.monotonic() + ANSWER_SECONDS
    with answer:
        while piece := raw.read1(PIECE_BYTES, decode_content=False):
            left -= len(piece)
            if not is_stream(answer) and (left < 0 or time.monotonic() > end):
                raise TooMuch("more than an answer of ours should be")
            yield piece


def failure(error: requests.RequestException) -> Response:
    """Answer problem+json with the hop that failed: 504 for a time-out, else 502."""
    fault = fault_of(error)
    hop = current_app.config["WATCHER"].blame(fault)
    shown: dict[str, Any] = describe(hop, g.words, current_app.config["FRONTEND"])
    late = hop.kind in {Kind.TIMEOUT, Kind.NO_ANSWER, Kind.DNS_SILENT}
    status = HTTPStatus.GATEWAY_TIMEOUT if late else HTTPStatus.BAD_GATEWAY
    return problem(status, shown["why"], title=shown["title"], hop=shown)
