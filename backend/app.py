"""The application put together."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, g, request
from werkzeug.exceptions import HTTPException, InternalServerError

from backend import cgroup, cluster_status, health, identity, logs, metrics, openapi, request_logging, responses
from backend.cats import api as cats_api
from backend.cluster_status import ClusterStatus
from backend.context import KEY, Context
from backend.faults import api as faults_api
from backend.faults import middleware as fault_middleware
from backend.faults.bounds import caps
from backend.faults.effects import Effects
from backend.faults.manager import FaultManager
from backend.health import Health
from backend.identity import Identity
from backend.lifecycle import Lifecycle, Phase
from backend.metrics import Metrics
from backend.probe_log import ProbeLog
from backend.roulette import api as roulette_api
from backend.roulette.keeper import Keeper
from backend.roulette.memory import MemoryStore
from backend.roulette.store import Limits, Store
from backend.roulette.streams import Streams
from backend.state_files import StateFiles

if TYPE_CHECKING:
    from backend.config import Settings

log = logging.getLogger("backend")


class Backend(Flask):
    """Flask, whose errors are logged with their request's id."""

    def log_exception(self, exc_info: Any) -> None:
        """Write one line with the traceback."""
        fields = {"request_id": g.get("request_id"), "method": request.method, "path": request_logging.path()}
        log.error("request failed", exc_info=exc_info, extra={"fields": fields})


def build(settings: Settings) -> Flask:
    """Return an application that serves at once."""
    logs.configure(settings.log_level, settings.pod)
    app = Backend("backend", static_folder=None)
    app.extensions[KEY] = _state(settings)
    for family in (health, identity, metrics, openapi, cats_api, roulette_api, cluster_status, faults_api):
        app.register_blueprint(family.routes)
    request_logging.install(app)
    app.register_error_handler(HTTPException, responses.on_http_error)
    app.register_error_handler(InternalServerError, responses.on_crash)
    for bad in (responses.BadInput, msgspec.ValidationError):
        app.register_error_handler(bad, responses.on_bad_input)
    _watch(app.extensions[KEY])
    if settings.faults == "on":
        _meet_faults(app, app.extensions[KEY])
    app.extensions[KEY].lifecycle.serve()
    return app


def _watch(state: Context) -> None:
    state.health.add("livez", "keeper", state.keeper.failed)
    if state.store.kind == "redis":
        state.health.add("readyz", "redis", lambda: state.keeper.away, critical=False)


def _meet_faults(app: Flask, state: Context) -> None:
    fault_middleware.install(app, state)
    state.streams.on_order = partial(faults_api.take_order, state.faults)
    state.faults.resume()


def _state(settings: Settings) -> Context:
    lifecycle, metrics, store = Lifecycle(), Metrics(), _store(settings)
    streams = Streams(store, settings.pod, settings.max_streams, lambda: lifecycle.phase is Phase.DRAINING)
    metrics.streams.set_function(lambda: streams.count)
    metrics.visitors.set_function(lambda: len(streams.visitors))
    identity, state_files = Identity(settings), StateFiles(settings.state_dir, settings.pod)
    usage = partial(cgroup.read, identity.cgroup_root, identity.proc)
    effects = Effects(state_files, lambda: usage().memory)
    faults = FaultManager(state_files, effects.by_name(), lambda: caps(usage()))
    return Context(
        settings,
        lifecycle,
        Health(lifecycle),
        identity,
        metrics,
        store,
        streams,
        Keeper(store, streams, settings.absent_seconds, settings.drain_seconds),
        ProbeLog(state_files),
        effects,
        faults,
        ClusterStatus(),
    )


def _store(settings: Settings) -> Store:
    limits = Limits(
        alone_seconds=settings.alone_seconds,
        absent_seconds=settings.absent_seconds,
        visitors=settings.max_visitors,
        chats=settings.max_chats,
    )
    if settings.redis_url is None:
        return MemoryStore(limits)
    # Not above: without Redis its client's memory is better spent on streams.
    from backend.roulette.redis_store import RedisStore  # noqa: PLC0415

    return RedisStore(settings.redis_url, settings.pod, limits)
