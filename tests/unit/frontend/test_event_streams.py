"""Event streams through the real process: nothing held back, and every end seen on the other side."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest
import requests

from frontend.event_streams import Streams, gone

from .streaming_backend import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .gunicorn_process import Serve, Served
    from .streaming_backend import Tap

BEAT = b"event: beat\ndata: {}\n\n"
MOVE = b"event: move\ndata: {}\n\n"
LAST_CHUNK = b"0\r\n\r\n"


class Pieces:
    """An exchange with these pieces to give."""

    def __init__(self, given: list[bytes]) -> None:
        self.given = given

    def pieces(self, _: int) -> Iterator[bytes]:
        yield from self.given

    def close(self) -> None:
        pass


@pytest.fixture
def served(tap: Tap, serve: Serve) -> Served:
    return serve(tap.url, MAX_STREAMS="2", DRAIN_SECONDS="3")


@pytest.fixture
def browse(served: Served) -> Iterator[Callable[[], Browser]]:
    opened: list[Browser] = []

    def open_one() -> Browser:
        opened.append(Browser(served.url))
        return opened[-1]

    yield open_one
    for browser in opened:
        browser.close()


def test_each_event_is_there_before_the_next(tap: Tap, browse: Callable[[], Browser]) -> None:
    browser = browse()
    line = tap.lines.get(timeout=5)
    for text in (b"retry: 1000", b"data: 1", b"data: 2"):
        line.say(text + b"\n\n")
        assert browser.reads(text)
    assert b"content-encoding" not in browser.got.lower()
    line.end()
    assert browser.rest().endswith(LAST_CHUNK)


def test_a_browser_that_goes_away_closes_its_stream_at_the_next_beat(tap: Tap, browse: Callable[[], Browser]) -> None:
    browser = browse()
    line = tap.lines.get(timeout=5)
    assert browser.reads(b"retry")
    browser.close()
    line.say(BEAT)
    assert line.closed_within(2)


def test_a_backend_that_dies_cuts_the_browsers_connection(tap: Tap, browse: Callable[[], Browser]) -> None:
    """Without the last chunk: the browser sees an error, and reconnects."""
    browser = browse()
    line = tap.lines.get(timeout=5)
    assert browser.reads(b"retry")
    line.connection.close()
    assert not browser.rest().endswith(LAST_CHUNK)


def test_one_stream_too_many_is_told_to_come_back(tap: Tap, served: Served, browse: Callable[[], Browser]) -> None:
    first, second = browse(), browse()
    assert first.reads(b"retry")
    assert second.reads(b"retry")
    refused = requests.get(f"{served.url}/api/visitors/cafe/events", timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["Content-Type"] == "application/problem+json"
    for _ in range(2):
        tap.lines.get(timeout=5).end()
    assert first.rest()
    assert second.rest()
    assert browse().reads(b"retry"), "their places are free again"


def test_sigterm_ends_the_streams_soon(tap: Tap, served: Served, browse: Callable[[], Browser]) -> None:
    """Not in the middle of anything; and the connection is closed, for another Pod is to be reached by a new one."""
    browser = browse()
    assert browser.reads(b"retry")
    line = tap.lines.get(timeout=5)
    served.process.terminate()
    told = time.monotonic()
    assert browser.rest().endswith(MOVE + b"\r\n" + LAST_CHUNK)
    assert time.monotonic() - told < 2.5
    assert b"connection: close" in browser.got.lower()
    assert line.closed_within(1)
    assert served.process.wait(10) == 0


def test_a_stream_that_comes_while_draining_ends_with_the_drain(
    tap: Tap, served: Served, browse: Callable[[], Browser]
) -> None:
    first = browse()
    assert first.reads(b"retry")
    served.process.terminate()
    told = time.monotonic()
    first.rest()
    late = browse()
    assert late.reads(b"retry"), "it is served as any other"
    assert tap.lines.qsize() == 2
    assert MOVE in late.rest()
    assert served.process.wait(10) == 0
    assert 2.5 < time.monotonic() - told < 8


def test_a_stream_that_comes_at_the_very_end_is_told_to_move_at_once() -> None:
    streams = Streams(2)
    streams.close()
    stream = streams.take()
    assert stream
    assert list(stream.relay(Pieces([BEAT, BEAT]), None)) == [BEAT, MOVE]  # type: ignore[arg-type]


def test_a_browser_that_dies_in_silence_is_noticed_within_twenty_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            stream = Streams(1).take()
            assert stream
            assert list(stream.relay(Pieces([BEAT]), accepted)) == [BEAT]  # type: ignore[arg-type]
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            assert not gone(accepted)


def test_half_an_event_is_not_followed_by_another() -> None:
    """What the page has not read whole, it asks for again."""
    streams = Streams(2)
    streams.close()
    stream = streams.take()
    assert stream
    assert list(stream.relay(Pieces([b"data: ha"]), None)) == [b"data: ha"]  # type: ignore[arg-type]


def test_no_token_is_logged(tap: Tap, served: Served, browse: Callable[[], Browser]) -> None:
    browser = browse()
    assert browser.reads(b"retry")
    tap.lines.get(timeout=5).end()
    browser.rest()
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert [line["path"] for line in lines if "events" in line.get("path", "")] == ["/api/visitors/<visitor>/events"]
    assert "cafe" not in served.log.read_text()
