"""Event streams through the real process: nothing held back, and every end seen on the other side."""

import json
import socket
import time

import pytest
import requests

from frontend.event_streams import EventStreams, is_disconnected

from .servers import STREAM_START, Browser

BEAT = b"event: beat\ndata: {}\n\n"
MOVE = b"event: move\ndata: {}\n\n"
LAST_CHUNK = b"0\r\n\r\n"


class Response:
    """A backend's response with these chunks."""

    def __init__(self, *chunks):
        self._chunks = chunks

    def chunks(self, _):
        yield from self._chunks

    def close(self):
        pass


@pytest.fixture
def backend(raw_server):
    return raw_server(STREAM_START, keep_open=True)


@pytest.fixture
def frontend(backend, run_frontend):
    return run_frontend(backend.url, MAX_STREAMS="2", DRAIN_SECONDS="3")


@pytest.fixture
def browse(frontend):
    browsers = []

    def open_stream():
        browsers.append(Browser(frontend.url))
        return browsers[-1]

    yield open_stream
    for browser in browsers:
        browser.sock.close()


@pytest.fixture
def browser(browse):
    """A browser whose stream has begun."""
    browser = browse()
    assert browser.receives(b"retry")
    return browser


@pytest.fixture
def connection(backend, browser):  # noqa: ARG001 - its stream has begun
    """The backend's side of the browser's stream."""
    return backend.connections.get(timeout=5)


def test_each_event_comes_before_the_next(browser, connection):
    for text in (b"data: 1", b"data: 2"):
        connection.send_chunk(text + b"\n\n")
        assert browser.receives(text)
    assert b"content-encoding" not in browser.received.lower()
    connection.end_body()
    assert browser.read_to_end().endswith(LAST_CHUNK)


def test_a_browser_that_disconnects_closes_its_stream_at_the_next_beat(browser, connection):
    browser.sock.close()
    connection.send_chunk(BEAT)
    assert connection.is_closed_within(10)


def test_a_backend_that_dies_breaks_the_browsers_connection(browser, connection):
    """Without the last chunk: the browser sees an error, and reconnects."""
    connection.sock.close()
    assert not browser.read_to_end().endswith(LAST_CHUNK)


def test_one_stream_too_many_is_told_to_come_back(backend, frontend, browse, browser, connection):
    second = browse()
    assert second.receives(b"retry")
    refused = requests.get(f"{frontend.url}/api/visitors/cafe/events", timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["Content-Type"] == "application/problem+json"
    for side in (connection, backend.connections.get(timeout=5)):
        side.end_body()
    assert browser.read_to_end()
    assert second.read_to_end()
    assert browse().receives(b"retry"), "their places are free again"


def test_sigterm_ends_the_streams_over_two_seconds(frontend, browser, connection):
    """Between two events; and the connection is closed, so that the browser reaches another Pod."""
    frontend.process.terminate()
    assert browser.read_to_end().endswith(MOVE + b"\r\n" + LAST_CHUNK)
    assert frontend.process.poll() is None, "the drain goes on"
    assert b"connection: close" in browser.received.lower()
    assert connection.is_closed_within(5)
    assert frontend.process.wait(15) == 0


def test_a_stream_that_comes_while_draining_ends_with_the_drain(frontend, browse, browser):
    frontend.process.terminate()
    browser.read_to_end()
    late = browse()
    assert late.receives(b"retry"), "it is served as any other"
    assert MOVE in late.read_to_end()
    assert frontend.process.wait(15) == 0


def test_open_streams_end_one_by_one(monkeypatch):
    """Their browsers come back one by one."""
    streams = EventStreams(4)
    opened = [streams.acquire() for _ in range(4)]
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    streams.end(2)
    assert pauses == [0.5] * 4
    assert all(list(stream.relay(Response(BEAT, BEAT), None)) == [BEAT, MOVE] for stream in opened)


def test_a_stream_that_comes_after_the_drain_moves_after_its_first_event():
    streams = EventStreams(2)
    streams.close()
    assert list(streams.acquire().relay(Response(BEAT, BEAT), None)) == [BEAT, MOVE]


def test_half_an_event_is_not_followed_by_another():
    """The page requests again what it has not received whole."""
    streams = EventStreams(2)
    streams.close()
    assert list(streams.acquire().relay(Response(b"data: ha"), None)) == [b"data: ha"]


def test_a_browser_that_no_longer_acknowledges_is_disconnected_after_twenty_seconds():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            assert list(EventStreams(1).acquire().relay(Response(BEAT), accepted)) == [BEAT]
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            assert not is_disconnected(accepted)


def test_no_token_is_logged(frontend, browser, connection):
    connection.end_body()
    browser.read_to_end()
    records = [json.loads(line) for line in frontend.log.read_text().splitlines()]
    paths = [record["path"] for record in records if "events" in record.get("path", "")]
    assert paths == ["/api/visitors/<visitor>/events"]
    assert "cafe" not in frontend.log.read_text()
