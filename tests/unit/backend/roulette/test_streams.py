"""Event streams: what they resume after, replace, and end with."""

import json
from contextlib import suppress

import msgspec
import pytest

from backend.replicas.errors import Unavailable
from backend.roulette import sse
from service_runtime.lifecycle import Phase

TURN = 20


@pytest.fixture
def settings(settings):
    return msgspec.structs.replace(settings, alone_seconds=0, max_streams=4)


def turn(streams, slots=TURN):
    for _ in range(slots):
        streams.turn()


def make_unavailable(app_store, monkeypatch, *methods):
    def fail(*_):
        raise Unavailable("it is being moved")

    for method in methods:
        monkeypatch.setattr(app_store, method, fail)


@pytest.mark.parametrize(
    ("after", "last", "numbers"),
    [
        pytest.param(None, None, [1, 2, 3, 4, 5], id="from-the-beginning"),
        pytest.param(None, 3, [4, 5], id="header"),
        pytest.param(4, None, [5], id="query"),
        pytest.param(4, 3, [5], id="the-larger-counts"),
        pytest.param(3, 4, [5], id="the-larger-counts-in-the-header-too"),
        pytest.param(None, 1000, [1, 2, 3, 4, 5], id="a-number-of-another-life"),
        pytest.param(2**53, None, [1, 2, 3, 4, 5], id="the-largest-number"),
    ],
)
def test_a_stream_resumes_after_the_last_number(enter, after, last, numbers):
    first, second = enter(), enter()
    first.seek()
    second.seek()
    for number in range(3):
        second.say("?", f"m{number}")
    stream = first.stream(after, last)
    assert stream.names() == ["hello"]
    assert [number for number, _, _ in stream.read()] == numbers


class Stopped(BaseException):
    """Such as gevent's time-outs: no Exception."""


@pytest.mark.parametrize("error", [RuntimeError, Stopped])
@pytest.mark.parametrize("where", ["hello", "after"])
def test_a_stream_that_fails_before_it_is_served_leaves_nothing(streams, visit, monkeypatch, error, where):
    def fail(*_):
        raise error

    app = visit.client.application
    app.testing = False
    if where == "hello":
        monkeypatch.setattr(sse, "event", fail)
    else:
        app.after_request_funcs[None].insert(0, fail)
    with suppress(Stopped):
        visit.client.get(f"{visit.path}/events")
    assert (streams.count, streams.visitors) == (0, [])


@pytest.mark.parametrize(
    ("query", "header"), [("?after=-1", None), ("?after=x", None), ("?since=1", None), ("", "x"), ("", "-1")]
)
def test_an_impossible_number_is_refused(streams, visit, query, header):
    headers = {"Last-Event-ID": header} if header else {}
    assert visit.client.get(f"{visit.path}/events{query}", headers=headers).status_code == 400
    assert streams.count == 0


def test_head_opens_no_stream(streams, visit):
    response = visit.client.head(f"{visit.path}/events")
    assert (response.status_code, response.content_type) == (200, "text/event-stream")
    assert streams.count == 0


def test_no_entry_is_missed_between_connecting_and_reading(enter, visit, app_store, monkeypatch):
    visit.seek()
    other = enter()
    other.seek()
    connect, read = app_store.connect, app_store.read

    def connect_late(visitor, connection):
        notify = connect(visitor, connection)
        other.say("while connecting", "c")
        return notify

    def read_early(visitor, after):
        entries = read(visitor, after)
        if not any(getattr(entry.event, "id", "") == "r" for entry in entries):
            other.say("while reading", "r")
        return entries

    monkeypatch.setattr(app_store, "connect", connect_late)
    monkeypatch.setattr(app_store, "read", read_early)
    stream = visit.stream(after=2)
    assert stream.names() == ["hello"]
    assert [data["text"] for data in stream.data(2)] == ["while connecting", "while reading"]


@pytest.fixture(params=["notified", "not notified"])
def lose_notifications(request, app_store, monkeypatch):
    """Let the store's notifications be lost from now on, or not."""

    def lose():
        if request.param == "not notified":
            monkeypatch.setattr(app_store, "connect", lambda *_: lambda: None)

    return lose


@pytest.mark.parametrize(
    ("pages", "ending"),
    [
        pytest.param((None, None), "replaced", id="no-pages"),
        pytest.param(("p", "q"), "replaced", id="another-page"),
        pytest.param(("p", "p"), "move", id="the-same-page"),
    ],
)
def test_the_newest_stream_takes_over(streams, visit, lose_notifications, pages, ending):
    """Also where the store's notification is lost.

    Requests overtake one another: the page's stream may be older than one that the page gave up, so it must reconnect.
    """
    old = visit.stream(page=pages[0])
    lose_notifications()
    new = visit.stream(page=pages[1])
    visit.seek()
    assert old.names(2) == ["hello", "waiting"], "it goes on until the new one was written to"
    assert new.names(2) == ["hello", "waiting"]
    assert old.names() == [ending]
    assert old.ended()
    old.close()
    assert streams.count == 1


