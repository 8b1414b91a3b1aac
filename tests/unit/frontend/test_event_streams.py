"""Event streams through the real process: nothing held back, and every end seen on the other side."""

import socket
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest
import requests

from frontend.event_streams import EventStreams, is_disconnected

from ...service_process import wait_until  # noqa: TID252 - tests are no package
from .servers import LAST_CHUNK, RETRY, STREAM_START, chunk

BEAT = b"event: beat\ndata: {}\n\n"
MOVE = b"event: move\ndata: {}\n\n"


@pytest.fixture
def backend(raw_server):
    return raw_server(STREAM_START, keep_open=True)


@pytest.fixture
def frontend(backend, run_frontend):
    return run_frontend(backend.url, MAX_STREAMS="2", DRAIN_SECONDS="3")


@pytest.fixture
def open_stream(frontend, backend):
    """Open a stream; returns the browser's response, its chunks and the backend's connection, once it has begun."""
    responses = []

    def start():
        responses.append(requests.get(f"{frontend.url}/api/visitors/cafe/events", stream=True, timeout=10))
        chunks = responses[-1].iter_content(None)
        assert next(chunks) == RETRY
        return responses[-1], chunks, backend.connections.get(timeout=20)

    yield start
    for response in responses:
        response.close()


def is_closed(connection):
    connection.settimeout(10)
    with suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


def test_each_event_comes_before_the_next(open_stream, frontend):
    """And the visitor's token is not logged."""
    response, chunks, connection = open_stream()
    for event in (b"data: 1\n\n", b"data: 2\n\n"):
        connection.sendall(chunk(event))
        assert next(chunks) == event
    assert "Content-Encoding" not in response.headers
    connection.sendall(LAST_CHUNK)
    assert list(chunks) == []
    wait_until(lambda: b"/events" in frontend.log.read_bytes())
    log = frontend.log.read_text()
    assert "/api/visitors/<visitor>/events" in log
    assert "cafe" not in log


def test_a_side_that_goes_away_is_noticed_on_the_other(open_stream):
    """A browser at the next heartbeat. A backend without the last chunk, so that the browser reconnects."""
    response, _, connection = open_stream()
    response.close()
    connection.sendall(chunk(BEAT))
    assert is_closed(connection)
    _, chunks, connection = open_stream()
    connection.close()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(chunks)


def test_one_stream_too_many_is_told_to_come_back(open_stream, frontend):
    opened = [open_stream(), open_stream()]
    refused = requests.get(f"{frontend.url}/api/visitors/cafe/events", timeout=20)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["Content-Type"] == "application/problem+json"
    for _, chunks, connection in opened:
        connection.sendall(LAST_CHUNK)
        assert list(chunks) == []
    open_stream()


def test_sigterm_ends_the_streams(open_stream, frontend):
    """Between two events; and the connection is closed, so that the browser reaches another Pod.

    A stream that comes while the drain goes on is served, and ends with the drain.
    """
    response, chunks, connection = open_stream()
    frontend.process.terminate()
    assert list(chunks) == [MOVE]
    assert response.headers["Connection"] == "close"
    assert is_closed(connection)
    _, late_chunks, _ = open_stream()
    assert frontend.process.poll() is None
    assert list(late_chunks) == [MOVE]
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


def test_half_an_event_is_not_followed_by_another():
    streams = EventStreams(2)
    streams.close()
    assert relay(streams.acquire(), b"data: ha", BEAT) == [b"data: ha"]


def test_a_browser_that_has_not_disconnected_is_relayed_to():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            assert relay(EventStreams(1).acquire(), BEAT, browser=accepted) == [BEAT]
            assert not is_disconnected(accepted)
