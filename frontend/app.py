"""The application put together: context, routes, and what every request and response carries."""

from functools import partial

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from frontend import health, page, proxy
from frontend.backend_check import BackendCheck
from frontend.backend_client import BackendClient
from frontend.compression import compress
from frontend.config import Settings
from frontend.context import Context
from frontend.event_streams import EventStreams
from frontend.i18n import negotiate_language
from frontend.metrics import Metrics
from frontend.resolver import Resolver
from frontend.static_files import StaticFiles
from service_runtime import allowed_hosts, request_tracking, responses
from service_runtime.health import Health, not_shutting_down, ping, started
from service_runtime.lifecycle import Lifecycle

STREAMS_END_SECONDS = 2.0
"""Over how long the event streams are ended on SIGTERM, so that their browsers reconnect one by one."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With no-referrer a form would send `Origin: null`, which tells no site from another.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build(settings: Settings) -> Flask:
    """Return an application that serves at once."""
    lifecycle = Lifecycle(settings.drain_seconds)
    app, context = Flask("frontend", static_folder=None), build_context(settings, lifecycle)
    app.extensions |= {"context": context, "lifecycle": lifecycle}
    for blueprint in (health.blueprint, page.blueprint, proxy.blueprint):
        app.register_blueprint(blueprint)
    request_tracking.install(app, context.metrics)
    allowed_hosts.install(app, settings)
    app.before_request(choose_language)
    app.after_request(finish_response)
    app.register_error_handler(HTTPException, responses.on_http_error)
    lifecycle.serve()
    return app


def build_context(settings: Settings, lifecycle: Lifecycle) -> Context:
    resolver, event_streams = Resolver(), EventStreams(settings.capacity.streams)
    address = settings.backend_address
    lifecycle.on_start.append(partial(resolver.prefetch, address.host, address.port))
    lifecycle.on_drain.append(partial(event_streams.end, min(STREAMS_END_SECONDS, settings.drain_seconds / 2)))
    lifecycle.on_stop.append(event_streams.close)
    return Context(
        settings,
        build_health(lifecycle),
        Metrics(settings),
        BackendClient(settings, resolver),
        BackendCheck(settings, resolver),
        event_streams,
        StaticFiles.load(),
    )


def build_health(lifecycle: Lifecycle) -> Health:
    """Readiness does not depend on the backend.

    Without a backend this page is at its most useful: it shows what fails. Were it un-ready then, its Service would
    send nobody to it, and one failing backend would take the whole site down with it.
    """
    return Health(
        {
            "livez": {"ping": ping},
            "readyz": {"shutdown": not_shutting_down(lifecycle)},
            "startupz": {"started": started(lifecycle)},
        }
    )


def choose_language() -> None:
    g.language = negotiate_language(request.cookies.get(page.COOKIE), request.accept_languages)


def finish_response(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return compress(request, response)
