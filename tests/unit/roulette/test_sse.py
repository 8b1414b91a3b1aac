"""Server-sent events, however the bytes are cut."""

from __future__ import annotations

import pytest

from roulette.sse import Frame, Parser

STREAM = b'retry: 1000\r\n\r\n: a comment\n\nevent: message\nid: 7\ndata: {"a":"\xc3\xa9"}\n\ndata:x\nid:8\n\nid: 9\n\n'
FRAMES = [Frame("message", '{"a":"é"}'.encode(), "7"), Frame("message", b"x", "8")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_of_any_size(size):
    parser, frames = Parser(), []
    for start in range(0, len(STREAM), size):
        frames += parser.feed(STREAM[start : start + size])
    assert frames == FRAMES
    assert parser.retry == 1000


def test_an_event_that_has_not_ended_is_none():
    assert Parser().feed(STREAM[:60]) == []
