"""Each way in which the backend cannot be reached: as a decision on data, and over real sockets."""

import errno
import socket
from http.client import BadStatusLine

import pytest

from frontend.backend_client import ConnectError
from frontend.config import Address
from frontend.connectivity import Attempt, JsonResponse, Outcome, PodCheck, classify, classify_error
from frontend.diagnosis import commands

CATS = Address("cats", 3000)
VERSION = JsonResponse(200, {"name": "k8-chatroulette-back", "version": "1"})
FRONT = JsonResponse(200, {"name": "k8-chatroulette-front", "version": "1"})
READY = JsonResponse(200, {"ok": True})
REDIS_DOWN = {"ok": True, "checks": [{"name": "redis", "ok": False, "reason": "refused", "critical": False}]}


@pytest.mark.parametrize(
    ("version", "ready", "outcome"),
    [
        pytest.param(VERSION, READY, Outcome.OK, id="healthy"),
        pytest.param(JsonResponse(503), READY, Outcome.NOT_READY, id="503 from /version"),
        pytest.param(VERSION, JsonResponse(503), Outcome.NOT_READY, id="503 from /readyz"),
        pytest.param(JsonResponse(500), None, Outcome.ERROR, id="500"),
        pytest.param(VERSION, JsonResponse(500), Outcome.ERROR, id="500 from /readyz"),
        pytest.param(JsonResponse(404), None, Outcome.NOT_OURS, id="404"),
        pytest.param(JsonResponse(200), None, Outcome.NOT_OURS, id="200, but no JSON"),
        pytest.param(JsonResponse(200, {"name": "x"}), None, Outcome.NOT_OURS, id="another server's JSON"),
        pytest.param(VERSION, JsonResponse(200, REDIS_DOWN), Outcome.REDIS_AWAY, id="ready without its Redis"),
        pytest.param(VERSION, JsonResponse(503, REDIS_DOWN), Outcome.NOT_READY, id="un-ready counts before Redis"),
        pytest.param(JsonResponse(503, {"type": "redis-away"}), None, Outcome.REDIS_AWAY, id="a 503 that names Redis"),
        pytest.param(FRONT, READY, Outcome.ITSELF, id="BACKEND_URL points at the frontend"),
    ],
)
def test_classify_responses(version, ready, outcome):
    assert classify(Attempt(CATS, version=version, ready=ready)) is outcome


@pytest.mark.parametrize(
    ("failure", "pods", "outcome"),
    [
        pytest.param(Outcome.REFUSED, None, Outcome.REFUSED, id="no headless Service"),
        pytest.param(Outcome.REFUSED, [], Outcome.NO_PODS, id="no Pods"),
        pytest.param(Outcome.REFUSED, [Outcome.REFUSED, Outcome.NOT_READY], Outcome.NO_ENDPOINTS, id="reason first"),
        pytest.param(
            Outcome.REFUSED,
            [Outcome.TIMEOUT, Outcome.REFUSED],
            Outcome.CLOSED_OR_LOOPBACK,
            id="refusal before silence",
        ),
        pytest.param(Outcome.REFUSED, [Outcome.REFUSED, Outcome.NO_ANSWER], Outcome.NO_ANSWER, id="one is stuck"),
        pytest.param(Outcome.REFUSED, [Outcome.NOT_READY, Outcome.OK], Outcome.WRONG_TARGET_PORT, id="one is healthy"),
        pytest.param(Outcome.TIMEOUT, [Outcome.OK], Outcome.TIMEOUT, id="only the Service is silent"),
        pytest.param(Outcome.TIMEOUT, [Outcome.UNREACHABLE], Outcome.SILENT_PODS, id="gone"),
    ],
)
def test_classify_pods(failure, pods, outcome):
    checks = None if pods is None else tuple(PodCheck("10.0.0.1", pod) for pod in pods)
    assert classify(Attempt(CATS, failure=failure, pods=checks, mismatch_seconds=60)) is outcome


def test_a_pod_that_has_just_become_ready_is_given_time():
    pods = (PodCheck("10.0.0.1", Outcome.OK),)
    assert classify(Attempt(CATS, failure=Outcome.REFUSED, pods=pods, mismatch_seconds=1)) is Outcome.SETTLING


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(socket.gaierror(socket.EAI_NONAME, "x"), Outcome.NO_NAME, id="no name"),
        pytest.param(socket.gaierror(socket.EAI_AGAIN, "x"), Outcome.DNS_SILENT, id="DNS is silent"),
        pytest.param(ConnectError(ConnectionRefusedError(errno.ECONNREFUSED, "x")), Outcome.REFUSED, id="refused"),
        pytest.param(ConnectError(OSError(errno.EHOSTUNREACH, "x")), Outcome.UNREACHABLE, id="no route"),
        pytest.param(ConnectError(TimeoutError("timed out")), Outcome.TIMEOUT, id="our connect time-out"),
        pytest.param(ConnectError(TimeoutError(errno.ETIMEDOUT, "x")), Outcome.TIMEOUT, id="the kernel's"),
        pytest.param(TimeoutError("timed out"), Outcome.NO_ANSWER, id="read time-out"),
        pytest.param(ConnectionResetError(errno.ECONNRESET, "x"), Outcome.NOT_HTTP, id="reset"),
        pytest.param(BadStatusLine("x"), Outcome.NOT_HTTP, id="not HTTP"),
    ],
)
def test_classify_error(error, outcome):
    assert classify_error(error) is outcome


