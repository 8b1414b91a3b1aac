"""Which hop between this frontend and its backend fails: decisions on data, no I/O (that is `probe`)."""

from __future__ import annotations

import http.client
import socket
from enum import StrEnum

import msgspec

from frontend.config import NAME, Target

HTTP_UNAVAILABLE = 503
HTTP_SERVER_ERROR = 500
SETTLE_SECONDS = 12.0


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
    ITSELF = "itself"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NO_PODS = "no_pods"
    SETTLING = "settling"
    WRONG_TARGET_PORT = "wrong_target_port"
    NOT_HTTP = "not_http"
    NOT_OURS = "not_ours"
    NO_ENDPOINTS = "no_endpoints"
    SILENT_PODS = "silent_pods"
    CLOSED_OR_LOOPBACK = "closed_or_loopback"
    NO_ANSWER = "no_answer"
    NOT_READY = "not_ready"
    ERROR = "error"
    REDIS_AWAY = "redis_away"
    OK = "ok"


STAGE = {
    Kind.NO_NAME: "name",
    Kind.DNS_SILENT: "name",
    Kind.ITSELF: "name",
    Kind.UNREACHABLE: "service",
    Kind.REFUSED: "service",
    Kind.TIMEOUT: "service",
    Kind.NO_PODS: "service",
    Kind.SETTLING: "service",
    Kind.WRONG_TARGET_PORT: "service",
    Kind.NOT_HTTP: "service",
    Kind.NOT_OURS: "service",
    Kind.NO_ENDPOINTS: "pod",
    Kind.SILENT_PODS: "pod",
    Kind.CLOSED_OR_LOOPBACK: "pod",
    Kind.NO_ANSWER: "pod",
    Kind.NOT_READY: "pod",
    Kind.ERROR: "pod",
    Kind.REDIS_AWAY: "redis",
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

UNCONNECTED = frozenset({Kind.REFUSED, Kind.TIMEOUT, Kind.UNREACHABLE})
"""The faults after which the Pods themselves are worth asking."""

PODS_SAY = (
    (Kind.NOT_READY, Kind.NO_ENDPOINTS),
    (Kind.NO_ANSWER, Kind.NO_ANSWER),
    (Kind.ERROR, Kind.ERROR),
    (Kind.NOT_HTTP, Kind.NOT_HTTP),
    (Kind.REFUSED, Kind.CLOSED_OR_LOOPBACK),
)
"""What the Pods' answers mean when their Service gives no connection: the first that one of them gave."""


class Answer(msgspec.Struct, frozen=True):
    """What came back over HTTP: the status, and the JSON object in the body if it was one."""

    status: int
    body: dict[str, object] | None = None


class PodSeen(msgspec.Struct, frozen=True):
    """What one Pod said when it was asked directly, past the Service."""

    address: str
    outcome: Kind
    reasons: tuple[str, ...] = ()


class Attempt(msgspec.Struct, frozen=True):
    """One try at the backend: what was tried, what the name resolved to, what came back.

    `pods` is None where the Pods could not be found; `puzzling` says for how many seconds a Pod that answers has been
    behind a Service that refuses.
    """

    target: Target
    addresses: tuple[str, ...] = ()
    fault: Kind | None = None
    version: Answer | None = None
    ready: Answer | None = None
    pods: tuple[PodSeen, ...] | None = None
    puzzling: float = 0.0


class Store(msgspec.Struct, frozen=True):
    """What the backend keeps its state in, as its readiness tells."""

    kind: str
    ok: bool
    reason: str | None = None


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
        return SEEN.get(self.attempt.fault or self.kind, "HTTP 200")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The failed readiness checks that the backend names, as `name: reason`, each once."""
        told = [reason for pod in self.attempt.pods or () for reason in pod.reasons]
        return tuple(dict.fromkeys((*failed(self.attempt.ready), *told)))

    @property
    def store(self) -> Store | None:
        """The backend's store: a Redis that it checks, else its memory; None while that is not known."""
        if not (self.attempt.ready and checks(self.attempt.ready)):
            return None
        redis = next((row for row in checks(self.attempt.ready) if row.get("name") == "redis"), None)
        if redis is None:
            return Store("memory", ok=True)
        return Store("redis", redis.get("ok") is True, reason_of(redis))


def checks(answer: Answer) -> list[dict[str, object]]:
    """Return the checks in an answer of `/readyz`."""
    rows = (answer.body or {}).get("checks")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def failed(ready: Answer | None) -> tuple[str, ...]:
    """Return the checks that failed, as `name: reason`."""
    rows = checks(ready) if ready else []
    return tuple(f"{row.get('name')}: {row.get('reason')}" for row in rows if row.get("ok") is False)


def reason_of(check: dict[str, object]) -> str | None:
    """Return why a check fails."""
    reason = check.get("reason")
    return str(reason) if reason else None


def classify(attempt: Attempt) -> Kind:
    """Name the outcome of an attempt; the first hop that fails wins."""
    if attempt.fault:
        return attempt.fault if attempt.pods is None else verdict(attempt.fault, attempt.pods, attempt.puzzling)
    version = attempt.version or Answer(0)
    if version.status == HTTP_UNAVAILABLE:
        return classify_ready(version)
    if version.status >= HTTP_SERVER_ERROR:
        return Kind.ERROR
    if not is_version(version):
        return Kind.NOT_OURS
    if version.body and version.body["name"] == NAME:
        return Kind.ITSELF
    return classify_ready(attempt.ready or Answer(0))


def classify_ready(ready: Answer) -> Kind:
    """Name the outcome of the backend's own `/readyz`: Redis away does not make it un-ready, but is seen there."""
    body = ready.body or {}
    away = any(row.get("name") == "redis" and row.get("ok") is False for row in checks(ready))
    if body.get("type") == "redis-away" or (ready.status == http.client.OK and away):
        return Kind.REDIS_AWAY
    if ready.status == http.client.OK:
        return Kind.OK
    return Kind.NOT_READY if ready.status == HTTP_UNAVAILABLE else Kind.ERROR


def verdict(fault: Kind, pods: tuple[PodSeen, ...], puzzling: float) -> Kind:
    """Name the hop where the Service gives no connection, by what its Pods say when asked directly.

    A Pod that answers behind a Service that refuses may have become ready a moment ago: its kubelet asks every ten
    seconds unless told otherwise, and only then does the Service send it anybody.
    """
    outcomes = {pod.outcome for pod in pods}
    if not outcomes:
        return Kind.NO_PODS
    if outcomes & {Kind.OK, Kind.REDIS_AWAY}:
        unsettled = Kind.SETTLING if puzzling < SETTLE_SECONDS else Kind.WRONG_TARGET_PORT
        return unsettled if fault is Kind.REFUSED else fault
    return next((named for outcome, named in PODS_SAY if outcome in outcomes), Kind.SILENT_PODS)


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
