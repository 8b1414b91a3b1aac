"""The client against a service that breaks in every way that a cluster can."""

from __future__ import annotations

import pytest
from fake_service import HANG, HELLO, PAIRED, RETRY, VISITOR, Answer, frame, message

from roulette import (
    Client,
    GaveUp,
    Hello,
    Left,
    Message,
    Move,
    NotInChat,
    Paired,
    Patience,
    Refused,
    Replaced,
    UnknownVisitor,
)

EVENTS = "GET /events"
REPLACED = frame("replaced")
OK = Answer(202, {"id": "x", "number": 4, "repeated": False})


def problem(status, kind="about:blank", **headers):
    return Answer(status, {"type": kind, "status": status, "title": "no", "detail": "because"}, headers)


def texts(events):
    return [event.text for event in events if isinstance(event, Message)]


def test_a_visit_begins_with_a_cat_and_a_language(fake, visit):
    assert visit.cat.name == "Minou"
    assert fake.seen[0].body == {"language": "fr"}


def test_events_are_typed(fake, visit):
    fake.will(EVENTS, Answer(stream=[RETRY, HELLO, PAIRED, message(2, "é\nx", mine=True), REPLACED]))
    hello, paired, said, last = visit.events()
    assert isinstance(hello, Hello)
    assert (hello.pod, hello.store) == ("a", "redis")
    assert isinstance(paired, Paired)
    assert (paired.cat.name, visit.chat) == ("Minou", "c1")
    assert (said.text, said.mine, said.id, said.number) == ("é\nx", True, "m2", 2)
    assert last == Replaced()


def test_a_chat_that_is_over_is_no_chat(fake, visit):
    fake.will(EVENTS, Answer(stream=[PAIRED, frame("left", 2, chat="c1", why="next"), REPLACED]))
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
def test_a_stream_goes_on_after_the_last_event_seen(fake, visit, end):
    fake.will(
        EVENTS,
        Answer(stream=[RETRY, PAIRED, message(2, "b"), *end]),
        Answer(stream=[HELLO, message(3, "c"), REPLACED]),
    )
    assert texts(visit.events()) == ["b", "c"]
    assert [seen.last_event_id for seen in fake.asked(EVENTS)] == [None, "2"]


def test_what_was_seen_is_not_told_again(fake, visit):
    fake.will(
        EVENTS,
        Answer(stream=[RETRY, PAIRED, message(2, "b"), message(2, "b")]),
        Answer(stream=[PAIRED, message(2, "b"), message(3, "c"), message(1, "a"), REPLACED]),
    )
    events = list(visit.events())
    assert texts(events) == ["b", "c"]
    assert sum(isinstance(event, Paired) for event in events) == 1


def test_a_pod_that_goes_away_is_left_at_once(fake, visit, troubles):
    slow = b"retry: 20000\n\n"
    fake.will(EVENTS, Answer(stream=[slow, PAIRED, frame("move")]), Answer(stream=[message(2, "b"), REPLACED]))
    assert [type(event) for event in visit.events()] == [Paired, Move, Message, Replaced]
    assert troubles == [("the stream", "move")]


def test_replaced_is_for_good(fake, visit):
    fake.will(EVENTS, Answer(stream=[RETRY, REPLACED]), Answer(stream=[message(2, "b"), REPLACED]))
    assert list(visit.events()) == [Replaced()]
    assert len(fake.asked(EVENTS)) == 1


def test_an_event_of_another_kind_and_a_comment_are_passed_over(fake, visit):
    fake.will(EVENTS, Answer(stream=[b": hi\n\n", frame("weather", 1, sun=True), PAIRED, REPLACED]))
    assert [type(event) for event in visit.events()] == [Paired, Replaced]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(problem(503, "redis-away"), id="redis is away"),
        pytest.param(problem(429, **{"Retry-After": "0"}), id="too many"),
        pytest.param(problem(500), id="an error"),
        pytest.param(Answer(cut=True), id="cut off"),
    ],
)
def test_a_stream_that_cannot_be_had_is_asked_for_again(fake, visit, troubles, first):
    visit._wait = 0.01
    fake.will(EVENTS, first, Answer(stream=[PAIRED, REPLACED]))
    assert [type(event) for event in visit.events()] == [Paired, Replaced]
    assert [what for what, _ in troubles] == ["GET /events"]


def test_a_stream_that_never_comes_is_given_up(fake, visit):
    visit._wait = 0.3
    fake.will(EVENTS, problem(503))
    with pytest.raises(GaveUp, match="last seen: 503 because"):
        list(visit.events())