@pytest.mark.parametrize("notified", [True, False])
def test_of_two_overlapping_pages_the_later_one_stays(visit, app_store, monkeypatch, notified):
    """Another page connects while the first is still connecting: the store may see them the other way round."""
    later, connect = [], app_store.connect

    def overlap(visitor, connection):
        monkeypatch.setattr(app_store, "connect", connect if notified else lambda *_: None)
        later.append(visit.stream(page="q"))
        return app_store.connect(visitor, connection)

    monkeypatch.setattr(app_store, "connect", overlap)
    first = visit.stream(page="p")
    visit.seek()
    assert later[0].names(2) == ["hello", "waiting"]
    assert first.names(2) == ["hello", "replaced"]


def test_a_stream_may_be_replaced_while_it_connects(streams, visit, app_store, monkeypatch):
    monkeypatch.setattr(app_store, "connect", lambda visitor, mine: streams.replaced(visitor, mine, "another.1"))
    stream = visit.stream()
    assert stream.names(2) == ["hello", "replaced"]
    assert stream.ended()


def test_a_closed_stream_is_removed(streams, visit):
    for begun in (False, True):
        stream = visit.stream()
        if begun:
            stream.read()
        assert (streams.count, streams.visitors) == (1, [visit.visitor])
        stream.close()
        stream.close()
        assert (streams.count, streams.visitors) == (0, [])
        assert not any(streams._wheel)


def test_a_visit_that_ends_ends_its_stream(visit):
    stream = visit.stream()
    stream.read()
    visit.client.delete(visit.path)
    assert stream.ended()


def test_the_number_of_streams_is_limited(enter):
    visits = [enter() for _ in range(5)]
    streams = [visit.stream() for visit in visits[:4]]
    refused = visits[4].client.get(f"{visits[4].path}/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert visits[0].client.get(f"{visits[0].path}/events").status_code == 200
    streams[1].close()
    streams[0].close()
    assert visits[4].client.get(f"{visits[4].path}/events").status_code == 200


def test_each_stream_beats_once_a_turn(enter, streams):
    opened = [enter().stream() for _ in range(4)]
    for stream in opened:
        stream.read()
    beating = []
    for _ in range(TURN):
        turn(streams, 1)
        beating.append(sum(stream.beat for (stream,) in streams._by_visitor.values()))
    assert beating[:5] == [1, 2, 3, 4, 4], "they are spread over the turn"
    assert [stream.read() for stream in opened] == [[(None, "beat", {"pod": "back-7d9"})]] * 4


def test_a_lost_notification_is_made_up_for_with_the_beat(enter, streams, visit, monkeypatch):
    stream = visit.stream()
    visit.seek()
    assert stream.names(2) == ["hello", "waiting"]
    with monkeypatch.context() as patched:
        patched.setattr(streams, "log_changed", lambda _: None)
        enter().seek()
    turn(streams)
    assert stream.names() == ["paired", "beat"]


def test_a_drain_moves_every_stream_and_still_serves(app, streams, enter):
    """A stream opened during the drain is served until the wheel has turned once more."""
    visits = [enter() for _ in range(3)]
    opened = [visit.stream() for visit in visits]
    for stream in opened:
        stream.read()
    app.extensions["context"].lifecycle.phase = Phase.DRAINING
    turn(streams)
    for stream in opened:
        assert stream.names() == ["move"]
        assert stream.ended()
        stream.close()
    late = visits[0].stream()
    turn(streams, TURN - 1)
    visits[0].seek()
    assert late.names(2) == ["hello", "waiting"]
    turn(streams, 1)
    assert late.names() == ["move"]


def test_with_redis_unavailable_streams_move_and_calls_answer_503(streams, visit, app_store, monkeypatch):
    stream = visit.stream()
    stream.read()
    make_unavailable(app_store, monkeypatch, "read", "get", "seek", "connect", "enter")
    streams.log_changed(visit.visitor)
    assert stream.names() == ["move"]
    assert stream.ended()
    stream.close()
    responses = [
        visit.client.get(visit.path),
        visit.seek(),
        visit.client.get(f"{visit.path}/events"),
        visit.client.post("/api/visitors", json={"language": "fr"}),
    ]
    for response in responses:
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert json.loads(response.data)["type"] == "redis-away"
    assert streams.count == 0
