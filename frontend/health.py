"""The frontend's own health, identity and metrics."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from frontend.config import NAME
from frontend.context import context

blueprint = Blueprint("health", __name__)

NO_STORE = {"Cache-Control": "no-store"}


class Check(msgspec.Struct, frozen=True):
    """One check of a health endpoint, and why it fails."""

    name: str
    ok: bool
    reason: str | None = None


@blueprint.get("/livez")
@blueprint.get("/healthz")
def livez() -> Response:
    """Answer 200 while the process can answer at all."""
    return report("livez", [Check("ping", ok=True)])


@blueprint.get("/startupz")
def startupz() -> Response:
    """Answer 200 once the application is built, which it is when this can be asked."""
    return report("startupz", [Check("started", ok=True)])


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 until SIGTERM. It does not depend on the backend.

    Without a backend this page is at its most useful: it shows which hop fails. Were it un-ready then, its Service
    would send nobody to it, and one failing backend would take the whole site down with it. (Kubernetes documentation,
    "Liveness, Readiness, and Startup Probes": an un-ready Pod receives no traffic through Services.)
    """
    draining = context().lifecycle.draining
    return report("readyz", [Check("shutdown", ok=not draining, reason="shutting down" if draining else None)])


@blueprint.get("/version")
def version() -> Response:
    """Say what runs here, in the backend's shape."""
    config = context().config
    body = {
        "name": NAME,
        "version": config.version,
        "commit": config.commit,
        "build_time": config.build_time,
        "colour": config.effective_colour,
    }
    return Response(msgspec.json.encode(body), headers=NO_STORE, content_type="application/json")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give the counters in Prometheus' text format."""
    registry = context().metrics.registry
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def report(name: str, checks: list[Check]) -> Response:
    """Answer as Kubernetes' own health endpoints do: `?verbose` is text, else JSON; 503 when one check fails."""
    good = all(check.ok for check in checks)
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    if "verbose" in request.args:
        lines = [f"[{'+' if c.ok else '-'}]{c.name} {'ok' if c.ok else f'failed: {c.reason}'}" for c in checks]
        text = "\n".join([*lines, f"{name} check {'passed' if good else 'failed'}", ""])
        return Response(text, status, NO_STORE, content_type="text/plain; charset=utf-8")
    body = {"name": name, "ok": good, "checks": checks}
    return Response(msgspec.json.encode(body), status, NO_STORE, content_type="application/json")
