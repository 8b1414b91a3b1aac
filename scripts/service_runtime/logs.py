"""One JSON object a line on standard output: the service's records and gunicorn's."""

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

# Nothing of this is in our lines, so it is not looked up for each: the calling frame, thread, process and task.
# https://docs.python.org/3/howto/logging.html#optimization
logging._srcfile = None  # noqa: SLF001 - the documented switch
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

QUIET = frozenset({"/livez", "/readyz", "/startupz", "/healthz", "/metrics"})
"""Requested every few seconds by the kubelet and Prometheus: logged at debug level only."""

REQUEST_ID = "service_runtime.request_id"
"""The key of a request's id in its WSGI environment."""

MOST_OF_HOST = 260
"""Characters of a Host header that are logged: the longest DNS name with a port fits."""

TOKEN = re.compile(r"/visitors/[^/?\s\"\\]+")
"""A visitor's token in a path is a secret, wherever the path comes from: gunicorn's debug lines have whole ones."""

_encode = msgspec.json.Encoder(enc_hook=repr).encode


class JsonFormatter(logging.Formatter):
    """time, level, message, pod, then the record's own `fields`, then `error` with the traceback, if any."""

    def __init__(self, pod: str) -> None:
        super().__init__()
        self.pod = pod

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "pod": self.pod,
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return TOKEN.sub("/visitors/<visitor>", _encode(line).decode())


def caller(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return where a request came from, the address at the connection's other end, and by which name it asked."""
    client = str(environ.get("REMOTE_ADDR", "")).removeprefix("::ffff:")
    return {"client": client, "host": environ.get("HTTP_HOST", "")[:MOST_OF_HOST]}


def configure(service: str, level: str, pod: str) -> None:
    """Send the service's, gunicorn's and gevent's records to standard output; again is harmless."""
    if hub := sys.modules.get("gevent.hub"):  # not in gunicorn's main process, which does without gevent
        hub.Hub.print_exception = staticmethod(partial(_log_greenlet_error, service))
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(pod))
    for name in (service, "gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())


def _log_greenlet_error(service: str, _context: Any, *error: Any) -> None:
    """Stand in for gevent's own print of a greenlet's exception: its arguments, without the hub."""
    logging.getLogger(service).error("a greenlet failed", exc_info=error)
