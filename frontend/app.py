"""Build the application: context, routes, and what every request and response carries."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from frontend import health, page, proxy
from frontend.backend_check import BackendCheck
from frontend.backend_client import BackendClient
from frontend.compression import compress
from frontend.config import load
from frontend.context import KEY, Context, context
from frontend.event_streams import EventStreams
from frontend.i18n import negotiate_language
from frontend.lifecycle import Lifecycle
from frontend.metrics import Metrics
from frontend.problems import from_http
from frontend.resolver import Resolver
from frontend.static_files import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REQUEST_BYTES = 65_536
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build(environ: Mapping[str, str] | None) -> Flask:
    """Build the application from settings as in the environment. Raises ConfigError."""
    config, resolver = load(environ), Resolver()
    app = Flask("frontend", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.extensions[KEY] = Context(
        config,
        Lifecycle(),
        Metrics(config),
        BackendClient(config, resolver),
        BackendCheck(config, resolver),
        EventStreams(config.max_streams),
        StaticFiles.load(),
    )
    for blueprint in (health.blueprint, page.blueprint, proxy.blueprint):
        app.register_blueprint(blueprint)
    app.before_request(start_request)
    app.after_request(finish_response)
    app.register_error_handler(HTTPException, from_http)
    return app


def start_request() -> None:
    """Give the request an id (the caller's, where it is valid) and a language."""
    header = request.headers.get("X-Request-Id", "")
    g.request_id = header if REQUEST_ID.fullmatch(header) else uuid4().hex
    g.started_at = time.perf_counter()
    g.language = negotiate_language(request.cookies.get(page.COOKIE), request.accept_languages)
    request.environ["frontend.request_id"] = g.request_id


def finish_response(response: Response) -> Response:
    """Count the request, and add the headers that every response carries."""
    metrics = context().metrics
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    metrics.requests.labels(method, route, str(response.status_code)).inc()
    metrics.seconds.labels(route).observe(time.perf_counter() - g.started_at)
    response.headers["X-Request-Id"] = g.request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return compress(request, response)
