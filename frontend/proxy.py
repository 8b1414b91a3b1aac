"""Routes that are proxied to the backend: `/api/…` and `/cats/…`, `/faults` when it is switched on, nothing else."""

import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, request

from frontend.backend_client import REQUEST_ERRORS, BackendRequest, BackendResponse
from frontend.connectivity import Outcome, classify_error
from frontend.context import context
from frontend.diagnosis import describe
from frontend.event_streams import CHUNK_BYTES, EventStream, truncated
from frontend.i18n import translations
from service_runtime.responses import problem

HOP_BY_HOP = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"}
HOP_BY_HOP |= {"te", "trailer", "transfer-encoding", "upgrade"}
REQUEST_DROPPED = HOP_BY_HOP | {"host", "content-length", "cookie", "expect", "forwarded"}
REQUEST_DROPPED |= {"x-request-id", "x-forwarded-for"}
# Of the browser's way to here, which this service has judged (service_runtime/allowed_hosts.py).
REQUEST_DROPPED |= {"origin", "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user"}
RESPONSE_DROPPED = HOP_BY_HOP | {"server", "date", "set-cookie", "x-request-id", "content-security-policy"}
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_BODY_SECONDS = 30.0

blueprint = Blueprint("proxy", __name__)


class BodyTooLargeError(OSError):
    """The backend's body is larger, or takes longer, than any of ours should."""


@blueprint.route("/faults", methods=["GET", "DELETE"], defaults={"rest": "-"})
@blueprint.route("/faults/<path:rest>", methods=["GET", "POST", "DELETE"])
def faults(rest: str) -> Response:
    """Proxy a fault to the backend; where FAULTS is off there is no such path."""
    if context().settings.faults == "off":
        abort(HTTPStatus.NOT_FOUND)
    return forward(rest)


@blueprint.route("/api/<path:rest>", methods=["GET", "POST", "DELETE"])
@blueprint.route("/cats/<path:rest>", methods=["GET"])
def forward(rest: str) -> Response:
    """Proxy the request, and stream the response as it comes; problem+json names what fails."""
    if any(segment in {"", ".", ".."} or "\\" in segment for segment in rest.split("/")):
        abort(HTTPStatus.NOT_FOUND)
    stream = acquire_stream() if request.path.endswith("/events") else None
    try:
        return to_browser(context().backend_client.send(to_backend()), stream)
    except REQUEST_ERRORS as error:
        return connectivity_problem(classify_error(error))


def acquire_stream() -> EventStream:
    stream = context().event_streams.acquire()
    if stream is None:
        detail = "This Pod has as many event streams as it can hold."
        abort(problem(HTTPStatus.TOO_MANY_REQUESTS, detail, retry_after=2))
    return stream


def to_backend() -> BackendRequest:
    """Return the current request as it goes to the backend."""
    headers = dict(end_to_end(request.headers.items(), REQUEST_DROPPED))
    headers.setdefault("Accept-Encoding", "identity")
    headers |= {"X-Request-Id": g.request_id, "X-Forwarded-For": request.remote_addr or "unknown"}
    path = quote(request.path, safe="/~@:+,=")
    if query := quote(request.query_string, safe="/?:@!$&'()*+,;=~%"):
        path += f"?{query}"
    return BackendRequest(request.method, path, headers, request.get_data())


def end_to_end(headers: Iterable[tuple[str, str]], dropped: set[str]) -> list[tuple[str, str]]:
    """Return the headers that travel on: not hop-by-hop ones, nor those that `Connection` names (RFC 9110 7.6.1)."""
    pairs = list(headers)
    connection = ",".join(value for name, value in pairs if name.lower() == "connection")
    named = {name.strip().lower() for name in connection.split(",")}
    return [(name, value) for name, value in pairs if name.lower() not in dropped | named]


def to_browser(response: BackendResponse, stream: EventStream | None) -> Response:
    """Return the backend's response: a short body whole, an event stream or a long body in chunks.

    Our backend's errors are problem+json. Another server's 404 says nothing about our visitors: 502 for that.
    """
    is_error = response.status >= HTTPStatus.BAD_REQUEST
    if is_error and not response.content_type.startswith("application/problem+json"):
        response.close()
        return connectivity_problem(Outcome.NOT_OURS)
    headers, length = end_to_end(response.headers, RESPONSE_DROPPED), response.remaining_bytes
    if length is not None and length <= CHUNK_BYTES:
        return Response([read_whole(response)], response.status, headers)
    if length is not None and length > MAX_BODY_BYTES:
        response.close()
        return problem(HTTPStatus.BAD_GATEWAY, "The backend’s answer is too large.")
    if stream and response.content_type.startswith("text/event-stream"):
        chunks = stream.relay(response, request.environ.get("gunicorn.socket"))
    else:
        chunks = read_chunks(response)
    return Response(chunks, response.status, headers, direct_passthrough=True)


def read_whole(response: BackendResponse) -> bytes:
    """Return a short body. Raises REQUEST_ERRORS where it is truncated."""
    try:
        return b"".join(response.chunks(CHUNK_BYTES))
    finally:
        response.close()


def read_chunks(response: BackendResponse) -> Iterator[bytes]:
    """Yield a long body in chunks.

    Raises OSError where it is truncated, too large or too slow: the browser must see a broken connection.
    """
    remaining, deadline = MAX_BODY_BYTES, time.monotonic() + MAX_BODY_SECONDS
    try:
        for chunk in response.chunks(CHUNK_BYTES):
            remaining -= len(chunk)
            if remaining < 0 or time.monotonic() > deadline:
                raise BodyTooLargeError("more than a response of ours should be")
            yield chunk
    except REQUEST_ERRORS as error:
        raise truncated(error) from error
    finally:
        response.close()


def connectivity_problem(failure: Outcome) -> Response:
    """Return problem+json for a request that failed so: 504 for a time-out, else 502."""
    connectivity = context().backend_check.explain(failure)
    description = describe(connectivity, translations(g.language), context().settings)
    timed_out = connectivity.outcome in {Outcome.TIMEOUT, Outcome.NO_ANSWER, Outcome.DNS_SILENT}
    status = HTTPStatus.GATEWAY_TIMEOUT if timed_out else HTTPStatus.BAD_GATEWAY
    return problem(status, description["why"], title=description["title"], hop=description)
