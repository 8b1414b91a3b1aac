"""What a store does, whichever it is: limits, waits, wake-ups."""

import pytest

from backend.roulette.store import Left, Message, NotInChat, Paired, TooMany, Unknown, Waiting


def enter(store, *visitors):
    for visitor in visitors:
        store.enter(visitor, f"cat-{visitor}", "en")


def chat_of(store, one="a", two="b"):
    """Let two visitors in and pair them."""
    enter(store, one, two)
    store.seek(one, "first")
    assert store.seek(two, "first") == "chat"
    return store.who(one).chat


def events(store, visitor):
    return [entry.event for entry in store.read(visitor, 0)]


def test_a_full_house_lets_nobody_in_but_keeps_its_visitors(open_store):
    store = open_store(visitors=1)
    enter(store, "a", "a")
    with pytest.raises(TooMany) as refused:
        enter(store, "b")
    assert refused.value.retry_after >= 1
    with pytest.raises(Unknown):
        store.who("b")
    store.quit("a")
    enter(store, "b")


def test_with_as_many_chats_as_may_be_nobody_else_gets_one(open_store):
    store = open_store(chats=1)
    chat_of(store)
    enter(store, "c")
    with pytest.raises(TooMany):
        store.seek("c", "first")
    assert store.who("c").state == "idle"
    assert store.seek("a", "second") == "waiting"
    assert store.seek("c", "second") == "chat"


def test_a_house_cat_counts_as_a_chat(open_store, clock):
    store = open_store(chats=1)
    enter(store, "a", "b")
    store.seek("a", "first")
    clock.wind(3)
    store.tick()
    assert store.census().chats == 1
    with pytest.raises(TooMany):
        store.seek("b", "first")


def test_those_alone_go_on_waiting_while_there_is_no_room_for_a_chat(open_store, clock):
    store = open_store(chats=1)
    chat_of(store)
    store.seek("a", "second")
    store.seek("b", "second")
    enter(store, "c")
    assert store.seek("c", "first") == "chat"
    clock.wind(3)
    store.tick()
    assert (store.census().waiting, store.census().chats) == (1, 1)
    store.leave("c")
    store.tick()
    assert (store.census().waiting, store.census().chats) == (0, 1)


def test_too_many_messages_are_refused_until_the_window_is_over(open_store, clock):
    store = open_store(per_window=2, window_seconds=5)
    chat = chat_of(store)
    store.say("a", chat, "1", "one")
    clock.wind(1)
    store.say("a", chat, "2", "two")
    with pytest.raises(TooMany) as refused:
        store.say("a", chat, "3", "three")
    assert refused.value.retry_after == 4
    assert store.say("a", chat, "2", "two").repeated, "a repeat costs nothing"
    store.say("b", chat, "1", "the other has a count of its own")
    clock.wind(4)
    assert not store.say("a", chat, "3", "three").repeated


def test_seeking_too_often_is_refused_until_the_window_is_over(open_store, clock):
    store = open_store(per_window=2, window_seconds=5)
    chat = chat_of(store)
    store.seek("a", "second")
    with pytest.raises(TooMany) as refused:
        store.seek("a", "third")
    assert refused.value.retry_after == 5
    assert store.seek("a", "second") == "waiting", "a repeat costs nothing"
    with pytest.raises(NotInChat):
        store.say("a", chat, "1", "the chat was left")
    clock.wind(5)
    assert store.seek("a", "third") == "waiting"


def test_typing_too_often_is_not_passed_on(open_store, heard, wait_for, clock):
    store = open_store(per_window=2, window_seconds=5)
    listener = heard(store)
    chat = chat_of(store)
    store.connect("b", "1")
    for _ in range(5):
        store.typing("a", chat)
    store.say("a", chat, "1", "messages have a count of their own")
    clock.wind(5)
    store.typing("a", chat)
    store.connect("b", "2")
    wait_for(lambda: ("replaced", "b", "1", "2") in listener.calls)
    assert listener.calls.count(("typed", "b", chat)) == 3


def test_a_long_log_forgets_its_oldest_entries_but_not_who_is_talked_to(open_store):
    store = open_store(log_entries=5, per_window=100)
    chat = chat_of(store)
    for number in range(20):
        store.say("a", chat, str(number), "hello")
    paired, *said = events(store, "b")
    assert paired == Paired(chat, "cat-a", house=False)
    assert [event.id for event in said] == ["15", "16", "17", "18", "19"]
    assert [entry.number for entry in store.read("b", 0)] == [1, 17, 18, 19, 20, 21]
    assert [entry.number for entry in store.read("b", 1)] == [17, 18, 19, 20, 21]
    assert [entry.number for entry in store.read("b", 20)] == [21]
    store.seek("b", "second")
    assert events(store, "b") == [Waiting()]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Où est le chat\u202f? «\u00a0Là\u00a0»", id="french"),
        pytest.param('"\\/\b\n{}', id="json"),
        pytest.param("🐈‍⬛ 😀", id="emoji"),
        pytest.param("\u2028\u0000\u007f", id="controls"),
    ],
)
def test_a_text_arrives_as_it_was_sent(open_store, clock, text):
    store = open_store()
    chat = chat_of(store)
    store.say("a", chat, "id_-1", text)
    at = int(clock() * 1000)
    assert events(store, "b")[-1] == Message(chat, "id_-1", mine=False, text=text, at=at)
    assert events(store, "a")[-1] == Message(chat, "id_-1", mine=True, text=text, at=at)


