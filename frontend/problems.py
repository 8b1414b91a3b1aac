"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, g

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException
    from werkzeug.wrappers import Response as AnyResponse


def problem(status: HTTPStatus | int, detail: str, *, title: str = "", **more: Any) -> Response:
    """Return a problem with this status; `more` are its extension members."""
    status = HTTPStatus(status)
    body = {
        "type": "about:blank",
        "title": title or status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": g.get("request_id", ""),
        **more,
    }
    return Response(msgspec.json.encode(body), status, content_type="application/problem+json")


def from_http(error: HTTPException) -> AnyResponse:
    """Turn an HTTP error of Flask's into a problem, its own headers (such as Allow) kept."""
    if error.response is not None or error.code is None:
        return error.get_response()
    response = problem(error.code, error.description or "")
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response
