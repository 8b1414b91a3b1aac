"""Routes of the frontend's own health, version and metrics."""

from flask import Blueprint, Response, request

from frontend.config import NAME
from frontend.context import context
from service_runtime import health
from service_runtime.probes import PATHS
from service_runtime.responses import reply
from service_runtime.version import version

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
@blueprint.get("/healthz")
@blueprint.get("/readyz")
@blueprint.get("/startupz")
def probe() -> Response:
    return health.response(context().health.report(PATHS[request.path]))


@blueprint.get("/version")
def show_version() -> Response:
    return reply(version(NAME, context().settings))


@blueprint.get("/metrics")
def metrics() -> Response:
    return context().metrics.exposition()
