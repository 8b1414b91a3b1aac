"""Every hop failure, made for real, and the decision about it as a table."""

from __future__ import annotations

import errno
import socket
from http.client import BadStatusLine
from typing import TYPE_CHECKING

import pytest

from frontend.config import Target
from frontend.connectivity import STAGE, Answer, Attempt, Kind, Unconnected, classify, fault_of
from frontend.diagnosis import commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from .conftest import Fake, Listening

REDIS_GONE = {"name": "redis", "ok": False, "reason": "refused", "critical": False}
HERE = Target("cats", 3000)
GOOD = Answer(200, {"name": "k8-chatroulette-back", "version": "1"})
READY = Answer(200, {"ok": True})


@pytest.mark.parametrize(
    ("attempt", "kind"),
    [
        pytest.param(Attempt(HERE, fault=Kind.REFUSED), Kind.REFUSED, id="a fault of the network comes first"),
        pytest.param(Attempt(HERE, version=GOOD, ready=READY), Kind.OK, id="fine"),
        pytest.param(Attempt(HERE, version=Answer(503), ready=READY), Kind.NOT_READY, id="503 from /version"),
        pytest.param(Attempt(HERE, version=GOOD, ready=Answer(503)), Kind.NOT_READY, id="503 from /readyz"),
        pytest.param(Attempt(HERE, version=Answer(500)), Kind.ERROR, id="500"),
        pytest.param(Attempt(HERE, version=GOOD, ready=Answer(500)), Kind.ERROR, id="500 from /readyz"),
        pytest.param(Attempt(HERE, version=Answer(404)), Kind.NOT_OURS, id="404"),
        pytest.param(Attempt(HERE, version=Answer(200)), Kind.NOT_OURS, id="200, but no JSON"),
        pytest.param(Attempt(HERE, version=Answer(200, {"name": "x"})), Kind.NOT_OURS, id="JSON of another"),
        pytest.param(
            Attempt(HERE, version=GOOD, ready=Answer(200, {"ok": True, "checks": [REDIS_GONE]})),
            Kind.REDIS_AWAY,
            id="ready without its Redis",
        ),
        pytest.param(
            Attempt(HERE, version=GOOD, ready=Answer(503, {"ok": False, "checks": [REDIS_GONE]})),
            Kind.NOT_READY,
            id="un-ready matters more than Redis",
        ),
        pytest.param(
            Attempt(HERE, version=Answer(503, {"type": "redis-away"})), Kind.REDIS_AWAY, id="a 503 that names Redis"
        ),
        pytest.param(
            Attempt(HERE, version=Answer(200, {"name": "k8-chatroulette-front", "version": "1"}), ready=READY),
            Kind.ITSELF,
            id="BACKEND_URL points at the frontend",
        ),
    ],
)
def test_classify(attempt: Attempt, kind: Kind) -> None:
    assert classify(attempt) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(socket.gaierror(socket.EAI_NONAME, "x"), Kind.NO_NAME, id="no name"),
        pytest.param(socket.gaierror(socket.EAI_AGAIN, "x"), Kind.DNS_SILENT, id="DNS is silent"),
        pytest.param(Unconnected(ConnectionRefusedError(errno.ECONNREFUSED, "x")), Kind.REFUSED, id="refused"),
        pytest.param(Unconnected(OSError(errno.EHOSTUNREACH, "x")), Kind.UNREACHABLE, id="no route"),
        pytest.param(Unconnected(TimeoutError("timed out")), Kind.TIMEOUT, id="a connection that took too long"),
        pytest.param(Unconnected(TimeoutError(errno.ETIMEDOUT, "x")), Kind.TIMEOUT, id="the kernel gave up connecting"),
        pytest.param(TimeoutError("timed out"), Kind.NO_ANSWER, id="a read that took too long"),
        pytest.param(ConnectionResetError(errno.ECONNRESET, "x"), Kind.NOT_HTTP, id="hung up"),
        pytest.param(BadStatusLine("x"), Kind.NOT_HTTP, id="not HTTP"),
    ],
)
def test_fault_of(error: Exception, kind: Kind) -> None:
    assert fault_of(error) is kind


def look(client: FlaskClient) -> dict[str, object]:
    response = client.get("/api/backend")
    assert response.status_code == 200
    return dict(response.get_json())


def test_a_name_that_does_not_exist(connect: Callable[..., FlaskClient]) -> None:
    shown = look(connect("http://nonexistent.invalid:3000"))
    assert shown["hop"] in {"no_name", "dns_silent"}, "a resolver without an upstream may stay silent"
    assert (shown["stage"], shown["addresses"]) == ("name", [])
    assert "kubectl" in str(shown["commands"])


def test_a_closed_port(connect: Callable[..., FlaskClient], closed_port: int) -> None:
    shown = look(connect(f"http://127.0.0.1:{closed_port}"))
    assert (shown["hop"], shown["stage"]) == ("refused", "service")
    assert shown["addresses"] == ["127.0.0.1"]
    assert shown["tried"] == f"http://127.0.0.1:{closed_port}"


