"""A Service that gives no connection, told apart by asking its Pods: each case made of real sockets.

The Service `cats` is 127.0.0.1, its Pods are 127.0.0.2 and further, all on one port.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from frontend.config import Target
from frontend.connectivity import Kind, PodSeen, verdict
from frontend.upstream import connect

from .conftest import Fake, handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

STARTING = {"name": "started", "ok": False, "reason": "still starting"}
NXDOMAIN = socket.EAI_NONAME


@dataclass
class Zone:
    """The cluster's names, and what listens at the Pods' addresses."""

    port: int
    names: dict[str, list[str] | int]
    stack: ExitStack = field(default_factory=ExitStack)
    looked: list[str] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.looked.append(host)
        found = self.names.get(host, NXDOMAIN)
        if isinstance(found, int):
            raise socket.gaierror(found, "made up")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def pod(self, address: str, checks: list[dict[str, object]], status: int) -> Fake:
        """Have a Pod that answers /readyz."""
        fake = Fake(port=self.port)
        fake.reply("/version", {"name": "k8-chatroulette-back", "version": "1"})
        fake.reply("/readyz", {"name": "readyz", "ok": status == 200, "checks": checks}, status)
        self.stack.enter_context(serving(address, fake))
        return fake

    def silent(self, address: str) -> None:
        """Have a Pod from which nothing comes back: its queue of connections is full."""
        server = self.stack.enter_context(socket.socket())
        server.bind((address, self.port))
        server.listen(0)
        self.stack.enter_context(connect(address, self.port, 5))


@contextmanager
def serving(address: str, fake: Fake) -> Iterator[None]:
    server = ThreadingHTTPServer((address, fake.port), handler(fake))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def zone(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    zone = Zone(closed_port, {"cats": ["127.0.0.1"], "cats-pods": ["127.0.0.2"]})
    monkeypatch.setattr(socket, "getaddrinfo", zone.getaddrinfo)
    with zone.stack:
        yield zone


@pytest.fixture
def look(zone: Zone, connect: Callable[..., FlaskClient]) -> Callable[[], dict[str, Any]]:
    client = connect(f"http://cats:{zone.port}", POD_NAMESPACE="zoo")
    return lambda: client.get("/api/backend").get_json()


def test_no_headless_service_leaves_it_vague(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    del zone.names["cats-pods"]
    shown = look()
    assert (shown["hop"], shown["stage"], shown["pods"]) == ("refused", "service", [])


def test_pods_that_are_not_ready_say_why(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    zone.names["cats-pods"] = ["127.0.0.2", "127.0.0.3"]
    for address in ("127.0.0.2", "127.0.0.3"):
        zone.pod(address, [STARTING], 503)
    shown = look()
    assert (shown["hop"], shown["stage"], shown["seen"]) == ("no_endpoints", "pod", "connect: ECONNREFUSED")
    assert shown["reasons"] == ["started: still starting"]
    assert shown["pods"] == [
        {"address": address, "outcome": "not_ready", "reasons": ["started: still starting"]}
        for address in ("127.0.0.2", "127.0.0.3")
    ]
    assert all("-n zoo" in command for command in shown["commands"])


def test_a_pod_whose_port_is_closed(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    shown = look()
    assert (shown["hop"], shown["stage"]) == ("closed_or_loopback", "pod")
    assert [pod["outcome"] for pod in shown["pods"]] == ["refused"]
    assert zone.looked == ["cats", "cats-pods"]


def test_pods_from_which_nothing_comes_back(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    zone.silent("127.0.0.2")
    shown = look()
    assert (shown["hop"], shown["pods"][0]["outcome"]) == ("silent_pods", "timeout")


def test_a_name_that_had_pods_and_has_none(
    zone: Zone, look: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its DNS name goes with its last Pod; that of a headless Service that never was, was never there."""
    monkeypatch.setattr("frontend.backend_check.FRESH_SECONDS", 0)
    monkeypatch.setattr("frontend.upstream.FRESH_SECONDS", 0)
    assert look()["hop"] == "closed_or_loopback"
    del zone.names["cats-pods"]
    shown = look()
    assert (shown["hop"], shown["stage"], shown["pods"]) == ("no_pods", "service", [])


