"""Each request's id, and its place in the metrics."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from flask import g, request

from service_runtime.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from service_runtime.metrics import HttpMetrics

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(header: str | None) -> str:
    """Return the caller's id when it is short and plain enough to be logged, else a new one."""
    return header if header and _SAFE_ID.fullmatch(header) else os.urandom(16).hex()


def install(app: Flask, metrics: HttpMetrics, log: Callable[[int, float], None] | None = None) -> None:
    """Follow every request of `app`; `log` gets each answer's status and seconds."""

    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = request.environ[REQUEST_ID] = request_id(request.headers.get("X-Request-Id"))
        metrics.in_flight.inc()

    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        route = request.url_rule.rule if request.url_rule else "unmatched"
        metrics.observe(request.method, route, response.status_code, seconds)
        if log:
            log(response.status_code, seconds)
        return response

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(lambda _error: metrics.in_flight.dec())
