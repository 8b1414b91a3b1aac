"""Which hop between this frontend and its backend fails: decisions on data, no I/O (that is `probe`)."""

from __future__ import annotations

import http.client
import socket
from enum import StrEnum

import msgspec

from frontend.config import NAME, Target

HTTP_UNAVAILABLE = 503
HTTP_SERVER_ERROR = 500


class Unconnected(OSError):
    """No connection came about, so nothing was sent; `cause` is what the operating system said."""

    def __init__(self, cause: OSError) -> None:
        """Keep the cause."""
        super().__init__(*cause.args)
        self.cause = cause


class Kind(StrEnum):
    """The outcome of one attempt, in the order of the hops."""

    NO_NAME = "no_name"
    DNS_SILENT = "dns_silent"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NO_ANSWER = "no_answer"
    NOT_HTTP = "not_http"
    NOT_OURS = "not_ours"
    ITSELF = "itself"
    NOT_READY = "not_ready"
    ERROR = "error"
    OK = "ok"


STAGE = {
    Kind.NO_NAME: "name",
    Kind.DNS_SILENT: "name",
    Kind.UNREACHABLE: "port",
    Kind.REFUSED: "port",
    Kind.TIMEOUT: "port",
    Kind.NO_ANSWER: "answer",
    Kind.NOT_HTTP: "answer",
    Kind.NOT_OURS: "answer",
    Kind.ITSELF: "answer",
    Kind.NOT_READY: "answer",
    Kind.ERROR: "answer",
    Kind.OK: "",
}


SEEN = {
    Kind.NO_NAME: "getaddrinfo: EAI_NONAME",
    Kind.DNS_SILENT: "getaddrinfo: EAI_AGAIN",
    Kind.UNREACHABLE: "connect: EHOSTUNREACH",
    Kind.REFUSED: "connect: ECONNREFUSED",
    Kind.TIMEOUT: "connect: ETIMEDOUT",
    Kind.NO_ANSWER: "read: ETIMEDOUT",
    Kind.NOT_HTTP: "read: not HTTP",
}


class Answer(msgspec.Struct, frozen=True):
    """What came back over HTTP: the status, and the JSON object in the body if it was one."""

    status: int
    body: dict[str, object] | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One try at the backend: what was tried, what the name resolved to, what came back."""

    target: Target
    addresses: tuple[str, ...] = ()
    fault: Kind | None = None
    version: Answer | None = None
    ready: Answer | None = None


class Hop(msgspec.Struct, frozen=True):
    """An attempt and its classification."""

    kind: Kind
    attempt: Attempt

    @property
    def seen(self) -> str:
        """What was observed, in the field's own terms: an HTTP status, or the system call that failed and how."""
        for answer in (self.attempt.version, self.attempt.ready):
            if answer and answer.status != http.client.OK:
                return f"HTTP {answer.status}"
        return SEEN.get(self.kind, "HTTP 200")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The failed readiness checks that the backend names, as `name: reason`."""
        body = self.attempt.ready.body if self.attempt.ready else None
        checks = (body or {}).get("checks")
        rows = checks if isinstance(checks, list) else []
        failed = [row for row in rows if isinstance(row, dict) and row.get("ok") is False]
        return tuple(f"{row.get('name')}: {row.get('reason')}" for row in failed)


def classify(attempt: Attempt) -> Kind:
    """Name the outcome of an attempt; the first hop that fails wins."""
    if attempt.fault:
        return attempt.fault
    version = attempt.version or Answer(0)
    if version.status == HTTP_UNAVAILABLE:
        return Kind.NOT_READY
    if version.status >= HTTP_SERVER_ERROR:
        return Kind.ERROR
    if not is_version(version):
        return Kind.NOT_OURS
    if version.body and version.body["name"] == NAME:
        return Kind.ITSELF
    return classify_ready(attempt.ready or Answer(0))


def classify_ready(ready: Answer) -> Kind:
    """Name the outcome of the backend's own `/readyz`."""
    if ready.status == http.client.OK:
        return Kind.OK
    return Kind.NOT_READY if ready.status == HTTP_UNAVAILABLE else Kind.ERROR


def is_version(answer: Answer) -> bool:
    """Tell whether this is a `/version` of one of our two services."""
    return answer.status == http.client.OK and answer.body is not None and {"name", "version"} <= answer.body.keys()


def fault_of(error: Exception) -> Kind:
    """Name the hop at which a request failed: `getaddrinfo` (RFC 3493), `connect(2)`, or what came after."""
    if isinstance(error, socket.gaierror):
        return Kind.DNS_SILENT if error.errno == socket.EAI_AGAIN else Kind.NO_NAME
    if isinstance(error, Unconnected):
        return fault_of_connecting(error.cause)
    if isinstance(error, TimeoutError):
        return Kind.NO_ANSWER
    return Kind.NOT_HTTP


def fault_of_connecting(cause: OSError) -> Kind:
    """Name the hop when no connection came about."""
    if isinstance(cause, ConnectionRefusedError):
        return Kind.REFUSED
    return Kind.TIMEOUT if isinstance(cause, TimeoutError) else Kind.UNREACHABLE