@pytest.mark.parametrize(
    ("say", "hop", "stage"),
    [
        pytest.param(None, "no_answer", "pod", id="accepts and never answers"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "not_http", "service", id="speaks another language"),
        pytest.param(b"", "not_http", "service", id="hangs up"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n<h1>nginx</h1>", "not_ours", "service", id="another web server"),
    ],
)
def test_a_port_of_something_else(
    connect: Callable[..., FlaskClient], listening: Listening, say: bytes | None, hop: str, stage: str
) -> None:
    with listening(say) as port:
        shown = look(connect(f"http://127.0.0.1:{port}"))
    assert (shown["hop"], shown["stage"]) == (hop, stage)


def test_a_backend_that_is_not_ready(fake: Fake, client: FlaskClient) -> None:
    """The backend's own reasons are shown, and its version still is."""
    checks = [{"name": "ping", "ok": True}, {"name": "shutdown", "ok": False, "reason": "shutting down"}]
    fake.reply("/readyz", {"name": "readyz", "ok": False, "checks": checks}, 503)
    shown = look(client)
    assert (shown["hop"], shown["seen"]) == ("not_ready", "HTTP 503")
    assert shown["reasons"] == ["shutdown: shutting down"]
    assert shown["backend"]["version"] == "1.2.3"


def test_a_redirect_is_not_followed(fake: Fake, client: FlaskClient) -> None:
    """Not even to something that would look like our backend."""
    fake.reply("/elsewhere", {"name": "k8-chatroulette-back", "version": "1"})
    fake.reply("/version", b"", 302, Location="/elsewhere")
    assert look(client)["hop"] == "not_ours"


def test_a_backend_that_fails(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/version", {"title": "boom"}, 500)
    shown = look(client)
    assert (shown["hop"], shown["seen"]) == ("error", "HTTP 500")


def test_a_healthy_backend(client: FlaskClient) -> None:
    shown = look(client)
    assert (shown["hop"], shown["stage"], shown["commands"]) == ("ok", "", [])
    assert shown["backend"]["colour"] == "#aa5500"


def test_looks_within_a_second_are_one(fake: Fake, client: FlaskClient) -> None:
    """Thirty students' pages do not become thirty times the load."""
    for _ in range(5):
        look(client)
    assert [path for _, path, _, _ in fake.seen] == ["/version", "/readyz"]


@pytest.mark.parametrize(
    ("host", "kind", "first"),
    [
        pytest.param("cats", Kind.NO_NAME, "kubectl get service cats", id="a name: its Service"),
        pytest.param("cats.zoo.svc", Kind.NO_NAME, "kubectl get service cats -n zoo", id="a namespace in the name"),
        pytest.param(
            "cats", Kind.REFUSED, "kubectl get endpointslices -l kubernetes.io/service-name=cats", id="refused"
        ),
        pytest.param("cats.zoo", Kind.NO_PODS, "kubectl get deployments,pods -n zoo --show-labels", id="no Pods"),
        pytest.param(
            "cats.zoo",
            Kind.CLOSED_OR_LOOPBACK,
            "kubectl logs -n zoo -l app.kubernetes.io/name=cats --prefix --tail=20",
            id="closed",
        ),
        pytest.param("cats.zoo", Kind.SILENT_PODS, "kubectl get networkpolicies -n zoo", id="silent"),
        pytest.param("cats.zoo", Kind.WRONG_TARGET_PORT, "kubectl describe service cats -n zoo", id="targetPort"),
        pytest.param(
            "cats.zoo",
            Kind.REDIS_AWAY,
            "kubectl get endpointslices -l kubernetes.io/service-name=redis -n zoo",
            id="Redis",
        ),
        pytest.param("10.0.0.7", Kind.REFUSED, "kubectl get pods -o wide", id="an address: whose is it"),
        pytest.param("localhost", Kind.REFUSED, "kubectl get pods -o wide", id="localhost"),
    ],
)
def test_the_next_command(host: str, kind: Kind, first: str) -> None:
    assert commands(kind, Target(host, 3000), "default")[0] == first


def test_commands_name_the_pods_own_namespace() -> None:
    assert commands(Kind.ERROR, Target("cats", 3000), "app") == ["kubectl logs service/cats -n app --tail=20"]


def test_the_command_that_asks_from_inside_the_pod() -> None:
    """kubectl debug takes TYPE/NAME, as `-o name` prints it."""
    line = next(line for line in commands(Kind.CLOSED_OR_LOOPBACK, Target("cats", 3000), "app") if "debug" in line)
    pod = "$(kubectl get pods -n app -l app.kubernetes.io/name=cats -o name | head -n 1)"
    assert line == f"kubectl debug -it -n app {pod} --image=busybox -- wget -qO- http://localhost:3000/livez"


def test_every_failure_has_a_stage_and_a_command() -> None:
    failures = set(Kind) - {Kind.OK}
    assert all(STAGE[kind] for kind in failures)
    assert all(commands(kind, Target(host, 3000), "") for kind in failures for host in ("cats", "10.0.0.7"))
