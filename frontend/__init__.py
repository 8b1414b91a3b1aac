"""The page of cats, and the only service a browser talks to: it streams the backend through.

`BACKEND_URL` is its only wiring. With no backend it still shows its fallback cats, and says what fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from frontend.config import Settings


def create_app(config: Settings | None = None) -> Flask:
    """Build the application, configured from the environment unless settings are given.

    Raises `service_runtime.environment.ConfigError`, one line that names the wrong setting.
    """
    # After gunicorn's gevent worker has patched the sockets.
    from frontend.app import build  # noqa: PLC0415
    from frontend.config import load  # noqa: PLC0415

    return build(config or load())
