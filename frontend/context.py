"""The parts of the running application, typed; a route reaches them through `context()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from frontend.backend_check import BackendCheck
    from frontend.backend_client import BackendClient
    from frontend.config import Config
    from frontend.event_streams import EventStreams
    from frontend.lifecycle import Lifecycle
    from frontend.metrics import Metrics
    from frontend.static_files import StaticFiles

KEY = "frontend"


@dataclass(frozen=True)
class Context:
    config: Config
    lifecycle: Lifecycle
    metrics: Metrics
    backend_client: BackendClient
    backend_check: BackendCheck
    event_streams: EventStreams
    static_files: StaticFiles


def context(app: Flask | None = None) -> Context:
    """Return the context of an application; without one, of the current request's."""
    value: Context = (app or current_app).extensions[KEY]
    return value
