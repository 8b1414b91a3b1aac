"""gunicorn's own messages, in the application's format."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from backend import logs
from backend.config import load


class JsonLogger(Logger):  # type: ignore[misc] # gunicorn ships no types
    """Writes to the handlers of `backend.logs`; the access log is the application's own."""

    def setup(self, cfg: Any) -> None:
        """Let gunicorn set itself up, then take over its handlers."""
        super().setup(cfg)
        settings = load()
        logs.configure(settings.log_level, settings.pod)
