"""What a store does, in memory and in Redis: limits, waits, notifications."""

import pytest

from backend.roulette.census import Census
from backend.roulette.store import Left, Message, NotInChat, Paired, TooMany, UnknownVisitor, Waiting


@pytest.fixture
def store(open_shared):
    return open_shared().store


def enter(store, *visitors):
    for visitor in visitors:
        store.enter(visitor, f"cat-{visitor}", "en")


def events(store, visitor):
    return [entry.event for entry in store.read(visitor, 0)]


def advance_with_present(store, clock, *present):
    """Let 21 seconds pass with only these present."""
    for _ in range(3):
        clock.advance(7)
        store.heartbeat(present)
        store.tick()


def test_beyond_the_limit_nobody_can_enter(open_shared):
    store = open_shared(visitors=1).store
    enter(store, "a", "a")
    with pytest.raises(TooMany) as error:
        enter(store, "b")
    assert error.value.retry_after >= 1
    with pytest.raises(UnknownVisitor):
        store.get("b")
    store.quit("a")
    enter(store, "b")


def test_beyond_the_limit_nobody_else_gets_a_chat(open_shared, pair):
    store = open_shared(chats=1).store
    pair(store)
    enter(store, "c")
    with pytest.raises(TooMany):
        store.seek("c", "first")
    assert store.get("c").state == "idle"
    assert store.seek("a", "second") == "waiting"
    assert store.seek("c", "second") == "chat"


def test_a_chat_with_a_bot_counts(open_shared, clock):
    shared = open_shared(chats=1)
    store = shared.store
    enter(store, "a", "b")
    store.seek("a", "first")
    clock.advance(3)
    store.tick()
    assert shared.census.take().chats == 1
    with pytest.raises(TooMany):
        store.seek("b", "first")


def test_at_the_limit_of_chats_those_alone_go_on_waiting(open_shared, clock, pair):
    shared = open_shared(chats=1)
    store = shared.store
    pair(store)
    store.seek("a", "second")
    store.seek("b", "second")
    enter(store, "c")
    assert store.seek("c", "first") == "chat"
    clock.advance(3)
    store.tick()
    assert (shared.census.take().waiting, shared.census.take().chats) == (1, 1)
    store.leave("c")
    store.tick()
    assert (shared.census.take().waiting, shared.census.take().chats) == (0, 1)


def test_too_many_messages_are_refused_until_the_period_is_over(open_shared, clock, pair):
    store = open_shared(actions=2, period_seconds=5).store
    chat = pair(store)
    store.say("a", chat, "1", "one")
    clock.advance(1)
    store.say("a", chat, "2", "two")
    with pytest.raises(TooMany) as error:
        store.say("a", chat, "3", "three")
    assert error.value.retry_after == 4
    assert store.say("a", chat, "2", "two").repeated, "a repeat costs nothing"
    store.say("b", chat, "1", "the partner has a count of its own")
    clock.advance(4)
    assert not store.say("a", chat, "3", "three").repeated


def test_too_many_searches_are_refused_until_the_period_is_over(open_shared, clock, pair):
    store = open_shared(actions=2, period_seconds=5).store
    chat = pair(store)
    store.seek("a", "second")
    with pytest.raises(TooMany) as error:
        store.seek("a", "third")
    assert error.value.retry_after == 5
    assert store.seek("a", "second") == "waiting", "a repeat costs nothing"
    with pytest.raises(NotInChat):
        store.say("a", chat, "1", "the chat was left")
    clock.advance(5)
    assert store.seek("a", "third") == "waiting"


def test_typing_too_often_is_not_passed_on(open_shared, record, wait_until, clock, pair):
    shared = open_shared(actions=2, period_seconds=5)
    store, listener = shared.store, record(shared)
    chat = pair(store)
    store.connect("b", "1")
    for _ in range(5):
        store.typing("a", chat)
    store.say("a", chat, "1", "messages have a count of their own")
    clock.advance(5)
    store.typing("a", chat)
    store.connect("b", "2")
    wait_until(lambda: ("replaced", "b", "1", "2") in listener.calls)
    assert listener.calls.count(("typing", "b", chat)) == 3


