"""The application put together."""

import logging
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, InternalServerError

from backend import cgroup, openapi, request_logging
from backend.cluster_status import ClusterStatus, OwnStatus
from backend.config import Settings
from backend.context import Context
from backend.endpoints.cats import routes as cats
from backend.endpoints.cluster_status import routes as cluster_status
from backend.endpoints.faults import routes as faults
from backend.endpoints.health import routes as health
from backend.endpoints.roulette import routes as roulette
from backend.endpoints.service import routes as service
from backend.faults import middleware as fault_middleware
from backend.faults.bounds import caps
from backend.faults.effects import Effects
from backend.faults.manager import FaultManager
from backend.faults.orders import take_order
from backend.identity import NAME, Identity
from backend.kubelet import Kubelet
from backend.metrics import Metrics
from backend.probe_log import ProbeLog
from backend.roulette.background import BackgroundTasks
from backend.roulette.streams import Streams
from backend.shared_state import SharedState, open_shared_state
from backend.state_files import StateFiles
from service_runtime import allowed_hosts, logs, request_tracking, responses
from service_runtime.health import Health, not_shutting_down, ping, started
from service_runtime.lifecycle import Lifecycle

BLUEPRINTS = (service, health, cluster_status, cats, roulette, faults)

log = logging.getLogger("backend")


class Backend(Flask):
    """Flask, whose errors are logged with their request's id."""

    def log_exception(self, exc_info: Any) -> None:
        fields = {"request_id": g.get("request_id"), "method": request.method, "path": request_logging.path()}
        log.error("request failed", exc_info=exc_info, extra={"fields": fields})


def build(settings: Settings) -> Flask:
    """Return an application that serves at once."""
    logs.configure("backend", settings.log_level, settings.pod)
    app, context = Backend("backend", static_folder=None), _context(settings)
    app.extensions |= {"context": context, "lifecycle": context.lifecycle}
    for family in BLUEPRINTS:
        app.register_blueprint(family)
    request_tracking.install(app, context.metrics, request_logging.log_request)
    allowed_hosts.install(app, settings)
    app.register_error_handler(HTTPException, responses.on_http_error)
    app.register_error_handler(InternalServerError, _on_crash)
    for bad in (responses.BadInput, msgspec.ValidationError):
        app.register_error_handler(bad, responses.on_bad_input)
    if settings.faults == "on":
        _install_faults(app, context)
    context.lifecycle.on_start += [context.background.start, context.cluster_status.start]
    context.lifecycle.serve()
    return app


def _on_crash(_error: InternalServerError) -> Response:
    """Answer an error of ours: the log has the details, the answer only the request's id."""
    detail = "Something broke here; the log of this Pod has this request_id."
    return responses.problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _install_faults(app: Flask, context: Context) -> None:
    fault_middleware.install(app, context.faults, context.health, context.probe_log)
    context.shared.commands.listen(partial(take_order, context.faults))
    context.faults.resume()


def _context(settings: Settings) -> Context:
    lifecycle, metrics, shared = Lifecycle(settings.drain_seconds), Metrics(), open_shared_state(settings)
    identity, state_files = Identity(settings), StateFiles(settings.state_dir, settings.pod)
    streams = Streams(shared.store, settings.pod, settings.capacity.streams, lambda: lifecycle.draining)
    metrics.streams.set_function(lambda: streams.count)
    metrics.visitors.set_function(lambda: len(streams.visitors))
    background = BackgroundTasks(shared.store, streams, settings.absent_seconds, settings.drain_seconds)
    health, probe_log = _health(lifecycle, shared, background), ProbeLog(state_files)
    effects = Effects(state_files, lambda: cgroup.read().memory, lifecycle)
    faults = FaultManager(state_files, effects.by_name(), lambda: caps(cgroup.read()))
    own_status = OwnStatus(identity, lifecycle, health, streams, state_files, probe_log, faults)
    return Context(
        settings=settings,
        lifecycle=lifecycle,
        health=health,
        identity=identity,
        metrics=metrics,
        shared=shared,
        streams=streams,
        background=background,
        probe_log=probe_log,
        kubelet=Kubelet(settings.host_ip),
        faults=faults,
        cluster_status=ClusterStatus(own_status, shared, settings.redis_url),
        openapi=openapi.document(NAME, settings.version, BLUEPRINTS),
    )


def _health(lifecycle: Lifecycle, shared: SharedState, background: BackgroundTasks) -> Health:
    start = started(lifecycle)
    health = Health(
        {
            "livez": {"ping": ping, "keeper": background.failed},
            "readyz": {"ping": ping, "started": start, "shutdown": not_shutting_down(lifecycle)},
            "startupz": {"started": start},
        }
    )
    if shared.kind == "redis":
        health.add("readyz", "redis", lambda: background.outage, critical=False)
        health.add("readyz", "redis-memory", lambda: background.full, critical=False)
    return health
