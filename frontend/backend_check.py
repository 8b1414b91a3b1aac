"""Check the path to the backend: resolve its name, ask `/version` and `/readyz`, each with a deadline."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec

from frontend.backend_client import REQUEST_ERRORS, BackendRequest, ConnectError, connect, send_over
from frontend.config import Settings
from frontend.connectivity import (
    CONNECT_FAILURES,
    HEALTHY,
    Attempt,
    Connectivity,
    JsonResponse,
    Outcome,
    PodCheck,
    classify,
    classify_error,
    classify_ready,
)
from frontend.resolver import Resolver

CHECK_SECONDS = 2.5
MIN_SECONDS = 0.05
MAX_BODY_BYTES = 65_536
FRESH_SECONDS = 1.0
RECENT_SECONDS = 5.0
RESOLVE_PODS_SECONDS = 0.5
CHECK_PODS_SECONDS = 1.0
MAX_PODS = 10


class BackendCheck:
    """The connectivity of the backend, checked on demand and at most once a second."""

    def __init__(self, settings: Settings, resolver: Resolver) -> None:
        self._settings = settings
        self._resolver = resolver
        self._pool = ThreadPoolExecutor(MAX_PODS)
        self._lock = threading.Lock()
        self._last: Connectivity | None = None
        self._checked_at = 0.0
        self._has_headless_service = False
        self._mismatch_since: float | None = None

    def check(self) -> Connectivity:
        """Return the connectivity, not older than a second when the call was made."""
        with self._lock:
            if self._last is None or time.monotonic() > self._checked_at + FRESH_SECONDS:
                attempt = self._with_pods(self._attempt())
                self._last = Connectivity(classify(attempt), attempt)
                self._checked_at = time.monotonic()
            return self._last

    def explain(self, failure: Outcome) -> Connectivity:
        """Return the connectivity for a request that has just failed, from what is known already."""
        last, address = self._last, self._settings.backend_address
        if last and last.attempt.failure is failure and time.monotonic() < self._checked_at + RECENT_SECONDS:
            return last
        try:
            resolved = self._resolver.resolve(address.host, address.port)
        except socket.gaierror as error:
            resolved, failure = (), classify_error(error)
        return Connectivity(failure, Attempt(address, resolved, failure))

    def _attempt(self) -> Attempt:
        address, deadline = self._settings.backend_address, time.monotonic() + CHECK_SECONDS
        resolved: tuple[str, ...] = ()
        try:
            resolved = self._resolver.resolve(address.host, address.port, CHECK_SECONDS)
            version = self._get(resolved[0], "/version", deadline)
            ready = self._get(resolved[0], "/readyz", deadline)
        except REQUEST_ERRORS as error:
            return Attempt(address, resolved, classify_error(error))
        return Attempt(address, resolved, version=version, ready=ready)

    def _get(self, ip: str, path: str, deadline: float) -> JsonResponse:
        """GET a small JSON document from one IP address. Raises REQUEST_ERRORS."""
        address = self._settings.backend_address
        seconds = max(MIN_SECONDS, min(self._settings.backend_connect_seconds, deadline - time.monotonic()))
        try:
            sock = connect(ip, address.port, seconds)
        except OSError as error:
            raise ConnectError(error) from error
        seconds = max(MIN_SECONDS, min(self._settings.backend_read_seconds, deadline - time.monotonic()))
        response = send_over(sock, BackendRequest("GET", path), address, seconds)
        body = b""
        with closing(response):
            for chunk in response.chunks(4096):
                body += chunk
                if len(body) > MAX_BODY_BYTES or time.monotonic() > deadline:
                    raise TimeoutError("the body is too slow or too large")
        return JsonResponse(response.status, decode_object(body))

    def _with_pods(self, attempt: Attempt) -> Attempt:
        """Add what the Pods answer directly, where the Service gives no connection."""
        if attempt.failure not in CONNECT_FAILURES or attempt.address.is_ip:
            return attempt
        ips = self._resolve_pods()
        if ips is None:
            return attempt
        deadline = time.monotonic() + CHECK_PODS_SECONDS
        pods = tuple(self._pool.map(lambda ip: self._check_pod(ip, deadline), ips[:MAX_PODS]))
        return msgspec.structs.replace(attempt, pods=pods, mismatch_seconds=self._mismatch_seconds(pods))

    def _resolve_pods(self) -> tuple[str, ...] | None:
        """Return the Pods' addresses; None where there is no headless Service.

        CoreDNS answers NXDOMAIN for a headless Service without Pods, so one that once resolved still counts.
        """
        headless = self._settings.backend_address.headless
        try:
            ips = self._resolver.resolve(headless.host, headless.port, RESOLVE_PODS_SECONDS)
        except socket.gaierror as error:
            return () if self._has_headless_service and error.errno != socket.EAI_AGAIN else None
        self._has_headless_service = True
        return ips

    def _check_pod(self, ip: str, deadline: float) -> PodCheck:
        try:
            ready = self._get(ip, "/readyz", deadline)
        except REQUEST_ERRORS as error:
            return PodCheck(ip, classify_error(error))
        return PodCheck(ip, classify_ready(ready), ready.failed_checks)

    def _mismatch_seconds(self, pods: tuple[PodCheck, ...]) -> float:
        if not any(pod.outcome in HEALTHY for pod in pods):
            self._mismatch_since = None
            return 0.0
        self._mismatch_since = self._mismatch_since or time.monotonic()
        return time.monotonic() - self._mismatch_since


def decode_object(body: bytes) -> dict[str, object] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
