"""Connecting to the backend: what is tried again, and what never is."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from frontend.config import load
from frontend.connectivity import Kind, Unconnected, fault_of
from frontend.upstream import Names, Outgoing, Upstream

from .gunicorn_process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


class Flaky:
    """A server that resets its first connections once it has read the request, and answers the others."""

    def __init__(self, resets: int, say: bytes) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.resets, self.say, self.requests = resets, say, 0
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self) -> None:
        while True:
            try:
                connection = self.server.accept()[0]
            except OSError:
                return
            with connection:
                connection.recv(4096)
                self.requests += 1
                connection.sendall(self.say if self.requests <= self.resets else ANSWER)

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()


@pytest.fixture
def flaky() -> Iterator[Callable[[int, bytes], Flaky]]:
    made: list[Flaky] = []

    def make(resets: int, say: bytes) -> Flaky:
        made.append(Flaky(resets, say))
        return made[-1]

    yield make
    for one in made:
        one.close()


def upstream(port: int, host: str = "127.0.0.1", connect: str = "0.5", read: str = "1") -> Upstream:
    settings = {"BACKEND_CONNECT_SECONDS": connect, "BACKEND_READ_SECONDS": read}
    return Upstream(load({"BACKEND_URL": f"http://{host}:{port}", **settings}), Names())


def body(send: Callable[[], object]) -> bytes:
    exchange = send()
    try:
        return b"".join(exchange.pieces(100))  # type: ignore[attr-defined]
    finally:
        exchange.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_port_that_opens_a_little_later(closed_port: int, method: str) -> None:
    """Nothing was sent while it was closed, so even a POST may try again."""
    made: list[Flaky] = []

    def opens() -> None:
        one = Flaky.__new__(Flaky)
        one.server = socket.create_server(("127.0.0.1", closed_port))
        one.resets, one.say, one.requests = 0, b"", 0
        one.thread = threading.Thread(target=one.accept)
        one.thread.start()
        made.append(one)

    timer = threading.Timer(0.2, opens)
    timer.start()
    try:
        assert body(lambda: upstream(closed_port).send(Outgoing(method, "/x", {}, b"text"))) == b"hi"
    finally:
        timer.join()
        made[0].close()
    assert made[0].requests == 1


def test_a_port_that_stays_closed_is_given_up_soon(closed_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(Unconnected) as caught:
        upstream(closed_port).send(Outgoing("GET", "/x"))
    assert fault_of(caught.value) is Kind.REFUSED
    assert 0.5 < time.monotonic() - began < 2


def test_an_address_that_swallows_everything_is_given_up_in_bounded_time(full_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(Unconnected) as caught:
        upstream(full_port, connect="0.3").send(Outgoing("POST", "/x", {}, b"text"))
    assert fault_of(caught.value) is Kind.TIMEOUT
    assert 0.6 < time.monotonic() - began < 1.2, "three times BACKEND_CONNECT_SECONDS at most"


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port that no longer takes connections, and does not say so: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        with socket.create_connection(server.getsockname()):
            yield int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("outgoing", "requests"),
    [
        pytest.param(Outgoing("GET", "/x"), 3, id="GET is sent again"),
        pytest.param(Outgoing("POST", "/x", {}, b"text"), 1, id="POST may have done its work"),
        pytest.param(Outgoing("DELETE", "/x"), 1, id="DELETE too"),
        pytest.param(Outgoing("GET", "/x", {}, b"text"), 1, id="GET with a body is no plain GET"),
    ],
)
def test_a_connection_that_breaks_before_the_answer(
    flaky: Callable[[int, bytes], Flaky], outgoing: Outgoing, requests: int
) -> None:
    server = flaky(9, b"")
    with pytest.raises(ConnectionError):
        upstream(server.server.getsockname()[1]).send(outgoing)
    assert server.requests == requests


def test_a_get_that_met_a_dying_pod_reaches_the_next(flaky: Callable[[int, bytes], Flaky]) -> None:
    server = flaky(2, b"")
    port = server.server.getsockname()[1]
    assert body(lambda: upstream(port).send(Outgoing("GET", "/x"))) == b"hi"


def test_an_answer_that_has_begun_is_never_asked_for_again(flaky: Callable[[int, bytes], Flaky]) -> None:
    server = flaky(9, b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
    port = server.server.getsockname()[1]
    with pytest.raises(ConnectionResetError):
        body(lambda: upstream(port).send(Outgoing("GET", "/x")))
    assert server.requests == 1


def test_all_addresses_of_a_name_are_tried(
    monkeypatch: pytest.MonkeyPatch, flaky: Callable[[int, bytes], Flaky]
) -> None:
    """127.0.0.2 refuses; a headless Service gives the addresses of several Pods."""
    port = flaky(0, b"").server.getsockname()[1]
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
    looked: list[str] = []
    real = socket.getaddrinfo

    def fake(host: str, *rest: object, **more: object) -> object:
        if host != "cats":
            return real(host, *rest, **more)  # type: ignore[arg-type]
        looked.append(host)
        return rows

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    cats = upstream(port, host="cats")
    monkeypatch.setattr("frontend.upstream.PAUSES", ())
    assert [body(lambda: cats.send(Outgoing("GET", "/x"))) for _ in range(8)] == [b"hi"] * 8
    assert looked == ["cats"], "one look-up a second is enough"


def test_a_name_server_that_is_silent_has_one_question_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, asked = threading.Event(), []

    def silent(*_: object, **__: object) -> object:
        asked.append(1)
        answered.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    monkeypatch.setattr("frontend.upstream.FRESH_SECONDS", 0)
    names = Names()
    for _ in range(3):
        with pytest.raises(socket.gaierror) as caught:
            names.addresses("cats", 3000, 0.05)
        assert caught.value.errno == socket.EAI_AGAIN
    assert len(asked) == 1
    answered.set()


def test_a_request_does_not_wait_for_a_name_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look-up goes on meanwhile, and its answer counts when it is there."""
    answered, given = threading.Event(), ["127.0.0.1"]

    def slow(_: str, port: int, **__: object) -> list[object]:
        if given != ["127.0.0.1"]:
            answered.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in given]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr("frontend.upstream.FRESH_SECONDS", 0)
    names = Names()
    assert names.at_once("cats", 3000) == ("127.0.0.1",)
    given[:] = ["127.0.0.2"]
    assert [names.at_once("cats", 3000) for _ in range(3)] == [("127.0.0.1",)] * 3
    answered.set()
    until(lambda: names.at_once("cats", 3000) == ("127.0.0.2",))


