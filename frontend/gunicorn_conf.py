"""gunicorn's settings: `python3 -m gunicorn -c python:frontend.gunicorn_conf 'frontend:create_app()'`."""

from typing import Any

from frontend.config import load
from service_runtime import gunicorn_settings

_settings = gunicorn_settings.load_or_exit("frontend", load)

globals().update(gunicorn_settings.common("frontend", _settings))
timeout = 60
accesslog = "-"


def on_starting(server: Any) -> None:
    gunicorn_settings.supervise(server, "frontend.app", _settings)