def test_a_pod_that_answers_behind_a_service_that_refuses(
    zone: Zone, look: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At first it may just have become ready; when that lasts, targetPort or the selector is wrong."""
    zone.pod("127.0.0.2", [], 200)
    assert look()["hop"] == "settling"
    monkeypatch.setattr("frontend.connectivity.SETTLE_SECONDS", 0)
    monkeypatch.setattr("frontend.backend_check.FRESH_SECONDS", 0)
    shown = look()
    assert (shown["hop"], shown["stage"]) == ("wrong_target_port", "service")
    assert shown["commands"][0] == "kubectl describe service cats -n zoo"


def test_at_most_ten_pods_are_asked(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    zone.names["cats-pods"] = [f"127.0.0.{number}" for number in range(2, 14)]
    assert len(look()["pods"]) == 10


def test_pods_are_asked_at_the_same_time(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    """Each answers only when all have been asked."""
    addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    zone.names["cats-pods"] = addresses
    together: Any = threading.Barrier(len(addresses))
    for address in addresses:
        zone.pod(address, [STARTING], 503).hold["/readyz"] = together
    assert [pod["outcome"] for pod in look()["pods"]] == ["not_ready"] * 3


def test_the_service_itself_is_asked_first(zone: Zone, look: Callable[[], dict[str, Any]]) -> None:
    zone.pod("127.0.0.1", [], 200)
    assert (look()["hop"], zone.looked) == ("ok", ["cats"])


def test_an_address_has_no_pods_behind_it(zone: Zone, connect: Callable[..., FlaskClient]) -> None:
    zone.names |= {"127.0.0.1": ["127.0.0.1"], "127-pods.0.0.1": ["127.0.0.2"]}
    shown = connect(f"http://127.0.0.1:{zone.port}").get("/api/backend").get_json()
    assert (shown["hop"], shown["pods"], zone.looked) == ("refused", [], ["127.0.0.1"])


def test_the_worst_look_is_bounded(zone: Zone, connect: Callable[..., FlaskClient]) -> None:
    """Everything silent, and patient settings."""
    zone.silent("127.0.0.1")
    zone.silent("127.0.0.2")
    client = connect(f"http://cats:{zone.port}", BACKEND_CONNECT_SECONDS="30", BACKEND_READ_SECONDS="30")
    began = time.monotonic()
    assert client.get("/api/backend").get_json()["hop"] == "silent_pods"
    assert time.monotonic() - began < 4.2


def test_a_failed_request_says_what_the_last_look_found(zone: Zone, connect: Callable[..., FlaskClient]) -> None:
    zone.pod("127.0.0.2", [STARTING], 503)
    client = connect(f"http://cats:{zone.port}")
    assert client.get("/api/cats").get_json()["hop"]["hop"] == "refused"
    client.get("/api/backend")
    assert client.get("/api/cats").get_json()["hop"]["hop"] == "no_endpoints"


@pytest.mark.parametrize(
    ("fault", "outcomes", "kind"),
    [
        pytest.param(Kind.REFUSED, [], Kind.NO_PODS, id="no Pods"),
        pytest.param(Kind.REFUSED, [Kind.REFUSED, Kind.NOT_READY], Kind.NO_ENDPOINTS, id="a reason is worth most"),
        pytest.param(Kind.REFUSED, [Kind.TIMEOUT, Kind.REFUSED], Kind.CLOSED_OR_LOOPBACK, id="a refusal beats silence"),
        pytest.param(Kind.REFUSED, [Kind.REFUSED, Kind.NO_ANSWER], Kind.NO_ANSWER, id="one that accepts is stuck"),
        pytest.param(Kind.REFUSED, [Kind.NOT_READY, Kind.OK], Kind.WRONG_TARGET_PORT, id="one that is fine"),
        pytest.param(Kind.TIMEOUT, [Kind.OK], Kind.TIMEOUT, id="silence of a Service alone stays silence"),
        pytest.param(Kind.TIMEOUT, [Kind.UNREACHABLE], Kind.SILENT_PODS, id="gone"),
    ],
)
def test_verdict(fault: Kind, outcomes: list[Kind], kind: Kind) -> None:
    assert verdict(fault, tuple(PodSeen("10.0.0.1", outcome) for outcome in outcomes), 60) is kind


@pytest.mark.parametrize(
    ("host", "pods"),
    [
        pytest.param("cats", "cats-pods", id="short"),
        pytest.param("cats.zoo.svc", "cats-pods.zoo.svc", id="long"),
    ],
)
def test_the_name_of_the_pods(host: str, pods: str) -> None:
    assert Target(host, 3000).pods == Target(pods, 3000)


def test_the_store_is_shown(fake: Fake, client: FlaskClient) -> None:
    gone = {"name": "redis", "ok": False, "reason": "refused", "critical": False}
    fake.reply("/readyz", {"name": "readyz", "ok": True, "checks": [{"name": "ping", "ok": True}, gone]})
    shown = client.get("/api/backend", headers={"Accept-Language": "fr"}).get_json()
    assert (shown["hop"], shown["stage"]) == ("redis_away", "redis")
    assert shown["store"] == {"kind": "redis", "ok": False, "reason": "refused"}
    assert shown["reasons"] == ["redis: refused"]
    assert shown["backend"]["version"] == "1.2.3"
    assert "Redis" in shown["title"]


def test_a_store_in_memory(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/readyz", {"name": "readyz", "ok": True, "checks": [{"name": "ping", "ok": True}]})
    assert client.get("/api/backend").get_json()["store"] == {"kind": "memory", "ok": True, "reason": None}
