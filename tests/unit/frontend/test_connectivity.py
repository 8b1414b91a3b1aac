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
ITSELF = JsonResponse(200, {"name": "k8-chatroulette-front", "version": "1"})
READY = JsonResponse(200, {"ok": True})
REDIS_FULL = {"ok": True, "checks": [{"name": "redis-memory", "ok": False, "reason": "full", "critical": False}]}
REDIS_DOWN = {"ok": True, "checks": [{"name": "redis", "ok": False, "reason": "refused", "critical": False}]}

RESPONSES = {
    "healthy": (VERSION, READY, "ok"),
    "503 from /version": (JsonResponse(503), READY, "not_ready"),
    "503 from /readyz": (VERSION, JsonResponse(503), "not_ready"),
    "500": (JsonResponse(500), None, "error"),
    "500 from /readyz": (VERSION, JsonResponse(500), "error"),
    "404": (JsonResponse(404), None, "not_ours"),
    "200, but no JSON": (JsonResponse(200), None, "not_ours"),
    "another server's JSON": (JsonResponse(200, {"name": "x"}), None, "not_ours"),
    "ready without its Redis": (VERSION, JsonResponse(200, REDIS_DOWN), "redis_away"),
    "un-ready counts before Redis": (VERSION, JsonResponse(503, REDIS_DOWN), "not_ready"),
    "a 503 that names Redis": (JsonResponse(503, {"type": "redis-away"}), None, "redis_away"),
    "ready with a full Redis": (VERSION, JsonResponse(200, REDIS_FULL), "redis_full"),
    "a 503 that names a full Redis": (JsonResponse(503, {"type": "redis-full"}), None, "redis_full"),
    "BACKEND_URL points at the frontend": (ITSELF, READY, "itself"),
}


@pytest.mark.parametrize(("version", "ready", "outcome"), RESPONSES.values(), ids=RESPONSES)
def test_classify_responses(version, ready, outcome):
    assert classify(Attempt(CATS, version=version, ready=ready)) == outcome


PODS = {
    "no headless Service": ("refused", None, 60, "refused"),
    "no Pods": ("refused", [], 60, "no_pods"),
    "a reason comes first": ("refused", ["refused", "not_ready"], 60, "no_endpoints"),
    "a refusal before silence": ("refused", ["timeout", "refused"], 60, "closed_or_loopback"),
    "one is stuck": ("refused", ["refused", "no_answer"], 60, "no_answer"),
    "one is healthy": ("refused", ["not_ready", "ok"], 60, "wrong_target_port"),
    "one is healthy since a moment": ("refused", ["not_ready", "ok"], 1, "settling"),
    "only the Service is silent": ("timeout", ["ok"], 60, "timeout"),
    "gone": ("timeout", ["unreachable"], 60, "silent_pods"),
}


@pytest.mark.parametrize(("failure", "pods", "seconds", "outcome"), PODS.values(), ids=PODS)
def test_classify_pods(failure, pods, seconds, outcome):
    checks = None if pods is None else tuple(PodCheck("10.0.0.1", Outcome(pod)) for pod in pods)
    attempt = Attempt(CATS, failure=Outcome(failure), pods=checks, mismatch_seconds=seconds)
    assert classify(attempt) == outcome


ERRORS = {
    "no name": (socket.gaierror(socket.EAI_NONAME, "x"), "no_name"),
    "DNS is silent": (socket.gaierror(socket.EAI_AGAIN, "x"), "dns_silent"),
    "refused": (ConnectError(ConnectionRefusedError(errno.ECONNREFUSED, "x")), "refused"),
    "no route": (ConnectError(OSError(errno.EHOSTUNREACH, "x")), "unreachable"),
    "our connect time-out": (ConnectError(TimeoutError("timed out")), "timeout"),
    "the kernel's": (ConnectError(TimeoutError(errno.ETIMEDOUT, "x")), "timeout"),
    "read time-out": (TimeoutError("timed out"), "no_answer"),
    "reset": (ConnectionResetError(errno.ECONNRESET, "x"), "not_http"),
    "not HTTP": (BadStatusLine("x"), "not_http"),
}


