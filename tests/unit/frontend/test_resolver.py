"""Names are looked up once a second; a slow name server delays no request whose name is known."""

import socket
import threading

import pytest

from frontend.resolver import Resolver

from ...service_process import wait_until  # noqa: TID252 - tests are no package

CATS = ("cats", 3000)


class NameServer:
    """Answers `ip` once `gate` is open, or raises `error`."""

    def __init__(self):
        self.ip, self.error, self.lookups, self.gate = "127.0.0.1", None, 0, threading.Event()
        self.gate.set()

    def getaddrinfo(self, _host, port, **_):
        self.lookups += 1
        ip = self.ip
        self.gate.wait(10)
        if self.error:
            raise self.error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]


@pytest.fixture
def name_server(monkeypatch):
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    monkeypatch.setattr("frontend.resolver.FRESH_SECONDS", 0)
    yield server
    server.gate.set()


def test_a_silent_name_server_has_one_lookup_at_a_time(name_server):
    name_server.gate.clear()
    resolver = Resolver()
    for _ in range(3):
        with pytest.raises(socket.gaierror) as error:
            resolver.resolve(*CATS, seconds=0.05)
        assert error.value.errno == socket.EAI_AGAIN
    assert name_server.lookups == 1


def test_a_request_does_not_wait_for_a_name_that_is_known(name_server):
    """The next look-up goes on meanwhile, and its answer counts when it is there."""
    resolver = Resolver()
    assert resolver.resolve_stale(*CATS) == ("127.0.0.1",)
    name_server.gate.clear()
    name_server.ip = "127.0.0.2"
    assert [resolver.resolve_stale(*CATS) for _ in range(3)] == [("127.0.0.1",)] * 3
    name_server.gate.set()
    wait_until(lambda: resolver.resolve_stale(*CATS) == ("127.0.0.2",))


@pytest.mark.parametrize("stale_seconds", [10, 0])
def test_a_name_server_that_fails_for_a_moment(name_server, monkeypatch, stale_seconds):
    resolver = Resolver()
    resolver.resolve_stale(*CATS)
    name_server.error = socket.gaierror(socket.EAI_AGAIN, "busy")
    monkeypatch.setattr("frontend.resolver.STALE_SECONDS", stale_seconds)
    assert resolver.resolve_stale(*CATS) == ("127.0.0.1",)
    with pytest.raises(socket.gaierror):
        resolver.resolve(*CATS)


def test_a_stale_address_is_looked_up_again(name_server, monkeypatch):
    resolver = Resolver()
    resolver.resolve_stale(*CATS)
    monkeypatch.setattr("frontend.resolver.STALE_SECONDS", 0)
    name_server.ip = "127.0.0.2"
    assert resolver.resolve_stale(*CATS) == ("127.0.0.2",)
