"""What the store in memory takes of a small Pod's memory has an end."""

import pytest

from backend.roulette import memory
from backend.roulette.memory import MemoryStore
from backend.roulette.store import Limits, Paired


@pytest.fixture
def store(clock):
    return MemoryStore(Limits(per_window=1000, log_entries=100), clock)


def texts(store, visitor):
    return [entry.event.text for entry in store.read(visitor, 0) if hasattr(entry.event, "text")]


def test_busy_logs_are_cut_down_when_all_together_take_too_much(store, pair, monkeypatch):
    monkeypatch.setattr(memory, "BUDGET", 1000)
    chat = pair(store)
    for number in range(90):
        store.say("a", chat, str(number), f"{number}")
    assert texts(store, "b")[-memory.FEW :] == [f"{number}" for number in range(90 - memory.FEW, 90)]
    assert len(texts(store, "a")) + len(texts(store, "b")) <= 2 * memory.FEW
    assert store.say("a", chat, "89", "89").repeated


def test_a_text_counts_by_the_bytes_that_it_takes(store, pair, monkeypatch):
    monkeypatch.setattr(memory, "BUDGET", 60_000)
    chat = pair(store)
    for number in range(40):
        store.say("a", chat, str(number), "\N{CAT FACE}" * 500)
    assert len(texts(store, "a")) + len(texts(store, "b")) < 30
    store.say("a", chat, "last", "x")
    assert store.read("b", 0)[0].event == Paired(chat, "cat-a", house=False)


def test_the_ids_are_forgotten_with_their_messages(store, clock):
    store.enter("a", "cat-a", "en")
    store.seek("a", "first")
    clock.wind(3)
    store.tick()
    chat = store.who("a").chat
    for number in range(300):
        store.say("a", chat, str(number), "hello")
        store.answer("a", chat, str(number), "miaow")
    guest = store._guest("a")
    assert (len(guest.log), len(guest.said), len(guest.told)) == (100, 50, 50)
    assert store.say("a", chat, "299", "hello").count == 300
    assert store.say("a", chat, "250", "hello").count == 251


def test_the_account_is_even_when_all_have_gone(store, pair):
    chat = pair(store)
    for number in range(200):
        store.say("a", chat, str(number), "hello")
    assert store._kept > 0
    for visitor in "ab":
        store.quit(visitor)
    assert store._kept == 0
