"""The client against a service that fails in every way that a cluster can."""

import sys
import threading
from pathlib import Path

import pytest

from roulette import (
    Client,
    GaveUp,
    Hello,
    Left,
    Message,
    Move,
    NotInChat,
    Paired,
    Refused,
    Replaced,
    Timeouts,
    UnknownVisitor,
)
from roulette.sse import Frame, Parser

sys.path.append(str(Path(__file__).parent))

from fake_service import (
    CAT,
    CUT,
    HANG,
    HELLO,
    PAIRED,
    REPLACED,
    RETRY,
    VISITOR,
    Answer,
    FakeService,
    frame,
    message,
    problem,
    stream,
)

EVENTS, MESSAGES = "GET /events", "POST /messages"
ACCEPTED = Answer(202, {"id": "x", "number": 4, "repeated": False})
AT_ONCE = {"Retry-After": "0"}


@pytest.fixture
def service():
    server = FakeService()
    server.script("POST /", Answer(201, {"visitor": VISITOR, "cat": CAT}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def retries():
    return []


@pytest.fixture
def enter(service, retries):
    def entered(**timeouts):
        timeouts = Timeouts(**{"backoff": 0.02, "backoff_max": 0.05, **timeouts})
        return Client(service.url, timeouts=timeouts, on_retry=lambda *retry: retries.append(retry)).enter("fr")

    return entered


@pytest.fixture
def visit(enter):
    return enter()


def texts(events):
    return [event.text for event in events if isinstance(event, Message)]


def test_events_are_typed(service, visit):
    ignored = [b": a comment\n\n", frame("weather", 1, sun=True)]
    service.script(EVENTS, stream(RETRY, HELLO, *ignored, PAIRED, message(2, "é\nx", mine=True), REPLACED))
    hello, paired, written, last = visit.events()
    assert isinstance(hello, Hello)
    assert (hello.pod, hello.store) == ("a", "redis")
    assert isinstance(paired, Paired)
    assert (paired.cat.name, visit.chat) == ("Minou", "c1")
    assert (written.text, written.mine, written.id, written.number) == ("é\nx", True, "m2", 2)
    assert last == Replaced()


def test_after_left_there_is_no_chat(service, visit):
    service.script(EVENTS, stream(PAIRED, frame("left", 2, chat="c1", why="next"), REPLACED))
    assert [event.why for event in visit.events() if isinstance(event, Left)] == ["next"]
    with pytest.raises(NotInChat):
        visit.say("hello?")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param([], id="the stream ends"),
        pytest.param([HANG], id="the stream falls silent"),
        pytest.param([message(3, "c")[:20]], id="the stream ends within an event"),
        pytest.param([frame("move")], id="the Pod goes away"),
    ],
)
def test_a_stream_continues_after_the_last_event(service, enter, end):
    """Each event comes once, although the new stream repeats some."""
    again = stream(HELLO, PAIRED, message(2, "b"), message(3, "c"), message(1, "a"), REPLACED)
    service.script(EVENTS, stream(RETRY, PAIRED, message(2, "b"), *end), again)
    events = list(enter(silence=0.3).events())
    assert texts(events) == ["b", "c"]
    assert sum(isinstance(event, Paired) for event in events) == 1
    assert [request.last_event_id for request in service.requests_to(EVENTS)] == [None, "2"]


def test_after_move_the_client_reconnects_at_once(service, enter, retries):
    slow = b"retry: 20000\n\n"
    service.script(EVENTS, stream(slow, PAIRED, frame("move")), stream(message(2, "b"), REPLACED))
    assert [type(event) for event in enter(stream=15).events()] == [Paired, Move, Message, Replaced]
    assert retries == [("the stream", "move")]


def test_replaced_ends_the_events(service, visit):
    service.script(EVENTS, stream(RETRY, REPLACED), stream(message(2, "b"), REPLACED))
    assert list(visit.events()) == [Replaced()]
    assert len(service.requests_to(EVENTS)) == 1


@pytest.mark.parametrize("failure", [problem(503, "redis-away"), problem(429, **AT_ONCE), problem(500), CUT])
def test_a_refused_stream_is_requested_again(service, visit, retries, failure):
    service.script(EVENTS, stream(RETRY), failure, stream(PAIRED, REPLACED))
    assert [type(event) for event in visit.events()] == [Paired, Replaced]
    assert [request for request, _ in retries] == ["the stream", "GET /events"]


