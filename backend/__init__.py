"""The cats' backend: `create_app` is what gunicorn calls, `backend.gunicorn_conf` how it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from backend.config import Settings


def create_app(config: Settings | None = None) -> Flask:
    """Return the application, configured from the environment unless settings are given.

    Raises `service_runtime.environment.ConfigError` when a variable's value is wrong.
    """
    # Not at import: gunicorn's main process reads its settings through this package and must stay small,
    # and the worker has to patch the standard library before Flask is loaded.
    from backend.app import build  # noqa: PLC0415
    from backend.config import load  # noqa: PLC0415

    return build(config or load())
