"""The page of cats, and the only service a browser talks to: it streams the backend through.

`BACKEND_URL` is its only wiring. With no backend it still shows its fallback cats, and says what fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask


def create_app(config: Mapping[str, str] | None = None) -> Flask:
    """Build the application from `config`, or from the environment when it is None.

    Raises `service_runtime.environment.ConfigError`, one line that names the wrong setting.
    """
    from frontend.app import build  # noqa: PLC0415 - after gunicorn's gevent worker has patched the sockets

    return build(config)
