"""Classify how the backend is reached: pure decisions on data (`backend_check` does the I/O)."""

import http.client
import socket
from enum import StrEnum
from http import HTTPStatus
from typing import Self

import msgspec

from frontend.backend_client import ConnectError
from frontend.config import NAME, Address

ENDPOINT_DELAY_SECONDS = 12.0
"""A kubelet probes readiness every ten seconds by default; only then does a Service send to a Pod that is ready."""


class Outcome(StrEnum):
    """The outcome of one check, and the stage of the path at which it failed."""

    stage: str

    NO_NAME = "no_name", "name"
    DNS_SILENT = "dns_silent", "name"
    ITSELF = "itself", "name"
    UNREACHABLE = "unreachable", "service"
    REFUSED = "refused", "service"
    TIMEOUT = "timeout", "service"
    NO_PODS = "no_pods", "service"
    SETTLING = "settling", "service"
    WRONG_TARGET_PORT = "wrong_target_port", "service"
    NOT_HTTP = "not_http", "service"
    NOT_OURS = "not_ours", "service"
    NO_ENDPOINTS = "no_endpoints", "pod"
    SILENT_PODS = "silent_pods", "pod"
    CLOSED_OR_LOOPBACK = "closed_or_loopback", "pod"
    NO_ANSWER = "no_answer", "pod"
    NOT_READY = "not_ready", "pod"
    ERROR = "error", "pod"
    REDIS_AWAY = "redis_away", "redis"
    REDIS_FULL = "redis_full", "redis"
    OK = "ok", ""

    def __new__(cls, value: str, stage: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.stage = stage
        return member


OBSERVATIONS = {
    Outcome.NO_NAME: "getaddrinfo: EAI_NONAME",
    Outcome.DNS_SILENT: "getaddrinfo: EAI_AGAIN",
    Outcome.UNREACHABLE: "connect: EHOSTUNREACH",
    Outcome.REFUSED: "connect: ECONNREFUSED",
    Outcome.TIMEOUT: "connect: ETIMEDOUT",
    Outcome.NO_ANSWER: "read: ETIMEDOUT",
    Outcome.NOT_HTTP: "read: not HTTP",
}

CONNECT_FAILURES = frozenset({Outcome.REFUSED, Outcome.TIMEOUT, Outcome.UNREACHABLE})
HEALTHY = frozenset({Outcome.OK, Outcome.REDIS_AWAY, Outcome.REDIS_FULL})

POD_OUTCOMES = (
    (Outcome.NOT_READY, Outcome.NO_ENDPOINTS),
    (Outcome.NO_ANSWER, Outcome.NO_ANSWER),
    (Outcome.ERROR, Outcome.ERROR),
    (Outcome.NOT_HTTP, Outcome.NOT_HTTP),
    (Outcome.REFUSED, Outcome.CLOSED_OR_LOOPBACK),
)
"""What a Pod's outcome means when its Service gives no connection; the first that any Pod has counts."""


class JsonResponse(msgspec.Struct, frozen=True):
    """An HTTP status, and the JSON object in the body if it was one."""

    status: int
    body: dict[str, object] | None = None

    @property
    def checks(self) -> list[dict[str, object]]:
        """The checks in a response of `/readyz`."""
        rows = (self.body or {}).get("checks")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @property
    def redis_check(self) -> dict[str, object] | None:
        return next((check for check in self.checks if check.get("name") == "redis"), None)

    def fails(self, name: str) -> bool:
        return any(check.get("name") == name and check.get("ok") is False for check in self.checks)

    @property
    def failed_checks(self) -> tuple[str, ...]:
        """The failed checks as `name: reason`, the name once."""
        checks = [check for check in self.checks if check.get("ok") is False]
        failed = [(f"{check.get('name')}: ", str(check.get("reason"))) for check in checks]
        return tuple(name + reason.removeprefix(name) for name, reason in failed)


class PodCheck(msgspec.Struct, frozen=True):
    """The readiness of one Pod that was asked directly, without the Service."""

    address: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()


class StoreStatus(msgspec.Struct, frozen=True):
    """What the backend keeps its state in."""

    kind: str
    ok: bool
    reason: str | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to reach the backend.

    `pods` is None where they could not be resolved; `mismatch_seconds` says for how long a Pod has been healthy behind
    a Service that gives no connection.
    """

    address: Address
    resolved: tuple[str, ...] = ()
    failure: Outcome | None = None
    version: JsonResponse | None = None
    ready: JsonResponse | None = None
    pods: tuple[PodCheck, ...] | None = None
    mismatch_seconds: float = 0.0


class Connectivity(msgspec.Struct, frozen=True):
    """An attempt and its outcome."""

    outcome: Outcome
    attempt: Attempt

    @property
    def observation(self) -> str:
        """An HTTP status, or the system call that failed and its error."""
        for response in (self.attempt.version, self.attempt.ready):
            if response and response.status != HTTPStatus.OK:
                return f"HTTP {response.status}"
        return OBSERVATIONS.get(self.attempt.failure or self.outcome, "HTTP 200")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The failed readiness checks of the backend and its Pods, each once."""
        own = self.attempt.ready.failed_checks if self.attempt.ready else ()
        return tuple(dict.fromkeys((*own, *(reason for pod in self.attempt.pods or () for reason in pod.reasons))))

    @property
    def store(self) -> StoreStatus | None:
        """Redis where the backend checks it, else its memory; None while that is not known."""
        if not (self.attempt.ready and self.attempt.ready.checks):
            return None
        redis = self.attempt.ready.redis_check
        if redis is None:
            return StoreStatus("memory", ok=True)
        reason = redis.get("reason")
        return StoreStatus("redis", redis.get("ok") is True, str(reason) if reason else None)


def classify(attempt: Attempt) -> Outcome:
    """Return the outcome of an attempt; the first stage that fails counts."""
    if attempt.failure:
        return attempt.failure if attempt.pods is None else classify_pods(attempt)
    version = attempt.version or JsonResponse(0)
    if version.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return classify_ready(version)
    if version.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.ERROR
    if version.status != HTTPStatus.OK or not version.body or not {"name", "version"} <= version.body.keys():
        return Outcome.NOT_OURS
    if version.body["name"] == NAME:
        return Outcome.ITSELF
    return classify_ready(attempt.ready or JsonResponse(0))


def classify_ready(ready: JsonResponse) -> Outcome:
    """Return the outcome of `/readyz`: without Redis the backend stays ready, and says so in its checks."""
    is_ready, problem = ready.status == HTTPStatus.OK, (ready.body or {}).get("type")
    if problem == "redis-away" or (is_ready and ready.fails("redis")):
        return Outcome.REDIS_AWAY
    if problem == "redis-full" or (is_ready and ready.fails("redis-memory")):
        return Outcome.REDIS_FULL
    if is_ready:
        return Outcome.OK
    return Outcome.NOT_READY if ready.status == HTTPStatus.SERVICE_UNAVAILABLE else Outcome.ERROR


def classify_pods(attempt: Attempt) -> Outcome:
    """Return the outcome where the Service gives no connection, from what its Pods answer directly."""
    failure, outcomes = attempt.failure or Outcome.REFUSED, {pod.outcome for pod in attempt.pods or ()}
    if not outcomes:
        return Outcome.NO_PODS
    if outcomes & HEALTHY:
        if failure is not Outcome.REFUSED:
            return failure
        is_recent = attempt.mismatch_seconds < ENDPOINT_DELAY_SECONDS
        return Outcome.SETTLING if is_recent else Outcome.WRONG_TARGET_PORT
    return next((meaning for outcome, meaning in POD_OUTCOMES if outcome in outcomes), Outcome.SILENT_PODS)


def classify_error(error: OSError | http.client.HTTPException) -> Outcome:
    """Return the outcome of a failed request: `getaddrinfo` (RFC 3493), `connect(2)`, or what came after."""
    if isinstance(error, socket.gaierror):
        return Outcome.DNS_SILENT if error.errno == socket.EAI_AGAIN else Outcome.NO_NAME
    if isinstance(error, ConnectError):
        if isinstance(error.cause, ConnectionRefusedError):
            return Outcome.REFUSED
        return Outcome.TIMEOUT if isinstance(error.cause, TimeoutError) else Outcome.UNREACHABLE
    return Outcome.NO_ANSWER if isinstance(error, TimeoutError) else Outcome.NOT_HTTP
