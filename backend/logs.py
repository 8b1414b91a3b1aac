"""One JSON object a line on standard output: the application's records and gunicorn's."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

# Nothing of this is in our lines, so it is not looked up for each: the calling frame, thread, process and task.
# https://docs.python.org/3/howto/logging.html#optimization
logging._srcfile = None  # noqa: SLF001 - the documented switch
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

SECRET = re.compile(r"(/api/visitors/)[0-9A-Za-z]{16,}")
"""A visitor's token in a path, wherever it comes from: gunicorn's debug lines have whole paths."""

_encode = msgspec.json.Encoder(enc_hook=repr).encode


class JsonFormatter(logging.Formatter):
    """time, level, message, pod, then the record's own `fields`, then `error` with the traceback, if any."""

    def __init__(self, pod: str) -> None:
        """Stamp every line with the Pod's name."""
        super().__init__()
        self.pod = pod

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "pod": self.pod,
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return SECRET.sub(r"\1…", _encode(line).decode())


def configure(level: str, pod: str) -> None:
    """Send the application's and gunicorn's records to standard output; again is harmless."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(pod))
    for name in ("backend", "gunicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