def test_alone_long_enough_one_gets_a_house_cat(open_store, clock):
    store = open_store(alone_seconds=3)
    enter(store, "a")
    assert store.seek("a", "first") == "waiting"
    clock.wind(2.75)
    store.tick()
    assert store.who("a").state == "waiting"
    clock.wind(0.25)
    store.tick()
    waiting, paired = events(store, "a")
    assert waiting == Waiting()
    assert paired.house
    said = [store.say("a", paired.chat, name, "hello") for name in ("1", "2", "1")]
    assert [(one.house, one.count, one.repeated) for one in said] == [
        (paired.cat, 1, False),
        (paired.cat, 2, False),
        (paired.cat, 1, True),
    ]
    store.answer("a", paired.chat, "1", "miaow")
    store.answer("a", paired.chat, "1", "miaow")
    assert [(event.mine, event.text) for event in events(store, "a")[2:]] == [
        (True, "hello"),
        (True, "hello"),
        (False, "miaow"),
    ]


def test_a_house_cat_steps_aside_for_a_visitor(open_store, clock):
    store = open_store()
    enter(store, "a", "b")
    store.seek("a", "first")
    clock.wind(3)
    store.tick()
    house = store.who("a").chat
    assert store.seek("b", "first") == "chat"
    chat = store.who("a").chat
    assert events(store, "a") == [Paired(chat, "cat-b", house=False)]
    assert events(store, "b") == [Paired(chat, "cat-a", house=False)]
    with pytest.raises(NotInChat):
        store.answer("a", house, "1", "miaow")


def test_the_last_partner_again_only_after_a_while(open_store, clock):
    store = open_store(alone_seconds=3)
    first = chat_of(store)
    assert store.seek("a", "second") == "waiting"
    assert store.seek("b", "second") == "waiting"
    clock.wind(3)
    store.tick()
    assert store.who("a").chat == store.who("b").chat != first


def test_nobody_is_the_last_partner_of_either_side(open_store):
    """To `a`, `b` is somebody from before; to `b`, `a` was the last."""
    store = open_store()
    chat_of(store)
    store.seek("a", "second")
    enter(store, "c")
    assert store.seek("c", "first") == "chat"
    assert store.seek("b", "second") == "waiting"
    assert store.seek("a", "third") == "waiting"


def test_a_stranger_comes_before_the_last_partner(open_store):
    store = open_store()
    chat_of(store)
    store.seek("a", "second")
    store.seek("b", "second")
    enter(store, "c")
    assert store.seek("c", "first") == "chat"
    assert store.census().waiting == 1


def test_whom_one_meets_is_drawn(open_store):
    """Two who have just met one another wait; a third gets either."""
    store = open_store()
    met = set()
    for _ in range(40):
        chat_of(store)
        store.seek("a", "second")
        store.seek("b", "second")
        enter(store, "c")
        store.seek("c", "first")
        met.add(events(store, "c")[0].cat)
        for visitor in "abc":
            store.quit(visitor)
    assert met == {"cat-a", "cat-b"}


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(lambda store, _: store.leave("a"), "left", id="leave"),
        pytest.param(lambda store, _: store.quit("a"), "left", id="quit"),
        pytest.param(lambda store, _: store.seek("a", "second"), "next", id="next"),
        pytest.param(lambda store, clock: absent(store, clock, "b"), "gone", id="absent"),
    ],
)
def test_the_other_learns_why_it_is_over(open_store, clock, end, why):
    store = open_store()
    chat = chat_of(store)
    end(store, clock)
    assert events(store, "b")[-1] == Left(chat, why)
    assert store.who("b").state == "idle"
    with pytest.raises(NotInChat):
        store.say("b", chat, "1", "anybody there?")


def absent(store, clock, *present):
    """Let time pass with only these present."""
    for _ in range(3):
        clock.wind(7)
        store.here(present)
        store.tick()


def test_absent_is_who_was_away_for_longer_than_that(open_store, clock):
    store = open_store(absent_seconds=20)
    enter(store, "a")
    clock.wind(20)
    store.tick()
    assert store.who("a").state == "idle"
    clock.wind(20)
    store.tick()
    with pytest.raises(Unknown):
        store.who("a")


