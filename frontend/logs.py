"""Logs as one JSON object a line, on standard output."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from gunicorn.glogging import Logger

if TYPE_CHECKING:
    from datetime import timedelta

TOKEN = re.compile(r"/visitors/[^/?\s\"\\]+")
QUIET = ("/livez", "/readyz", "/startupz", "/healthz", "/metrics")


class JsonFormatter(logging.Formatter):
    """Format a record, with the fields given as `extra={"fields": …}`, as one line of JSON.

    A visitor's token is that visitor's only secret: no line holds one, wherever it comes from.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return TOKEN.sub("/visitors/<visitor>", msgspec.json.encode(line).decode())


class JsonLogger(Logger):  # type: ignore[misc]
    """Gunicorn's logger, in JSON; probes and scrapes are only logged at DEBUG."""

    def setup(self, cfg: Any) -> None:
        """Send both of gunicorn's logs to standard output in one format."""
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        for log in (self.error_log, self.access_log):
            log.handlers = [handler]
            log.propagate = False
        self.access_log.setLevel(self.error_log.level)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Write one line for a finished request, its streaming included."""
        path = environ.get("PATH_INFO", "")
        level = logging.DEBUG if path in QUIET else logging.INFO
        fields = {
            "method": environ.get("REQUEST_METHOD", ""),
            "path": path,
            "status": int(str(resp.status).split()[0]),
            "bytes": getattr(resp, "sent", 0),
            "duration_ms": round(request_time.total_seconds() * 1000, 3),
            "client": environ.get("REMOTE_ADDR", ""),
            "request_id": environ.get("frontend.request_id", ""),
        }
        del req
        self.access_log.log(level, "request", extra={"fields": fields})
