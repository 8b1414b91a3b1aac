"""JSON responses, and errors as RFC 9457 problems."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, g, request
from werkzeug.exceptions import UnsupportedMediaType

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, for a program (`status`, `title`) and for a reader (`detail`)."""

    status: int
    title: str
    detail: str
    request_id: str | None = None
    type: str = "about:blank"


class BadInput(ValueError):
    """A value in the request that cannot be used; answered as 400 with this text."""


def require_json() -> None:
    """Refuse a body that a page of another site could send without asking first: https://fetch.spec.whatwg.org/."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("What is sent here is JSON: the header Content-Type: application/json says so.")


def json_bytes(body: bytes, status: int = 200) -> Response:
    """Return encoded JSON that no cache keeps."""
    return Response(body, status, content_type="application/json", headers={"Cache-Control": "no-store"})


def reply(body: Any, status: int = 200) -> Response:
    """Return `body` (structs, dicts, lists) as JSON that no cache keeps."""
    return json_bytes(encode(body), status)


def problem(
    status: int,
    detail: str,
    kind: str = "about:blank",
    retry_after: int | None = None,
    *,
    title: str = "",
    **extensions: Any,
) -> Response:
    """Return an error as `application/problem+json`; `kind` is its type, for programs, `retry_after` in seconds."""
    body = Problem(status, title or HTTPStatus(status).phrase, detail, g.get("request_id"), kind)
    response = reply(msgspec.to_builtins(body) | extensions if extensions else body, status)
    response.content_type = "application/problem+json"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def on_http_error(error: HTTPException) -> Response:
    """Answer what Flask refuses (404, 405 …) as a problem, keeping headers such as `Allow`."""
    original = error.get_response()
    if original.status_code < HTTPStatus.BAD_REQUEST or error.response is not None:
        return Response(original.get_data(), original.status_code, original.headers)
    response = problem(original.status_code, error.description or "")
    for name, value in original.headers.items():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def on_bad_input(error: Exception) -> Response:
    """Answer a value that does not validate as 400, saying which and why."""
    return problem(HTTPStatus.BAD_REQUEST, str(error))