@pytest.mark.parametrize(
    ("answer", "error_type"), [(problem(503), GaveUp), (problem(404, "unknown-visitor"), UnknownVisitor)]
)
def test_events_without_a_stream_end_in_an_error(service, enter, answer, error_type):
    service.script(EVENTS, stream(RETRY), answer)
    with pytest.raises(error_type, match="because"):
        list(enter(stream=0.3).events())


def test_a_disconnected_stream_comes_back_until_quit(service, visit):
    service.script(EVENTS, stream(RETRY, PAIRED, HANG), stream(message(2, "b"), HANG))
    service.script("DELETE /", Answer(204))
    events = visit.events()
    assert not visit.connected
    next(events)
    assert visit.connected
    visit.disconnect()
    assert next(events).text == "b"
    visit.quit()
    assert list(events) == []
    assert not visit.connected
    assert len(service.requests_to(EVENTS)) == 2


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (CUT, "ProtocolError"),
        (problem(500), "500 because"),
        (problem(502), "502 because"),
        (problem(503, **AT_ONCE), "503 because"),
        (problem(504), "504 because"),
        (problem(429, **AT_ONCE), "429 because"),
        pytest.param(Answer(404, [b"not found"]), "404 not found", id="another server's 404"),
    ],
)
def test_a_message_is_repeated_with_the_same_id(service, visit, retries, failure, reason):
    service.script(MESSAGES, failure, failure, ACCEPTED)
    receipt = visit.say("hello", chat="c1")
    bodies = [request.body for request in service.requests_to(MESSAGES)]
    assert bodies == [{"id": receipt.id, "chat": "c1", "text": "hello"}] * 3
    assert (receipt.number, len(receipt.failures)) == (4, 2)
    assert all(reason in failure for failure in receipt.failures)
    assert [request for request, _ in retries] == ["POST /api/visitors/…/messages"] * 2
    assert visit.say("hello", chat="c1").id != receipt.id


def test_retry_after_is_respected(service, enter):
    service.script(MESSAGES, problem(429, **{"Retry-After": "5"}), ACCEPTED)
    with pytest.raises(GaveUp):
        enter(call=4.0).say("hello", chat="c1")
    assert len(service.requests_to(MESSAGES)) == 1


def test_giving_up_names_the_last_failure_and_no_token(service, enter):
    service.script(MESSAGES, problem(502), problem(503))
    with pytest.raises(GaveUp, match="503 because") as error:
        enter(call=0.5).say("hello", chat="c1")
    assert VISITOR not in str(error.value)
    assert error.value.failures[0] == "502 because"


def test_without_a_server_a_call_gives_up():
    with pytest.raises(GaveUp, match="NewConnectionError"):
        Client("http://127.0.0.1:9", timeouts=Timeouts(call=0.1, backoff=0.02)).enter()


@pytest.mark.parametrize(
    ("answer", "error_type"),
    [
        (problem(409, "not-in-chat"), NotInChat),
        (problem(404, "unknown-visitor"), UnknownVisitor),
        (problem(404), Refused),
        (problem(400), Refused),
    ],
)
def test_a_final_answer_is_raised_with_the_failures_before_it(service, visit, answer, error_type):
    """The first attempt may have been accepted: the second's answer says nothing about that."""
    service.script(MESSAGES, CUT, answer, ACCEPTED)
    with pytest.raises(error_type) as error:
        visit.say("hello", chat="c1")
    assert len(error.value.failures) == 1
    assert len(service.requests_to(MESSAGES)) == 2


def test_enter_seek_leave_and_typing(service, visit):
    service.script("POST /chat", Answer(202, {"state": "waiting"}))
    service.script("DELETE /chat", Answer(204))
    service.script("POST /typing", Answer(204))
    assert service.requests[0].body == {"language": "fr"}
    assert (visit.seek(), visit.next()) == ("waiting", "waiting")
    visit.chat = "c1"
    visit.typing()
    visit.leave()
    assert len({request.body["id"] for request in service.requests_to("POST /chat")}) == 2
    assert service.requests_to("POST /typing")[0].body == {"chat": "c1"}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_server_sent_events_are_parsed_in_pieces_of_any_size(size):
    data = (
        b'retry: 1000\r\n\r\n: a comment\n\nevent: message\nid: 7\ndata: {"a":"\xc3\xa9"}\n\ndata:x\nid:8\n\nid: 9\n\n'
    )
    parser, frames = Parser(), []
    for start in range(0, len(data), size):
        frames += parser.feed(data[start : start + size])
    assert frames == [Frame("message", '{"a":"é"}'.encode(), "7"), Frame("message", b"x", "8")]
    assert parser.retry == 1000
