"""Event streams through the real process: nothing held back, and every end seen on the other side."""

import socket
import time
from types import SimpleNamespace

import pytest
import requests

from frontend.event_streams import EventStreams, is_disconnected

from .servers import STREAM_START, Browser, wait_until

BEAT = b"event: beat\ndata: {}\n\n"
MOVE = b"event: move\ndata: {}\n\n"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.fixture
def backend(raw_server):
    return raw_server(STREAM_START, keep_open=True)


@pytest.fixture
def frontend(backend, run_gunicorn):
    return run_gunicorn(backend.url, MAX_STREAMS="2", DRAIN_SECONDS="3")


@pytest.fixture
def open_stream(frontend, backend):
    """Open a stream; returns its two sides, once it has begun."""
    browsers = []

    def start():
        browsers.append(Browser(frontend.port))
        assert browsers[-1].receives(b"retry")
        return browsers[-1], backend.connections.get(timeout=5)

    yield start
    for browser in browsers:
        browser.sock.close()


def test_each_event_comes_before_the_next(open_stream, frontend):
    """And the visitor's token is not logged."""
    browser, connection = open_stream()
    for text in (b"data: 1", b"data: 2"):
        connection.send_chunk(text + b"\n\n")
        assert browser.receives(text)
    assert b"content-encoding" not in browser.received.lower()
    connection.end_body()
    assert browser.read_to_end().endswith(LAST_CHUNK)
    wait_until(lambda: b"/events" in frontend.log.read_bytes())
    assert {"/api/visitors/<visitor>/events"} <= {record.get("path") for record in frontend.log_records()}
    assert "cafe" not in frontend.log.read_text()


def test_a_side_that_goes_away_is_noticed_on_the_other(open_stream):
    """A browser's at the next heartbeat. A backend's without the last chunk, so that the browser reconnects."""
    browser, connection = open_stream()
    browser.sock.close()
    connection.send_chunk(BEAT)
    assert connection.is_closed_within(10)
    browser, connection = open_stream()
    connection.sock.close()
    assert not browser.read_to_end().endswith(LAST_CHUNK)


def test_one_stream_too_many_is_told_to_come_back(open_stream, frontend):
    opened = [open_stream(), open_stream()]
    refused = requests.get(f"{frontend.url}/api/visitors/cafe/events", timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["Content-Type"] == "application/problem+json"
    for browser, connection in opened:
        connection.end_body()
        assert browser.read_to_end()
    open_stream()


def test_sigterm_ends_the_streams(open_stream, frontend):
    """Between two events; and the connection is closed, so that the browser reaches another Pod.

    A stream that comes while the drain goes on is served, and ends with the drain.
    """
    browser, connection = open_stream()
    frontend.process.terminate()
    assert browser.read_to_end().endswith(MOVE + b"\r\n" + LAST_CHUNK)
    assert b"connection: close" in browser.received.lower()
    assert connection.is_closed_within(5)
    late, _ = open_stream()
    assert frontend.process.poll() is None
    assert MOVE in late.read_to_end()
    assert frontend.process.wait(15) == 0


def relay(stream, *chunks, browser=None):
    response = SimpleNamespace(chunks=lambda _: iter(chunks), close=lambda: None)
    return list(stream.relay(response, browser))


def test_open_streams_end_one_by_one(monkeypatch):
    """Over the seconds given: their browsers come back one by one."""
    streams, pauses = EventStreams(4), []
    opened = [streams.acquire() for _ in range(4)]
    monkeypatch.setattr(time, "sleep", pauses.append)
    streams.end(2)
    assert pauses == [0.5] * 4
    assert [relay(stream, BEAT, BEAT) for stream in opened] == [[BEAT, MOVE]] * 4


@pytest.mark.parametrize(
    ("chunk", "relayed"),
    [
        pytest.param(BEAT, [BEAT, MOVE], id="after its first event"),
        pytest.param(b"data: ha", [b"data: ha"], id="half an event is not followed by another"),
    ],
)
def test_a_stream_that_comes_after_the_drain_moves(chunk, relayed):
    streams = EventStreams(2)
    streams.close()
    assert relay(streams.acquire(), chunk, BEAT) == relayed


def test_a_browser_that_no_longer_acknowledges_is_disconnected_after_twenty_seconds():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            assert relay(EventStreams(1).acquire(), BEAT, browser=accepted) == [BEAT]
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            assert not is_disconnected(accepted)
