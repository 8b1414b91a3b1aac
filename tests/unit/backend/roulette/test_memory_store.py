"""The memory that the store in memory takes is bounded."""

import pytest

from backend.roulette.memory_log import SHORT, LogBudget, VisitorLog
from backend.roulette.memory_store import MemoryStore
from backend.roulette.store import Entry, Limits, Message, Paired


def append(log, number, text="hello", *, mine=True):
    log.append(Message("chat", str(number), mine=mine, text=text, at=0))
    if mine:
        log.sent[str(number)] = log.number


@pytest.mark.parametrize(("limit", "text"), [(1000, "x"), (20_000, "\N{CAT FACE}" * 500)])
def test_logs_are_cut_down_while_all_together_exceed_the_budget(limit, text):
    budget = LogBudget(limit)
    logs = VisitorLog(budget, Limits()), VisitorLog(budget, Limits())
    paired = Paired("chat", "cat", house=False)
    for log in logs:
        log.append(paired)
    for number in range(90):
        for log in logs:
            append(log, number, text)
    for log in logs:
        first, *rest = log.read(0)
        assert first == Entry(1, paired)
        assert [entry.event.id for entry in rest] == [str(number) for number in range(90 - SHORT, 90)]
        assert list(log.sent) == [entry.event.id for entry in rest], "ids are dropped with their messages"
        log.clear()
    assert budget.used == 0


def test_a_repeat_is_counted_although_older_messages_were_dropped(clock):
    store = MemoryStore(Limits(actions=1000, log_entries=100), clock)
    store.enter("a", "cat-a", "en")
    store.seek("a", "first")
    clock.advance(3)
    store.tick()
    chat = store.get("a").chat
    for number in range(300):
        store.say("a", chat, str(number), "hello")
        store.bot_say("a", chat, str(number), "miaow")
    assert [store.say("a", chat, message, "hello").turn for message in ("299", "250")] == [300, 251]