@pytest.mark.parametrize(("error", "outcome"), ERRORS.values(), ids=ERRORS)
def test_classify_error(error, outcome):
    assert classify_error(error) == outcome


def check(client, **headers):
    response = client.get("/api/backend", headers=headers)
    assert response.status_code == 200
    return response.get_json()


def test_a_name_that_does_not_exist(connect):
    shown = check(connect("http://nonexistent.invalid:3000"))
    assert shown["hop"] in {"no_name", "dns_silent"}, "a resolver without an upstream may stay silent"
    assert (shown["stage"], shown["addresses"]) == ("name", [])
    assert "kubectl" in str(shown["commands"])


REPLIES = {
    "accepts and never answers": (None, "no_answer", "pod"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", "not_http", "service"),
    "hangs up": (b"", "not_http", "service"),
    "a redirect is not followed": (b"HTTP/1.0 302 Found\r\nLocation: /version\r\n\r\n", "not_ours", "service"),
}


@pytest.mark.parametrize(("reply", "outcome", "stage"), REPLIES.values(), ids=REPLIES)
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


def test_a_healthy_backend(fake, client):
    """It is checked once a second, however many pages are open."""
    fake.reply("/readyz", {"name": "readyz", "ok": True, "checks": [{"name": "ping", "ok": True}]})
    for _ in range(5):
        shown = check(client)
    assert (shown["hop"], shown["stage"], shown["commands"]) == ("ok", "", [])
    assert shown["backend"]["colour"] == "#aa5500"
    assert shown["store"] == {"kind": "memory", "ok": True, "reason": None}
    assert fake.paths() == ["/version", "/readyz"]


def test_redis_away(fake, client):
    fake.reply("/readyz", REDIS_DOWN)
    shown = check(client, **{"Accept-Language": "fr"})
    assert (shown["hop"], shown["stage"], shown["reasons"]) == ("redis_away", "redis", ["redis: refused"])
    assert shown["store"] == {"kind": "redis", "ok": False, "reason": "refused"}
    assert shown["backend"]["version"] == "1.2.3"
    assert "Redis" in shown["title"]


ENDPOINTS = "kubectl get endpointslices -l kubernetes.io/service-name=cats"
FIRST_COMMANDS = {
    "name": ("cats", Outcome.NO_NAME, "default", "kubectl get service cats"),
    "namespace in the name": ("cats.zoo.svc", Outcome.NO_NAME, "default", "kubectl get service cats -n zoo"),
    "the frontend's own namespace": ("cats", Outcome.ERROR, "app", "kubectl logs service/cats -n app --tail=20"),
    "refused by a Service": ("cats", Outcome.REFUSED, "default", ENDPOINTS),
    "refused by an IP address": ("10.0.0.7", Outcome.REFUSED, "default", "kubectl get pods -o wide"),
    "refused by localhost": ("localhost", Outcome.REFUSED, "default", "kubectl get pods -o wide"),
}


@pytest.mark.parametrize(("host", "outcome", "namespace", "first"), FIRST_COMMANDS.values(), ids=FIRST_COMMANDS)
def test_the_first_command(host, outcome, namespace, first):
    assert commands(outcome, Address(host, 3000), namespace)[0] == first


def test_the_command_that_asks_from_inside_the_pod():
    """kubectl debug takes TYPE/NAME, as `-o name` prints it."""
    pod = "$(kubectl get pods -n app -l app.kubernetes.io/name=cats -o name | head -n 1)"
    debug = f"kubectl debug -it -n app {pod} --image=busybox -- wget -qO- http://localhost:3000/livez"
    assert debug in commands(Outcome.CLOSED_OR_LOOPBACK, CATS, "app")


@pytest.mark.parametrize("host", ["cats", "10.0.0.7"])
@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_every_failure_has_a_stage_and_a_command(host, outcome):
    assert outcome.stage
    assert commands(outcome, Address(host, 3000), "")