def test_a_repeat_is_known_even_when_the_chat_is_over(open_store):
    store = open_store()
    chat = chat_of(store)
    first = store.say("a", chat, "1", "hello")
    store.leave("b")
    again = store.say("a", chat, "1", "hello")
    assert (again.repeated, again.number) == (True, first.number)


def test_the_same_click_again_changes_nothing(open_store):
    store = open_store()
    chat = chat_of(store)
    assert store.seek("b", "first") == "chat"
    assert store.who("a").chat == chat
    store.leave("b")
    assert store.seek("b", "first") == "idle"


def test_who_stops_waiting_leaves_no_trace_of_it(open_store):
    store = open_store()
    enter(store, "a")
    store.seek("a", "first")
    store.leave("a")
    assert store.read("a", 0) == []
    store.seek("a", "second")
    assert [entry.number for entry in store.read("a", 0)] == [2]


def test_an_id_is_free_again_in_the_next_chat(open_store):
    store = open_store()
    first = chat_of(store)
    store.say("a", first, "1", "hello")
    store.seek("a", "second")
    enter(store, "c")
    store.seek("c", "first")
    assert not store.say("a", store.who("a").chat, "1", "hello").repeated


def test_both_sides_may_use_the_same_id(open_store):
    store = open_store()
    chat = chat_of(store)
    assert not store.say("a", chat, "1", "from a").repeated
    assert not store.say("b", chat, "1", "from b").repeated
    assert [event.text for event in events(store, "a")[-2:]] == ["from a", "from b"]


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda store: store.leave("a"), id="left"),
        pytest.param(lambda store: store.seek("a", "second"), id="went on"),
        pytest.param(lambda store: store.quit("b"), id="alone"),
    ],
)
def test_a_chat_that_is_over_takes_nothing_more(open_store, move):
    store = open_store()
    chat = chat_of(store)
    move(store)
    with pytest.raises(NotInChat):
        store.typing("a", chat)
    with pytest.raises(NotInChat):
        store.say("a", chat, "1", "hello")
    with pytest.raises(NotInChat):
        store.answer("a", chat, "1", "miaow")


def test_both_logs_wake_their_streams(open_store, heard, wait_for):
    store = open_store()
    listener = heard(store)
    chat = chat_of(store)
    store.connect("a", "1")
    store.connect("b", "2")
    store.say("a", chat, "1", "hello")
    store.typing("b", chat)
    store.connect("a", "3")
    wanted = [("woken", "a"), ("woken", "b"), ("typed", "a", chat), ("replaced", "a", "1", "3")]
    wait_for(lambda: all(call in listener.calls for call in wanted))
    assert ("typed", "b", chat) not in listener.calls


def test_the_same_connection_again_replaces_nothing(open_store, heard, wait_for):
    store = open_store()
    listener = heard(store)
    enter(store, "a")
    for connection in ("1", "1", "2"):
        store.connect("a", connection)
    wait_for(lambda: ("replaced", "a", "1", "2") in listener.calls)
    assert listener.calls.count(("replaced", "a", "1", "2")) == 1


def test_a_log_is_complete_when_its_stream_is_woken(open_store, heard, wait_for):
    store = open_store()
    listener = heard(store)
    read = []
    listener.woken = lambda visitor: read.append((visitor, len(store.read(visitor, 0)), store.who(visitor).state))
    enter(store, "a", "b")
    store.connect("a", "1")
    store.connect("b", "2")
    store.seek("a", "first")
    wait_for(lambda: ("a", 1, "waiting") in read)
    store.seek("b", "first")
    wait_for(lambda: ("b", 1, "chat") in read and ("a", 2, "chat") in read)


def test_pods_report_for_ten_seconds_and_take_orders(open_store, heard, wait_for, clock):
    store = open_store("back-1")
    listener = heard(store)
    store.report("back-1", b"\x00: fine\n")
    clock.wind(9.75)
    assert store.pods() == {"back-1": b"\x00: fine\n"}
    assert store.order("back-1", b"o \xff now")
    wait_for(lambda: ("ordered", b"o \xff now") in listener.calls)
    assert not store.order("back-2", b"nobody")
    clock.wind(0.25)
    assert store.pods() == {}


def test_nothing_remains_when_all_have_gone(open_store, clock):
    store = open_store()
    chat_of(store)
    enter(store, "c")
    store.seek("c", "first")
    clock.wind(3)
    store.tick()
    assert store.census().chats == 2
    absent(store, clock)
    census = store.census()
    assert (census.visitors, census.waiting, census.chats, census.windows) == (0, 0, 0, [])


def test_a_store_in_use_is_well(open_store):
    assert open_store().check() is None
