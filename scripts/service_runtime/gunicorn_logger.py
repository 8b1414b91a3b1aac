"""gunicorn's own messages and access log, in the services' format."""

import logging
import os
import socket
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from service_runtime import logs


class JsonLogger(Logger):  # type: ignore[misc] # gunicorn ships no types
    """Writes to the handlers of `service_runtime.logs`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure(cfg.proc_name, cfg.loglevel, os.environ.get("POD_NAME") or socket.gethostname())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Write one line for a finished request, its streaming included, where `accesslog` is set."""
        _ = req
        path = environ.get("PATH_INFO", "")
        level = logging.DEBUG if path in logs.QUIET else logging.INFO
        if not self.cfg.accesslog or not self.access_log.isEnabledFor(level):
            return
        fields = {
            "method": environ.get("REQUEST_METHOD", ""),
            "path": path,
            "status": int(str(resp.status).split()[0]),
            "bytes": getattr(resp, "sent", 0),
            "duration_ms": round(request_time.total_seconds() * 1000, 3),
            **logs.caller(environ),
            "request_id": environ.get(logs.REQUEST_ID, ""),
        }
        self.access_log.log(level, "request", extra={"fields": fields})
