"""Connecting to the backend: what is tried again, and what never is."""

import socket
import threading
from types import SimpleNamespace

import pytest

from frontend import backend_client
from frontend.backend_client import BackendClient, BackendRequest, ConnectError
from frontend.config import Settings
from frontend.connectivity import Outcome, classify_error
from frontend.resolver import Resolver

from .servers import RawServer, full_queue

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
GET = BackendRequest("GET", "/x")
POST = BackendRequest("POST", "/x", {}, b"text")


def client_of(port, host="127.0.0.1", connect=0.5):
    timeouts = {"backend_connect_seconds": connect, "backend_read_seconds": 1}
    return BackendClient(Settings(backend_url=f"http://{host}:{port}", **timeouts), Resolver())


def body_of(client, request):
    response = client.send(request)
    try:
        return b"".join(response.chunks(100))
    finally:
        response.close()


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_a_port_that_opens_a_little_later(closed_port, request_):
    """Nothing was sent while it was closed, so even a POST may try again."""
    servers = []
    timer = threading.Timer(0.2, lambda: servers.append(RawServer(ANSWER, port=closed_port)))
    timer.start()
    try:
        assert body_of(client_of(closed_port), request_) == b"hi"
    finally:
        timer.join()
        servers[0].close()
    assert servers[0].requests == 1


def test_a_port_that_stays_closed_or_silent(closed_port):
    with full_queue() as silent_port:
        for port, outcome in ((closed_port, Outcome.REFUSED), (silent_port, Outcome.TIMEOUT)):
            with pytest.raises(ConnectError) as error:
                client_of(port, connect=0.1).send(POST)
            assert classify_error(error.value) is outcome


def test_connecting_takes_three_times_the_setting_at_most(monkeypatch):
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds):
        clock.now += seconds

    def connect(_address, _port, seconds):
        sleep(seconds)
        raise TimeoutError

    monkeypatch.setattr(backend_client, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    monkeypatch.setattr(backend_client, "connect", connect)
    with pytest.raises(ConnectError):
        client_of(1, connect=2).send(POST)
    assert 4 < clock.now <= 6


SENT = {
    "GET is sent again": (GET, 3),
    "POST may have been processed": (POST, 1),
    "DELETE too": (BackendRequest("DELETE", "/x"), 1),
    "GET with a body": (BackendRequest("GET", "/x", {}, b"text"), 1),
}


@pytest.mark.parametrize(("request_", "sent"), SENT.values(), ids=SENT)
def test_a_connection_that_breaks_before_the_response(raw_server, request_, sent):
    server = raw_server(b"")
    with pytest.raises(ConnectionError):
        client_of(server.port).send(request_)
    assert server.requests == sent


def test_a_get_that_met_a_stopping_pod_reaches_the_next(raw_server):
    assert body_of(client_of(raw_server(b"", b"", ANSWER).port), GET) == b"hi"


def test_a_response_that_has_begun_is_never_requested_again(raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
    with pytest.raises(ConnectionResetError):
        body_of(client_of(server.port), GET)
    assert server.requests == 1


def test_all_addresses_of_a_name_are_tried(monkeypatch, raw_server):
    """127.0.0.2 refuses; a headless Service has the addresses of several Pods. The name is looked up once."""
    server, lookups = raw_server(ANSWER), []

    def getaddrinfo(host, port, **_):
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(backend_client, "RETRY_PAUSES", ())
    client = client_of(server.port, host="cats")
    assert [body_of(client, GET) for _ in range(8)] == [b"hi"] * 8
    assert lookups == ["cats"]


def test_a_connection_that_was_made_while_the_process_was_busy_counts(monkeypatch, raw_server):
    connect = socket.socket.connect

    def late(sock, address):
        connect(sock, address)
        raise TimeoutError("timed out")

    server = raw_server(ANSWER)
    monkeypatch.setattr(socket.socket, "connect", late)
    assert body_of(client_of(server.port), POST) == b"hi"
