"""Each request's id, its line in the log and its figures."""

from __future__ import annotations

import logging
import os
import re
import time
from typing import TYPE_CHECKING

from flask import g, request

from backend.context import context

if TYPE_CHECKING:
    from flask import Flask, Response

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = frozenset({"/livez", "/readyz", "/startupz", "/healthz", "/metrics", "/api/house"})
"""Asked every few seconds by the kubelet, Prometheus or a page: told at debug only."""
PRIVATE = "/api/visitors/"

log = logging.getLogger("backend.access")


def request_id(given: str | None) -> str:
    """Return the caller's id when it is short and plain enough to be logged, else a new one."""
    return given if given and SANE_ID.fullmatch(given) else os.urandom(16).hex()


def path() -> str:
    """Return the current request's path as it may be logged: visitors' paths hold a secret, so the rule stands."""
    if request.path.startswith(PRIVATE):
        return request.url_rule.rule if request.url_rule else f"{PRIVATE}…"
    return request.path


def install(app: Flask) -> None:
    """Follow every request of `app`."""
    app.before_request(_begin)
    app.after_request(_answered)
    app.teardown_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = request_id(request.headers.get("X-Request-Id"))
    context().metrics.in_flight.inc()


def _answered(response: Response) -> Response:
    seconds = time.perf_counter() - g.began
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    route = request.url_rule.rule if request.url_rule else "unmatched"
    context().metrics.observe(request.method, route, response.status_code, seconds)
    _write(response.status_code, seconds)
    return response


def _write(status: int, seconds: float) -> None:
    level = logging.DEBUG if request.path in QUIET else logging.INFO
    if not log.isEnabledFor(level):
        return
    fields = {
        "request_id": g.request_id,
        "method": request.method,
        "path": path(),
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
    }
    log.log(level, "request", extra={"fields": fields})


def _end(_error: BaseException | None) -> None:
    context().metrics.in_flight.dec()
