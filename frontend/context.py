"""The parts of the running application, typed; a route reaches them through `context()`."""

from dataclasses import dataclass

from flask import current_app

from frontend.backend_check import BackendCheck
from frontend.backend_client import BackendClient
from frontend.config import Settings
from frontend.event_streams import EventStreams
from frontend.metrics import Metrics
from frontend.static_files import StaticFiles
from service_runtime.health import Health


@dataclass(frozen=True)
class Context:
    settings: Settings
    health: Health
    metrics: Metrics
    backend_client: BackendClient
    backend_check: BackendCheck
    event_streams: EventStreams
    static_files: StaticFiles


def context() -> Context:
    """Return the context of the application that answers the current request."""
    current: Context = current_app.extensions["context"]
    return current
