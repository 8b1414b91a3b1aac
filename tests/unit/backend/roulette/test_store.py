"""What test_store_machine.py does not show of the shared state, in memory and in Redis."""

import pytest

from backend.roulette.store import Message, NotInChat, Paired, TooMany, UnknownVisitor, Waiting


@pytest.fixture
def store(open_shared):
    return open_shared().store


def enter(store, *visitors):
    """Each with a stream: others can find them."""
    for visitor in visitors:
        store.enter(visitor, f"cat-{visitor}", "en")
        store.connect(visitor, f"stream-{visitor}")


def events(store, visitor):
    return [entry.event for entry in store.read(visitor, 0)]


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
    assert (shared.census().waiting, shared.census().chats) == (1, 1)
    store.leave("c")
    store.tick()
    assert (shared.census().waiting, shared.census().chats) == (0, 1)


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
    store.connect("b", "2")()
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
    assert store.read("b", 21) == []
    assert [entry.number for entry in store.read("b", 22)] == [1, 17, 18, 19, 20, 21], "a number of another life"
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


def test_streams_are_notified(open_shared, record, wait_until, pair):
    shared = open_shared()
    store, listener = shared.store, record(shared)
    chat = pair(store)
    for connection in ("1", "1", "2"):
        store.connect("a", connection)()
    store.connect("b", "3")
    store.say("a", chat, "1", "hello")
    store.typing("b", chat)
    store.connect("a", "4")()
    wanted = [("log_changed", "a"), ("log_changed", "b"), ("typing", "a", chat), ("replaced", "a", "2", "4")]
    wait_until(lambda: all(call in listener.calls for call in wanted))
    assert ("typing", "b", chat) not in listener.calls
    replaced = [call for call in listener.calls if call[0] == "replaced"]
    assert [connections for _, _, *connections in replaced] == [["stream-a", "1"], ["1", "2"], ["2", "4"]]


def test_a_log_is_complete_before_its_stream_is_notified(open_shared, record, wait_until):
    shared = open_shared()
    store, listener = shared.store, record(shared)
    views = []
    listener.log_changed = lambda visitor: views.append(
        (visitor, len(store.read(visitor, 0)), store.get(visitor).state)
    )
    enter(store, "a", "b")
    store.connect("a", "1")
    store.connect("b", "2")
    store.seek("a", "first")
    wait_until(lambda: ("a", 1, "waiting") in views)
    store.seek("b", "first")
    wait_until(lambda: ("b", 1, "chat") in views and ("a", 2, "chat") in views)


def test_pods_are_listed_for_ten_seconds_after_a_report(open_shared, clock):
    shared = open_shared()
    assert shared.check() is None
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


def test_alone_for_so_long_a_visitor_gets_a_bot_and_absent_for_longer_it_is_removed(open_shared, clock):
    store = open_shared(alone_seconds=3, absent_seconds=20).store
    enter(store, "a")
    store.seek("a", "first")
    for seconds, state in ((2.75, "waiting"), (0.25, "house"), (17, "house")):
        clock.advance(seconds)
        store.tick()
        assert store.get("a").state == state
    clock.advance(0.25)
    store.tick()
    with pytest.raises(UnknownVisitor):
        store.get("a")


def known(store, visitor):
    try:
        return bool(store.get(visitor))
    except UnknownVisitor:
        return False


def test_nobody_is_paired_with_a_visitor_without_a_stream(store, clock):
    """A tab that was closed while waiting, and one closed beside a house cat; both come back."""
    for visitor in "ab":
        enter(store, visitor)
        store.seek(visitor, "first")
        clock.advance(3)
        store.tick()
        store.disconnect(visitor, "another stream")
        store.disconnect(visitor, f"stream-{visitor}")
    assert [store.get(visitor).state for visitor in "ab"] == ["house", "house"]
    enter(store, "c")
    assert store.seek("c", "first") == "waiting"
    assert store.connect("b", "stream-again")
    assert [store.get(visitor).state for visitor in "abc"] == ["house", "chat", "chat"]


def test_a_page_that_is_left_has_less_time_unless_it_comes_back(open_shared, record, clock, wait_until, pair):
    shared = open_shared(absent_seconds=20, away_seconds=5)
    store, listener = shared.store, record(shared)
    pair(store)
    for visitor, page in (("a", "p"), ("b", "q")):
        store.connect(visitor, f"{page}.1")
        clock.advance(20)
        store.heartbeat({visitor: f"{page}.1" for visitor, page in (("a", "p"), ("b", "q"))})
        store.away(visitor, "another-page")
        store.away(visitor, page)
    wait_until(lambda: ("replaced", "b", "q.1", "q.away") in listener.calls)
    store.connect("a", "p.2")
    clock.advance(5.25)
    store.tick()
    assert (known(store, "a"), known(store, "b")) == (True, False)
    assert events(store, "a")[-1].why == "gone"


def test_those_without_a_stream_keep_nobody_out(open_shared, clock):
    """Neither by their number, nor by filling the house; they themselves are soon forgotten."""
    store = open_shared(visitors=4, pending=2, absent_seconds=20, arrive_seconds=10).store
    enter(store, "a", "b", "c")
    for visitor in "defg":
        clock.advance(0.25)
        store.enter(visitor, f"cat-{visitor}", "en")
    assert [visitor for visitor in "abcdefg" if known(store, visitor)] == list("abcg")
    clock.advance(11)
    store.heartbeat({visitor: f"stream-{visitor}" for visitor in "abc"})
    store.tick()
    clock.advance(9)
    store.tick()
    assert [visitor for visitor in "abcdefg" if known(store, visitor)] == list("abc")


def test_one_log_takes_no_more_than_its_bytes(open_shared, pair):
    store = open_shared(actions=1000, log_bytes=20_000).store
    chat = pair(store)
    for number in range(40):
        store.say("a", chat, str(number), "\N{CAT FACE}" * 500)
    paired, *messages = events(store, "b")
    assert paired == Paired(chat, "cat-a", house=False)
    assert 4 <= len(messages) <= 10
    assert messages[-1].id == "39"
    assert not store.say("a", chat, "0", "its id went with it").repeated
