"""Health checks, as the kubelet probes them."""

from flask import Response, request

from backend.context import context
from backend.openapi import Endpoints
from service_runtime import health
from service_runtime.health import Report
from service_runtime.probes import PATHS

routes = Endpoints("health")


@routes.serves("GET", "/startupz", "Is it started?", Report, unwell=True)
@routes.serves("GET", "/readyz", "Is it ready?", Report, unwell=True)
@routes.serves("GET", "/livez", "Is it alive?", Report, unwell=True)
@routes.serves("GET", "/healthz", "Is it alive?", Report, unwell=True)
def probe() -> Response:
    kind = PATHS[request.path]
    report = context().health.report(kind)
    if context().kubelet.sent(request.environ):
        context().probe_log.add(kind, report.status, report.reason)
    return health.response(report)