def test_a_stream_of_nobody(fake, visit):
    fake.will(EVENTS, problem(404, "unknown-visitor"))
    with pytest.raises(UnknownVisitor):
        list(visit.events())


def test_quit_ends_the_stream(fake, visit):
    fake.will(EVENTS, Answer(stream=[HELLO, PAIRED, HANG]))
    fake.will("DELETE /", Answer(204))
    events = visit.events()
    assert [next(events), next(events)]
    visit.quit()
    assert list(events) == []
    assert len(fake.asked(EVENTS)) == 1


def test_a_dropped_stream_comes_back(fake, visit):
    fake.will(EVENTS, Answer(stream=[RETRY, PAIRED, HANG]), Answer(stream=[message(2, "b"), REPLACED]))
    events = visit.events()
    assert not visit.listening
    next(events)
    assert visit.listening
    visit.drop()
    assert texts(events) == ["b"]
    assert not visit.listening


@pytest.mark.parametrize(
    ("first", "why"),
    [
        pytest.param(Answer(cut=True), "ProtocolError", id="cut off before the answer"),
        pytest.param(problem(500), "500 because", id="500"),
        pytest.param(problem(502), "502 because", id="502"),
        pytest.param(problem(503, **{"Retry-After": "0"}), "503 because", id="503"),
        pytest.param(problem(504), "504 because", id="504"),
        pytest.param(problem(429, **{"Retry-After": "0"}), "429 because", id="429"),
        pytest.param(Answer(404, "not found"), "404", id="somebody else's 404"),
    ],
)
def test_a_message_is_sent_again_with_the_same_id(fake, visit, troubles, first, why):
    fake.will("POST /messages", first, first, OK)
    receipt = visit.say("hello", chat="c1")
    sent = [seen.body for seen in fake.asked("POST /messages")]
    assert len(sent) == 3
    assert sent[0] == sent[1] == sent[2] == {"id": receipt.id, "chat": "c1", "text": "hello"}
    assert (receipt.number, len(receipt.troubles)) == (4, 2)
    assert all(why in trouble for trouble in receipt.troubles)
    assert [what for what, _ in troubles] == ["POST /api/visitors/…/messages"] * 2


def test_two_messages_have_two_ids(fake, visit):
    fake.will("POST /messages", OK)
    assert visit.say("a", chat="c1").id != visit.say("a", chat="c1").id


def test_retry_after_is_waited_for(fake, visit):
    fake.will("POST /messages", problem(429, **{"Retry-After": "5"}), OK)
    with pytest.raises(GaveUp):
        visit.say("hello", chat="c1")  # five seconds are more than its patience
    assert len(fake.asked("POST /messages")) == 1


def test_giving_up_says_what_was_seen_last(fake, visit):
    fake.will("POST /messages", problem(502), problem(503))
    with pytest.raises(GaveUp, match="503 because") as caught:
        visit.say("hello", chat="c1")
    assert VISITOR not in str(caught.value)
    assert 0.5 < caught.value.seconds <= 1.0
    assert caught.value.troubles[0] == "502 because"


def test_an_error_says_what_went_before_it(fake, visit):
    """The first try may have been taken: the answer to the second says nothing about that."""
    fake.will("POST /messages", Answer(cut=True), problem(409, "not-in-chat"))
    with pytest.raises(NotInChat) as caught:
        visit.say("hello", chat="c1")
    assert len(caught.value.troubles) == 1


def test_nobody_listens():
    with pytest.raises(GaveUp, match="NewConnectionError"):
        Client("http://127.0.0.1:9", patience=Patience(call=0.1, pause=0.02)).enter()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(problem(409, "not-in-chat"), NotInChat, id="the chat is over"),
        pytest.param(problem(404, "unknown-visitor"), UnknownVisitor, id="expired"),
        pytest.param(problem(404), Refused, id="another 404"),
        pytest.param(problem(400), Refused, id="400"),
    ],
)
def test_an_answer_that_stays_is_raised_at_once(fake, visit, answer, error):
    fake.will("POST /messages", answer, OK)
    with pytest.raises(error):
        visit.say("hello", chat="c1")
    assert len(fake.asked("POST /messages")) == 1


def test_seek_leave_and_typing(fake, visit):
    fake.will("POST /chat", Answer(202, {"state": "waiting"}))
    fake.will("DELETE /chat", Answer(204))
    fake.will("POST /typing", Answer(204))
    assert (visit.seek(), visit.next()) == ("waiting", "waiting")
    visit.chat = "c1"
    visit.typing()
    visit.leave()
    ids = [seen.body["id"] for seen in fake.asked("POST /chat")]
    assert len(set(ids)) == 2
    assert fake.asked("POST /typing")[0].body == {"chat": "c1"}
