"""What this service is: its version, its Pod, its metrics, its endpoints."""

from flask import Response

from backend.context import context
from backend.identity import WhoAmI
from backend.openapi import JSON, Endpoints
from service_runtime.responses import json_bytes, reply
from service_runtime.version import Version

routes = Endpoints("service")


@routes.serves("GET", "/version", "Which software is this?", Version)
def version() -> Response:
    return json_bytes(context().identity.version_json)


@routes.serves("GET", "/whoami", "Which Pod is this, and how does it fare?", WhoAmI)
def whoami() -> Response:
    lifecycle = context().lifecycle
    return reply(context().identity.whoami(lifecycle.started_at, lifecycle.uptime))


@routes.serves("GET", "/metrics", "Figures for Prometheus.", media="text/plain")
def metrics() -> Response:
    return context().metrics.exposition()


@routes.serves("GET", "/openapi.json", "This description.")
def openapi() -> Response:
    return Response(context().openapi, content_type=JSON)