def test_a_long_log_drops_its_oldest_entries_except_paired(open_shared, pair):
    store = open_shared(log_entries=5, actions=100).store
    chat = pair(store)
    for number in range(20):
        store.say("a", chat, str(number), "hello")
    paired, *rest = events(store, "b")
    assert paired == Paired(chat, "cat-a", house=False)
    assert [event.id for event in rest] == ["15", "16", "17", "18", "19"]
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
def test_a_text_is_unchanged(store, clock, pair, text):
    chat = pair(store)
    store.say("a", chat, "id_-1", text)
    at = int(clock() * 1000)
    assert events(store, "b")[-1] == Message(chat, "id_-1", mine=False, text=text, at=at)
    assert events(store, "a")[-1] == Message(chat, "id_-1", mine=True, text=text, at=at)


def test_alone_long_enough_a_visitor_gets_a_bot(open_shared, clock):
    store = open_shared(alone_seconds=3).store
    enter(store, "a")
    assert store.seek("a", "first") == "waiting"
    clock.advance(2.75)
    store.tick()
    assert store.get("a").state == "waiting"
    clock.advance(0.25)
    store.tick()
    waiting, paired = events(store, "a")
    assert waiting == Waiting()
    assert paired.house
    receipts = [store.say("a", paired.chat, message, "hello") for message in ("1", "2", "1")]
    assert [(receipt.bot, receipt.turn, receipt.repeated) for receipt in receipts] == [
        (paired.cat, 1, False),
        (paired.cat, 2, False),
        (paired.cat, 1, True),
    ]
    for _ in range(2):
        store.bot_say("a", paired.chat, "1", "miaow")
    texts = [(event.mine, event.text) for event in events(store, "a")[2:]]
    assert texts == [(True, "hello"), (True, "hello"), (False, "miaow")]


def test_another_visitor_takes_the_bot_s_place(store, clock):
    enter(store, "a", "b")
    store.seek("a", "first")
    clock.advance(3)
    store.tick()
    chat_with_bot = store.get("a").chat
    assert store.seek("b", "first") == "chat"
    chat = store.get("a").chat
    assert events(store, "a") == [Paired(chat, "cat-b", house=False)]
    assert events(store, "b") == [Paired(chat, "cat-a", house=False)]
    with pytest.raises(NotInChat):
        store.bot_say("a", chat_with_bot, "1", "miaow")


def test_the_last_partner_comes_again_only_after_a_while(open_shared, clock, pair):
    store = open_shared(alone_seconds=3).store
    first = pair(store)
    assert store.seek("a", "second") == "waiting"
    assert store.seek("b", "second") == "waiting"
    clock.advance(3)
    store.tick()
    assert store.get("a").chat == store.get("b").chat != first


def test_the_last_partner_of_either_side_is_not_drawn(store, pair):
    """For `b`, `a` was the last partner; `a` has met another since."""
    pair(store)
    store.seek("a", "second")
    enter(store, "c")
    assert store.seek("c", "first") == "chat"
    assert store.seek("b", "second") == "waiting"
    assert store.seek("a", "third") == "waiting"


def test_partners_are_drawn_at_random(store, pair):
    """Two who have just met one another wait; a third gets either."""
    partners = set()
    for _ in range(40):
        pair(store)
        store.seek("a", "second")
        store.seek("b", "second")
        enter(store, "c")
        assert store.seek("c", "first") == "chat"
        partners.add(events(store, "c")[0].cat)
        for visitor in "abc":
            store.quit(visitor)
    assert partners == {"cat-a", "cat-b"}


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(lambda store, _: store.leave("a"), "left", id="leave"),
        pytest.param(lambda store, _: store.quit("a"), "left", id="quit"),
        pytest.param(lambda store, _: store.seek("a", "second"), "next", id="next"),
        pytest.param(lambda store, clock: advance_with_present(store, clock, "b"), "gone", id="absent"),
    ],
)
def test_a_chat_that_is_over_says_why_and_takes_nothing_more(store, clock, pair, end, why):
    chat = pair(store)
    first = store.say("b", chat, "1", "hello")
    end(store, clock)
    assert events(store, "b")[-1] == Left(chat, why)
    assert store.get("b").state == "idle"
    again = store.say("b", chat, "1", "hello")
    assert (again.repeated, again.number) == (True, first.number), "a repeat is still known"
    with pytest.raises(NotInChat):
        store.say("b", chat, "2", "anybody there?")
    with pytest.raises(NotInChat):
        store.typing("b", chat)
    with pytest.raises(NotInChat):
        store.bot_say("b", chat, "1", "miaow")