def test_a_name_server_that_fails_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "busy")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 1))])
    monkeypatch.setattr("frontend.upstream.FRESH_SECONDS", 0)
    names = Names()
    names.at_once("cats", 3000)
    monkeypatch.setattr(socket, "getaddrinfo", fails)
    for seconds in (10, 0):
        monkeypatch.setattr("frontend.upstream.RECENT_SECONDS", seconds)
        assert names.at_once("cats", 3000) == ("127.0.0.1",)
        with pytest.raises(socket.gaierror):
            names.addresses("cats", 3000)


def test_what_was_known_long_ago_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 1))])
    names = Names()
    names.at_once("cats", 3000)
    monkeypatch.setattr("frontend.upstream.FRESH_SECONDS", 0)
    monkeypatch.setattr("frontend.upstream.RECENT_SECONDS", 0)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.2", 1))])
    assert names.at_once("cats", 3000) == ("127.0.0.2",)


def test_a_connection_that_was_made_while_the_process_was_busy_counts(
    monkeypatch: pytest.MonkeyPatch, flaky: Callable[[int, bytes], Flaky]
) -> None:
    real = socket.socket.connect

    def late(sock: socket.socket, address: tuple[str, int]) -> None:
        real(sock, address)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", late)
    port = flaky(0, b"").server.getsockname()[1]
    assert body(lambda: upstream(port).send(Outgoing("POST", "/x", {}, b"text"))) == b"hi"
