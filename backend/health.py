"""Health endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from backend.context import context
from backend.probe_log import KUBELET
from service_runtime import health

if TYPE_CHECKING:
    from service_runtime.health import ProbeKind

routes = Blueprint("health", __name__)


def _answer(kind: ProbeKind) -> Response:
    report = context().health.report(kind)
    if request.user_agent.string.startswith(KUBELET):
        context().probe_log.add(kind, report.status, report.reason)
    return health.response(report)


@routes.get("/livez")
@routes.get("/healthz")
def livez() -> Response:
    return _answer("livez")


@routes.get("/readyz")
def readyz() -> Response:
    return _answer("readyz")


@routes.get("/startupz")
def startupz() -> Response:
    return _answer("startupz")
