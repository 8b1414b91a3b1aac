"""The I/O behind `hops`: resolve the backend's name, ask it two questions, each with a deadline."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import requests

from frontend.hops import Answer, Attempt, Hop, Kind, classify, fault_of

if TYPE_CHECKING:
    from frontend.config import Config, Target

RESOLVE_SECONDS = 3.0
ANSWER_SECONDS = 3.0
ANSWER_BYTES = 65_536
FRESH_SECONDS = 1.0


def new_session() -> requests.Session:
    """Return a session for one request, which ignores the environment's proxies.

    A fresh connection each time lets a Service choose again, and never meets one that a stopping Pod has closed.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers["Connection"] = "close"
    return session


def resolve(target: Target, seconds: float = RESOLVE_SECONDS) -> tuple[str, ...]:
    """Return the addresses of the target's name; raises socket.gaierror, EAI_AGAIN when no answer comes in time."""
    pool = ThreadPoolExecutor(1)
    try:
        rows = pool.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM).result(seconds)
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None
    finally:
        pool.shutdown(wait=False)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


def try_backend(config: Config) -> Attempt:
    """Resolve the name, then ask for `/version` and `/readyz`; never raises for what the network does."""
    target = config.target
    try:
        addresses = resolve(target)
    except socket.gaierror as error:
        return Attempt(target, fault=fault_of(error))
    timeout = (config.backend_connect_seconds, min(config.backend_read_seconds, ANSWER_SECONDS))
    try:
        version = ask(f"{target.url}/version", timeout)
        ready = ask(f"{target.url}/readyz", timeout)
    except requests.RequestException as error:
        return Attempt(target, addresses, fault=fault_of(error))
    return Attempt(target, addresses, version=version, ready=ready)


def ask(url: str, timeout: tuple[float, float]) -> Answer:
    """GET a small JSON answer. Raises requests.RequestException; a body that drips or swells counts as a time-out."""
    end = time.monotonic() + timeout[1]
    body = b""
    with new_session() as session, session.get(url, timeout=timeout, stream=True, allow_redirects=False) as response:
        for piece in response.iter_content(4096):
            body += piece
            if len(body) > ANSWER_BYTES or time.monotonic() > end:
                raise requests.ReadTimeout(url)
    return Answer(response.status_code, json_object(body))


def json_object(body: bytes) -> dict[str, object] | None:
    """Return the JSON object in `body`, None when it is anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Watcher:
    """The state of the hop, looked at when somebody asks, and at most once a second however many ask."""

    def __init__(self, config: Config) -> None:
        """Remember the settings; nothing is tried yet."""
        self._config = config
        self._lock = threading.Lock()
        self._last: Hop | None = None
        self._until = 0.0

    def look(self) -> Hop:
        """Return the state of the hop, not older than a second when the call was made."""
        with self._lock:
            if self._last is None or time.monotonic() > self._until:
                attempt = try_backend(self._config)
                self._last = Hop(classify(attempt), attempt)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._last

    def blame(self, fault: Kind) -> Hop:
        """Return the hop for a request that has just failed with `fault`, with what the name resolves to now."""
        target = self._config.target
        try:
            addresses = resolve(target)
        except socket.gaierror as error:
            return Hop(fault_of(error), Attempt(target, fault=fault_of(error)))
        return Hop(fault, Attempt(target, addresses, fault=fault))