def check(client, **headers):
    response = client.get("/api/backend", headers=headers)
    assert response.status_code == 200
    return response.get_json()


def test_a_name_that_does_not_exist(connect):
    shown = check(connect("http://nonexistent.invalid:3000"))
    assert shown["hop"] in {"no_name", "dns_silent"}, "a resolver without an upstream may stay silent"
    assert (shown["stage"], shown["addresses"]) == ("name", [])
    assert "kubectl" in str(shown["commands"])


def test_a_closed_port(connect, closed_port):
    url = f"http://127.0.0.1:{closed_port}"
    shown = check(connect(url))
    assert (shown["hop"], shown["stage"], shown["addresses"]) == ("refused", "service", ["127.0.0.1"])
    assert shown["tried"] == url


@pytest.mark.parametrize(
    ("reply", "outcome", "stage"),
    [
        pytest.param(None, "no_answer", "pod", id="accepts and never answers"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "not_http", "service", id="another protocol"),
        pytest.param(b"", "not_http", "service", id="hangs up"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n<h1>nginx</h1>", "not_ours", "service", id="another web server"),
    ],
)
def test_a_port_of_another_program(connect, raw_server, reply, outcome, stage):
    shown = check(connect(raw_server(reply).url))
    assert (shown["hop"], shown["stage"]) == (outcome, stage)


def test_a_backend_that_is_not_ready(fake, client):
    """The backend's own reasons are shown, and its version still is."""
    checks = [{"name": "ping", "ok": True}, {"name": "shutdown", "ok": False, "reason": "shutting down"}]
    fake.reply("/readyz", {"name": "readyz", "ok": False, "checks": checks}, 503)
    shown = check(client)
    assert (shown["hop"], shown["seen"], shown["reasons"]) == ("not_ready", "HTTP 503", ["shutdown: shutting down"])
    assert shown["backend"]["version"] == "1.2.3"


def test_a_redirect_is_not_followed(fake, client):
    """Not even to something that would look like our backend."""
    fake.reply("/elsewhere", {"name": "k8-chatroulette-back", "version": "1"})
    fake.reply("/version", b"", 302, Location="/elsewhere")
    assert check(client)["hop"] == "not_ours"


def test_a_healthy_backend(fake, client):
    """It is checked once a second, however many pages are open."""
    for _ in range(5):
        shown = check(client)
    assert (shown["hop"], shown["stage"], shown["commands"]) == ("ok", "", [])
    assert shown["backend"]["colour"] == "#aa5500"
    assert fake.paths() == ["/version", "/readyz"]


def test_redis_away(fake, client):
    fake.reply("/readyz", REDIS_DOWN)
    shown = check(client, **{"Accept-Language": "fr"})
    assert (shown["hop"], shown["stage"], shown["reasons"]) == ("redis_away", "redis", ["redis: refused"])
    assert shown["store"] == {"kind": "redis", "ok": False, "reason": "refused"}
    assert shown["backend"]["version"] == "1.2.3"
    assert "Redis" in shown["title"]


def test_a_store_in_memory(fake, client):
    fake.reply("/readyz", {"name": "readyz", "ok": True, "checks": [{"name": "ping", "ok": True}]})
    assert check(client)["store"] == {"kind": "memory", "ok": True, "reason": None}


@pytest.mark.parametrize(
    ("host", "outcome", "first"),
    [
        pytest.param("cats", Outcome.NO_NAME, "kubectl get service cats", id="name"),
        pytest.param("cats.zoo.svc", Outcome.NO_NAME, "kubectl get service cats -n zoo", id="namespace in the name"),
        pytest.param(
            "cats", Outcome.REFUSED, "kubectl get endpointslices -l kubernetes.io/service-name=cats", id="refused"
        ),
        pytest.param("10.0.0.7", Outcome.REFUSED, "kubectl get pods -o wide", id="IP address"),
        pytest.param("localhost", Outcome.REFUSED, "kubectl get pods -o wide", id="localhost"),
        pytest.param(
            "cats.zoo",
            Outcome.CLOSED_OR_LOOPBACK,
            "kubectl logs -n zoo -l app.kubernetes.io/name=cats --prefix --tail=20",
            id="label",
        ),
    ],
)
def test_the_first_command(host, outcome, first):
    assert commands(outcome, Address(host, 3000), "default")[0] == first


def test_commands_name_the_frontends_own_namespace():
    assert commands(Outcome.ERROR, CATS, "app") == ["kubectl logs service/cats -n app --tail=20"]


def test_the_command_that_asks_from_inside_the_pod():
    """kubectl debug takes TYPE/NAME, as `-o name` prints it."""
    pod = "$(kubectl get pods -n app -l app.kubernetes.io/name=cats -o name | head -n 1)"
    debug = f"kubectl debug -it -n app {pod} --image=busybox -- wget -qO- http://localhost:3000/livez"
    assert debug in commands(Outcome.CLOSED_OR_LOOPBACK, CATS, "app")


@pytest.mark.parametrize("host", ["cats", "10.0.0.7"])
@pytest.mark.parametrize("outcome", set(Outcome) - {Outcome.OK})
def test_every_failure_has_a_stage_and_a_command(host, outcome):
    assert outcome.stage
    assert commands(outcome, Address(host, 3000), "")
