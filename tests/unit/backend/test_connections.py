"""What a connection may do, and for how long, against the real server."""

import http.client
import json
import re
import signal
import socket
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from ...service_process import wait_until  # noqa: TID252 - tests are no package

ENTER = b"POST /api/visitors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = ENTER + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /version HTTP/1.1\r\n"
HOST = GET + b"Host: x\r\n"
LANGUAGE = b'{"language":"en"}'


def chunks(data, size):
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@contextmanager
def connected(server):
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as sock:
        yield sock


def answer_to(server, data):
    """Return status, content type and body; None where the connection was closed without a word."""
    with connected(server) as sock, suppress(ConnectionError):
        sock.sendall(data)
        response = http.client.HTTPResponse(sock, method=data.split()[0].decode("latin-1"))
        with suppress(http.client.HTTPException):
            response.begin()
            return response.status, response.headers["Content-Type"], response.read()
    return None


@pytest.fixture(scope="module")
def server(serving, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "log") as server:
        yield server


REFUSED = {
    "a malformed chunk": (CHUNKED + b"zz\r\n", 400),
    "a chunk without its end": (CHUNKED + b"2\r\n{}xx0\r\n\r\n", 400),
    "a chunk of negative size": (CHUNKED + b"-1\r\n\r\n", 400),
    "chunks over the limit of the endpoint": (CHUNKED + chunks(b" " * 8200 + LANGUAGE, 1000), 413),
    "chunks over the limit of the server": (CHUNKED + chunks(b" " * 70_000, 9000), 413),
    "chunks whose sizes are most of it": (CHUNKED + chunks(b" " * 65_000, 1), 413),
    "a length over the limit of the endpoint": (ENTER + b"Content-Length: 9000\r\n\r\n" + b" " * 9000, 413),
    "a length over the limit of the server": (ENTER + b"Content-Length: 70000\r\n\r\n", 413),
    "an enormous length": (ENTER + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 413),
    "a negative length": (ENTER + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (ENTER + b"Content-Length: 2\r\nContent-Length: 17\r\n\r\n{}", 400),
    "both a length and chunks": (ENTER + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "an unknown coding": (ENTER + b"Transfer-Encoding: cats\r\n\r\n", 501),
    "chunks in HTTP/1.0": (CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n", 400),
    "headers of 40 kB": (HOST + b"Cookie: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    "many headers": (HOST + b"".join(b"X-%d: y\r\n" % number for number in range(150)) + b"\r\n", 431),
    "headers without an end": (HOST + b"X: " + b"y" * 70_000, 431),
    "a long address": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "no Host": (GET + b"\r\n", 400),
    "two Hosts": (HOST + b"Host: y\r\n\r\n", 400),
    "a null in a header": (HOST + b"X: a\0b\r\n\r\n", 400),
    "a null in the address": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an encoded null in the address": (b"GET /cats/%00.svg HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a broken encoding in the address": (b"GET /%zz%f HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "no UTF-8 in the address": (b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "a bare line feed": (b"GET /version HTTP/1.1\nHost: x\n\n", 400),
    "a folded header": (HOST + b"X: a\r\n b\r\n\r\n", 400),
    "an unknown expectation": (ENTER + b"Expect: cats\r\nContent-Length: 2\r\n\r\n{}", 417),
    "an unknown method": (b"PURR /version HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "a tunnel": (b"CONNECT localhost:3000 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "another protocol": (b"GET /version HTTP/9.9\r\nHost: x\r\n\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n", 400),
    "an absolute address of another host": (b"GET http://evil.example/version HTTP/1.1\r\nHost: x\r\n\r\n", 421),
}


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_what_breaks_the_rules_is_answered_with_a_problem(server, data, status):
    answered, kind, body = answer_to(server, data)
    assert (answered, kind) == (status, "application/problem+json"), body
    assert json.loads(body)["status"] == status
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert not any("error" in line for line in lines), "a traceback"


ANSWERED = {
    "HTTP/1.0 without a Host": (b"GET /version HTTP/1.0\r\n\r\n", 200),
    "an absolute address": (b"GET http://localhost/version HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    "HEAD": (b"HEAD /version HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    "OPTIONS": (b"OPTIONS /version HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    "an upgrade to HTTP/2": (HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", 200),
    "cookies of 20 kB": (HOST + b"Cookie: " + b"x" * 20_000 + b"\r\n\r\n", 200),
    "chunks": (CHUNKED + chunks(LANGUAGE, 3), 201),
    "a body with a GET": (HOST + b"Content-Length: 2\r\n\r\n{}", 200),
}


@pytest.mark.parametrize(("data", "status"), ANSWERED.values(), ids=ANSWERED)
def test_what_keeps_them_is_answered(server, data, status):
    assert answer_to(server, data)[0] == status


def test_a_browser_that_loads_a_page_reads_what_to_do(server):
    status, kind, body = answer_to(server, HOST + b"Accept: text/html\r\nCookie: " + b"x" * 40_000 + b"\r\n\r\n")
    assert (status, kind) == (431, "text/html; charset=utf-8")
    assert b"Clear this site" in body


def test_several_requests_at_once_are_answered_in_order(server):
    with connected(server) as sock:
        body = ENTER + b"Content-Length: 17\r\n\r\n" + LANGUAGE
        sock.sendall(HOST + b"\r\n" + body + HOST + b"Connection: close\r\n\r\n")
        text = b"".join(iter(lambda: sock.recv(65_536), b""))
    assert re.findall(rb"HTTP/1.1 ([0-9]+) ", text) == [b"200", b"201", b"200"]


def test_a_client_that_asks_first_is_told_to_send_its_body(server):
    with connected(server) as sock:
        sock.sendall(ENTER + b"Expect: 100-continue\r\nContent-Length: 17\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(LANGUAGE)
        assert sock.recv(100).startswith(b"HTTP/1.1 201 ")


SLOW = {
    "silent": (b"", 0, None),
    "in the request line": (b"GET /ver", 0, 408),
    "in the headers": (HOST, 0, 408),
    "in the headers, a byte at a time": (HOST, 0.5, 408),
    "in the body": (ENTER + b"Content-Length: 17\r\n\r\n{", 0, 408),
    "in the body, a byte at a time": (ENTER + b"Content-Length: 600\r\n\r\n{", 0.5, 408),
    "in a chunk": (CHUNKED + b"11\r\n{", 0, 408),
    "between two requests": (HOST + b"\r\n", 0, 200),
}


def test_no_phase_of_a_request_takes_for_ever(server):
    """All at once: each is closed within its deadline, with a 408 where a request had begun."""
    with ExitStack() as stack:
        socks = {name: stack.enter_context(connected(server)) for name in SLOW}
        began = time.monotonic()
        for name, sock in socks.items():
            sock.sendall(SLOW[name][0])
            sock.settimeout(0)
        received, ended = dict.fromkeys(socks, b""), set()
        while len(ended) < len(socks):
            assert time.monotonic() < began + 15, set(socks) - ended
            for name in socks.keys() - ended:
                trickle(socks[name], SLOW[name][1])
                try:
                    received[name] += (data := socks[name].recv(65_536))
                except BlockingIOError:
                    continue
                except ConnectionError:
                    data = b""
                if not data:
                    ended.add(name)
            time.sleep(0.1)
    for name, (_, trickles, status) in SLOW.items():
        got = int(received[name].split()[1]) if received[name] else None
        assert got == status or (trickles and got is None), (name, received[name])


def trickle(sock, often):
    if often:
        with suppress(OSError):
            sock.send(b"x")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="silent"),
        pytest.param(HOST, id="headers"),
        pytest.param(ENTER + b"Content-Length: 17\r\n\r\n{", id="one byte of the body"),
    ],
)
def test_a_probe_gets_in_whoever_holds_connections(serving, tmp_path, data):
    """More than the server takes: MAX_STREAMS, 1,600 requests, and the reserve."""
    with serving(tmp_path / "log", MAX_STREAMS="1") as server, ExitStack() as stack:
        for _ in range(1 + 1600 + 300):
            stack.enter_context(connected(server)).sendall(data)
        for _ in range(5):
            assert server.status("/livez") == 200
            assert server.get("/version").status_code == 200


@pytest.mark.parametrize("data", [b"", HOST, ENTER + b"Content-Length: 17\r\n\r\n{"], ids=["silent", "headers", "body"])
def test_a_connection_without_a_request_does_not_hold_the_drain(serving, tmp_path, data):
    with serving(tmp_path / "log", DRAIN_SECONDS="0.5") as server, ExitStack() as stack:
        stack.enter_context(connected(server)).sendall(data)
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503)
        stack.enter_context(connected(server)).sendall(data)
        began = time.monotonic()
        assert server.process.wait(timeout=20) == 0
        assert time.monotonic() - began < 5


@pytest.mark.nightly
def test_a_reader_that_takes_nothing_is_dropped(serving, tmp_path):
    with serving(tmp_path / "log") as server, connected(server) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with suppress(OSError):
            sock.settimeout(1)
            while True:
                sock.sendall((HOST + b"\r\n") * 1000)
        in_flight = "http_requests_in_flight 1.0"
        wait_until(lambda: in_flight in server.get("/metrics").text)
        wait_until(lambda: established(server.port) == 0, seconds=25)


def established(port):
    """Return how many connections the server still holds, without this one."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
