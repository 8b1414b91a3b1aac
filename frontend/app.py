"""The application, put together."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from frontend import health, page, proxy
from frontend.backend_check import Watcher
from frontend.compression import squeeze
from frontend.config import load
from frontend.event_streams import Streams
from frontend.health import Life, Metrics
from frontend.i18n import catalogue, choose
from frontend.problems import from_http
from frontend.static_files import Shelf
from frontend.upstream import Names, Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_BYTES = 65_536
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY = {
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
    config = load(environ)
    app = Flask("frontend", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES
    app.config["FRONTEND"] = config
    app.config["LIFE"] = Life()
    app.config["METRICS"] = Metrics(config)
    names = Names()
    app.config["UPSTREAM"] = Upstream(config, names)
    app.config["STREAMS"] = Streams(config.max_streams)
    app.config["WATCHER"] = Watcher(config, names)
    app.config["SHELF"] = Shelf.load()
    for blueprint in (health.blueprint, page.blueprint, proxy.blueprint):
        app.register_blueprint(blueprint)
    app.before_request(begin)
    app.after_request(finish)
    app.register_error_handler(HTTPException, from_http)
    return app


def begin() -> None:
    """Give the request an id (the caller's, if it is a plain one) and a language."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if SANE_ID.fullmatch(given) else uuid4().hex
    g.started = time.perf_counter()
    g.language = choose(request.cookies.get(page.COOKIE), request.accept_languages)
    g.words = catalogue(g.language)
    request.environ["frontend.request_id"] = g.request_id


def finish(response: Response) -> Response:
    """Count the request and add what every answer carries."""
    metrics: Metrics = current_app.config["METRICS"]
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    metrics.requests.labels(method, route, str(response.status_code)).inc()
    metrics.seconds.labels(route).observe(time.perf_counter() - g.started)
    response.headers["X-Request-Id"] = g.request_id
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    return squeeze(request, response)
