"""Each request's line in the log."""

import logging

from flask import g, request

from service_runtime import logs

QUIET = logs.QUIET | {"/api/house"}
"""A page requests /api/house every few seconds."""
PRIVATE = "/api/visitors/"

log = logging.getLogger("backend.access")


def path() -> str:
    """Return the current request's path as it may be logged: visitors' paths hold a secret, so the rule stands."""
    if request.path.startswith(PRIVATE):
        return request.url_rule.rule if request.url_rule else f"{PRIVATE}…"
    return request.path


def log_request(status: int, seconds: float) -> None:
    level = logging.DEBUG if request.path in QUIET else logging.INFO
    if not log.isEnabledFor(level):
        return
    fields = {
        "request_id": g.request_id,
        "method": request.method,
        "path": path(),
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
        **logs.caller(request.environ),
    }
    log.log(level, "request", extra={"fields": fields})