def test_a_visitor_is_absent_after_longer_than_the_limit(open_shared, clock):
    store = open_shared(absent_seconds=20).store
    enter(store, "a")
    clock.advance(20)
    store.tick()
    assert store.get("a").state == "idle"
    clock.advance(20)
    store.tick()
    with pytest.raises(UnknownVisitor):
        store.get("a")


def test_a_repeated_search_changes_nothing(store, pair):
    chat = pair(store)
    assert store.seek("b", "first") == "chat"
    assert store.get("a").chat == chat
    store.leave("b")
    assert store.seek("b", "first") == "idle"


def test_a_wait_that_ends_leaves_no_entry(store):
    enter(store, "a")
    store.seek("a", "first")
    store.leave("a")
    assert store.read("a", 0) == []
    store.seek("a", "second")
    assert [entry.number for entry in store.read("a", 0)] == [2]


def test_ids_are_those_of_one_visitor_in_one_chat(store, pair):
    chat = pair(store)
    assert not store.say("a", chat, "1", "from a").repeated
    assert not store.say("b", chat, "1", "from b").repeated
    assert [event.text for event in events(store, "a")[-2:]] == ["from a", "from b"]
    store.seek("a", "second")
    enter(store, "c")
    store.seek("c", "first")
    assert not store.say("a", store.get("a").chat, "1", "hello").repeated


def test_streams_are_notified(open_shared, record, wait_until, pair):
    shared = open_shared()
    store, listener = shared.store, record(shared)
    chat = pair(store)
    for connection in ("1", "1", "2"):
        store.connect("a", connection)
    store.connect("b", "3")
    store.say("a", chat, "1", "hello")
    store.typing("b", chat)
    store.connect("a", "4")
    wanted = [("log_changed", "a"), ("log_changed", "b"), ("typing", "a", chat), ("replaced", "a", "2", "4")]
    wait_until(lambda: all(call in listener.calls for call in wanted))
    assert ("typing", "b", chat) not in listener.calls
    replaced = [call for call in listener.calls if call[0] == "replaced"]
    assert replaced == [("replaced", "a", "1", "2"), ("replaced", "a", "2", "4")]


def test_a_log_is_complete_before_its_stream_is_notified(open_shared, record, wait_until):
    shared = open_shared()
    store, listener = shared.store, record(shared)
    seen = []
    listener.log_changed = lambda visitor: seen.append((visitor, len(store.read(visitor, 0)), store.get(visitor).state))
    enter(store, "a", "b")
    store.connect("a", "1")
    store.connect("b", "2")
    store.seek("a", "first")
    wait_until(lambda: ("a", 1, "waiting") in seen)
    store.seek("b", "first")
    wait_until(lambda: ("b", 1, "chat") in seen and ("a", 2, "chat") in seen)


def test_nothing_remains_when_all_are_absent(open_shared, clock, pair):
    shared = open_shared()
    store = shared.store
    pair(store)
    enter(store, "c")
    store.seek("c", "first")
    clock.advance(3)
    store.tick()
    assert shared.census.take().chats == 2
    advance_with_present(store, clock)
    assert shared.census.take() == Census(0, 0, 0, [])


def test_pods_are_listed_for_ten_seconds_after_a_report(open_shared, clock):
    shared = open_shared()
    shared.pods.report("back-0", b"\x00: fine\n")
    clock.advance(9.75)
    assert shared.pods.pods() == {"back-0": b"\x00: fine\n"}
    clock.advance(0.25)
    assert shared.pods.pods() == {}
    clock.advance(100)
    assert shared.pods.pods() == {}
    shared.pods.report("back-0", b"again")
    assert shared.pods.pods() == {"back-0": b"again"}


def test_a_command_reaches_its_pod(open_shared, wait_until):
    commands, received = open_shared().commands, []
    assert not commands.send("back-0", b"nobody listens")
    commands.listen(received.append)
    wait_until(lambda: commands.send("back-0", b"o \xff now"))
    wait_until(lambda: b"o \xff now" in received)
    assert not commands.send("back-1", b"no such Pod")


def test_a_state_in_use_passes_its_check(open_shared):
    assert open_shared().check() is None
