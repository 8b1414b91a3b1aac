"""What an address answers over HTTP, and how to ask it from this computer."""

import json
import re
import time
from dataclasses import dataclass

_TIMEOUT = 3
_OK = range(200, 300)


@dataclass(frozen=True)
class Answer:
    """What came back: an HTTP ``status`` with its ``body``, or 0 and what ``failed``."""

    status: int
    body: str = ""
    failed: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status in _OK

    @property
    def summary(self) -> str:
        """Which service answered where the body tells, else the page's title, the status or the failure."""
        if self.failed:
            return self.failed
        title = re.search(r"<title>([^<]*)</title>", self.body)
        if title:
            return f"{self.status} page {title[1].strip()!r}"
        return " ".join([str(self.status), *filter(None, (self._field("name"), self.version))])

    @property
    def version(self) -> str:
        return self._field("version")

    @property
    def pod(self) -> str:
        """The Pod that the answer names, as the backend's ``/whoami`` and the page's data do; else empty."""
        match = re.search(r'"pod": ?"([^"]+)"', self.body)
        return match[1] if match else ""

    def is_from(self, service: str) -> bool:
        """Tell whether it was this service: the backend gives its name, the page its Pod's."""
        mark = '"served_by"' if service.endswith("-front") else f'"{service}"'
        return self.ok and mark in self.body

    def _field(self, key: str) -> str:
        try:
            content = json.loads(self.body)
        except ValueError:
            return ""
        return str(content.get(key) or "") if isinstance(content, dict) else ""


def get(url: str) -> Answer:
    """Ask from this computer; ``localhost`` is 127.0.0.1, where the lab publishes its ports, and never ``::1``.

    A proxy in the environment is not used, as these addresses are this computer's own.
    """
    import urllib3  # noqa: PLC0415 - not on the way to `lab --help`
    from urllib3.exceptions import HTTPError, NameResolutionError  # noqa: PLC0415 - as above

    began = time.monotonic()
    try:
        response = urllib3.PoolManager(retries=False).request(
            "GET", url.replace("//localhost:", "//127.0.0.1:"), timeout=_TIMEOUT
        )
    except NameResolutionError:
        return Answer(0, failed="no such name", seconds=time.monotonic() - began)
    except HTTPError as error:
        return Answer(0, failed=_failure(str(error)), seconds=time.monotonic() - began)
    return Answer(response.status, response.data.decode(errors="replace"), seconds=time.monotonic() - began)


def _failure(message: str) -> str:
    for pattern, meaning in (
        (r"refused", "refused"),
        (r"timed out", "timed out"),
        (r"Connection aborted|RemoteDisconnected|reset by peer", "the connection was closed without an answer"),
    ):
        if re.search(pattern, message):
            return meaning
    return message.strip()
