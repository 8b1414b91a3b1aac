"""What only Redis can do to a store: several processes at once, outages, restarts."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from backend.roulette.redis_link import Link
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Away, Limits, Message, NotInChat, Paired, Unknown

ROOT = Path(__file__).parents[4]
PLENTY = Limits(messages_per_window=100_000, log_entries=100_000)


@contextmanager
def replicas(url, count=1, limits=PLENTY, clock=None):
    stores = [RedisStore(url, f"back-{number}", limits, clock) for number in range(count)]
    yield stores
    for store in stores:
        store.close()


@pytest.fixture
def store(redis_server):
    with replicas(redis_server.url) as (only,):
        yield only


def pair(store, one="a", two="b"):
    for visitor in (one, two):
        store.enter(visitor, f"cat-{visitor}", "en")
        store.seek(visitor, "first")
    return store.who(one).chat


def messages(store, visitor):
    entries = store.read(visitor, 0)
    return [(entry.event.mine, entry.event.id) for entry in entries if isinstance(entry.event, Message)]


def works(store):
    """Tell whether the store can be used."""
    try:
        store.census()
    except Away:
        return False
    return True


# Several processes


def test_only_the_pod_that_has_the_stream_is_woken(redis_server, heard, wait_for):
    with replicas(redis_server.url, 2) as (one, two):
        first, second = heard(one), heard(two)
        one.enter("a", "cat-a", "en")
        two.enter("b", "cat-b", "en")
        one.connect("a", "stream-a")
        two.connect("b", "stream-b")
        one.seek("a", "first")
        two.seek("b", "first")
        chat = one.who("a").chat
        one.say("a", chat, "1", "hello")
        two.typing("b", chat)
        wait_for(lambda: ("typed", "a", chat) in first.calls)
        wait_for(lambda: second.calls.count(("woken", "b")) == 2)
        assert ("woken", "b") not in first.calls
        assert ("woken", "a") not in second.calls
        two.connect("a", "newer")
        wait_for(lambda: ("replaced", "a", "stream-a") in first.calls)
        assert two.order("back-0", b"cpu")
        wait_for(lambda: ("ordered", b"cpu") in first.calls)


def test_a_lost_subscription_is_taken_up_again_and_said(redis_server, heard, wait_for):
    with replicas(redis_server.url) as (store,):
        listener = heard(store)
        store.enter("a", "cat-a", "en")
        store.connect("a", "stream")
        redis_server.client.client_kill_filter(_type="pubsub")
        wait_for(lambda: listener.calls.count(("missed",)) == 2)
        store.seek("a", "first")
        wait_for(lambda: ("woken", "a") in listener.calls)


def act(stores, visitors, seed, accepted):
    """Do a hundred things at random, as some of the visitors; ticks and other visitors' doings come in between."""
    draw = random.Random(seed)
    for turn in range(100):
        store, visitor = draw.choice(stores), draw.choice(visitors)
        kind = draw.choice(["seek", "say", "say", "say", "say", "leave", "tick"])
        if kind == "seek":
            store.seek(visitor, f"{seed}-{turn}")
        elif kind == "leave" and draw.random() < 0.3:
            store.leave(visitor)
        elif kind == "tick":
            store.tick()
        elif chat := store.who(visitor).chat:
            name = f"{seed}-{turn}"
            with suppress(NotInChat):
                said = store.say(visitor, chat, name, "hello")
                accepted.append((visitor, chat, name))
                assert draw.choice(stores).say(visitor, chat, name, "hello").number == said.number


def test_hundreds_of_things_at_once_keep_both_sides_alike(redis_server):
    """What is in both logs of each chat that is left is the same, in the same order, and all that was accepted."""
    visitors = [f"v{number}" for number in range(40)]
    accepted = []
    with replicas(redis_server.url, 3, PLENTY) as stores:
        for visitor in visitors:
            stores[0].enter(visitor, f"cat-{visitor}", "en")
        with ThreadPoolExecutor(12) as pool:
            # Each visitor is played by two threads: a client that repeats itself, or has two tabs.
            jobs = [pool.submit(act, stores, visitors[worker // 2 :: 6], worker, accepted) for worker in range(12)]
            for job in jobs:
                job.result()
        check(stores[0], visitors, accepted)
        assert len(accepted) > 100


def check(store, visitors, accepted):
    chats = {}
    for visitor in visitors:
        entries = store.read(visitor, 0)
        numbers = [entry.number for entry in entries]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        if store.who(visitor).state == "chat":
            chats.setdefault(store.who(visitor).chat, []).append(visitor)
    assert chats
    for chat, (one, two) in chats.items():
        both = messages(store, one)
        assert both == [(not mine, name) for mine, name in messages(store, two)]
        assert sorted(name for _, name in both) == sorted(name for _, where, name in accepted if where == chat)
        assert {store.read(visitor, 0)[-len(both) - 1].event.cat for visitor in (one, two)} == {
            f"cat-{one}",
            f"cat-{two}",
        }


def test_all_who_seek_at_once_are_paired(redis_server):
    visitors = [f"v{number}" for number in range(200)]
    with replicas(redis_server.url, 4) as stores, ThreadPoolExecutor(16) as pool:
        for visitor in visitors:
            stores[0].enter(visitor, f"cat-{visitor}", "en")
        list(pool.map(lambda visitor: random.choice(stores).seek(visitor, "first"), visitors))
        partners = {visitor: stores[0].read(visitor, 0)[-1].event.cat.removeprefix("cat-") for visitor in visitors}
        assert all(partners[partners[visitor]] == visitor != partners[visitor] for visitor in visitors)
        assert stores[0].census().chats == 100


# Outages


def test_killed_and_started_again_nothing_accepted_is_lost(durable_redis, heard, wait_for):
    """Two talk while Redis is killed without warning, twice; each tries a message again until it is accepted."""
    with replicas(durable_redis.url, 2) as stores:
        listener = heard(stores[0])
        chat = pair(stores[0])
        before = stores[0].read("a", 0)[-1].number

        def talk(visitor, store, count):
            for number in range(count):
                while True:
                    try:
                        store.say(visitor, chat, f"{visitor}{number}", "hello")
                        break
                    except Away:
                        time.sleep(0.01)

        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(talk, visitor, store, 600) for visitor, store in zip("ab", stores, strict=True)]
            for count in (150, 400):
                wait_for(lambda count=count: len(safely(stores[0])) > count, 20)
                durable_redis.kill()
                durable_redis.start()
            for job in jobs:
                job.result(timeout=30)
        said = messages(stores[1], "a")
        for mine, visitor in ((True, "a"), (False, "b")):
            assert [name for own, name in said if own is mine] == [f"{visitor}{number}" for number in range(600)]
        assert [(not mine, name) for mine, name in said] == messages(stores[0], "b")
        assert stores[0].read("a", 0)[-1].number == before + 1200
        wait_for(lambda: listener.calls.count(("missed",)) >= 3)


def safely(store):
    try:
        return messages(store, "a")
    except Away:
        return []


def test_after_an_outage_the_first_call_finds_redis_again(durable_redis):
    with replicas(durable_redis.url) as (store,):
        store.enter("a", "cat-a", "en")
        durable_redis.kill()
        durable_redis.start()
        assert store.who("a").state == "idle"
        assert store.seek("a", "first") == "waiting"


def test_nobody_is_gone_because_redis_was(durable_redis, clock):
    """After an outage everybody was last seen before it, and has as long as ever to be seen again."""
    with replicas(durable_redis.url, limits=Limits(absent_seconds=20), clock=clock) as (store,):
        store.enter("a", "cat-a", "en")
        durable_redis.kill()
        with pytest.raises(Away):
            store.tick()
        clock.wind(60)
        durable_redis.start()
        store.tick()
        clock.wind(19)
        store.tick()
        assert store.who("a").state == "idle"
        clock.wind(1)
        store.tick()
        with pytest.raises(Unknown):
            store.who("a")


def test_a_new_process_waits_before_it_takes_anybody_for_gone(redis_server, clock):
    with replicas(redis_server.url, clock=clock) as (old,):
        old.enter("a", "cat-a", "en")
        clock.wind(60)
        with replicas(redis_server.url, clock=clock) as (new,):
            new.tick()
            clock.wind(19)
            new.tick()
            assert new.who("a").state == "idle"
            clock.wind(1)
            new.tick()
            with pytest.raises(Unknown):
                new.who("a")


def test_many_at_once_are_gone_after_some_ticks(redis_server, clock):
    with replicas(redis_server.url, clock=clock) as (store,):
        for number in range(450):
            store.enter(f"v{number}", f"cat{number}", "en")
        clock.wind(21)
        left = []
        for _ in range(3):
            store.tick()
            left.append(store.census().visitors)
        assert left == [250, 50, 0]


def refuse(server, **settings):
    for name, value in settings.items():
        server.client.config_set(name.replace("_", "-"), value)


@contextmanager
def out_of_memory(server):
    refuse(server, maxmemory=1)
    yield
    refuse(server, maxmemory=0)


@contextmanager
def without_replicas(server):
    refuse(server, min_replicas_to_write=1)
    yield
    refuse(server, min_replicas_to_write=0)


@contextmanager
def read_only(server):
    server.client.replicaof("127.0.0.1", 1)
    yield
    server.client.replicaof("no", "one")


@contextmanager
def frozen(server):
    server.freeze()
    yield
    server.thaw()


@contextmanager
def killed(server):
    server.kill()
    yield
    server.start()


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(out_of_memory, id="out of memory"),
        pytest.param(without_replicas, id="no replicas"),
        pytest.param(read_only, id="read-only"),
        pytest.param(frozen, id="frozen"),
        pytest.param(killed, id="killed"),
    ],
)
def test_away_is_said_in_time_and_comes_to_an_end(durable_redis, trouble, wait_for):
    with replicas(durable_redis.url) as (store,):
        chat = pair(store)
        with trouble(durable_redis):
            began = time.monotonic()
            with pytest.raises(Away):
                store.say("a", chat, "1", "hello")
            assert time.monotonic() - began < 3
            began = time.monotonic()
            assert store.check()
            assert time.monotonic() - began < 1
        wait_for(lambda: works(store))
        wait_for(lambda: store.check() is None)
        assert store.say("a", chat, "1", "hello").number == 3
        assert [name for _, name in messages(store, "b")] == ["1"]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(redis.BusyLoadingError("Redis is loading the dataset in memory"), id="loading"),
        pytest.param(redis.ResponseError("MISCONF Errors writing to the AOF file"), id="misconf"),
        pytest.param(redis.ResponseError("BUSY Redis is busy running a script."), id="busy"),
        pytest.param(redis.ReadOnlyError("You can't write against a read only replica."), id="read-only"),
        pytest.param(redis.TimeoutError("Timeout reading from socket"), id="timeout"),
    ],
)
def test_each_way_of_being_away_is_away(error):
    def fail():
        raise error

    with pytest.raises(Away):
        Link("redis://127.0.0.1:1").do(fail)


def test_a_fault_of_ours_is_not_taken_for_an_outage():
    def fail():
        raise redis.ResponseError("ERR Error running script")

    with pytest.raises(redis.ResponseError):
        Link("redis://127.0.0.1:1").do(fail)


def test_without_a_server_a_call_ends_soon():
    with replicas("redis://127.0.0.1:1/0") as (store,):
        with pytest.raises(Away):
            store.enter("a", "cat", "en")
        assert "127.0.0.1:1" in store.check()


def test_out_of_memory_visitors_can_still_leave_and_be_gone(redis_server, clock):
    with replicas(redis_server.url, clock=clock) as (store,):
        for visitor in "cd":
            store.enter(visitor, f"cat-{visitor}", "en")
        pair(store)
        clock.wind(21)
        store.here("ab")
        with out_of_memory(redis_server):
            store.here("ab")
            store.tick()
            assert store.census().visitors == 2
            store.leave("a")
            store.quit("b")
            assert store.census().chats == 0


def test_scripts_that_redis_has_forgotten_are_sent_again(store, redis_server):
    chat = pair(store)
    redis_server.client.script_flush()
    assert store.say("a", chat, "1", "hello").number > 1


# What is kept


def test_every_key_expires_when_nobody_renews_it(store, redis_server):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    store.enter("c", "cat-c", "en")
    store.seek("c", "first")
    store.report("back-0", b"fine")
    store.check()
    store.tick()
    lives = {key: redis_server.client.ttl(key) for key in redis_server.client.keys("*")}
    assert len(lives) > 10
    assert all(0 < seconds <= 3600 for seconds in lives.values()), lives


def test_presence_renews_what_is_kept(store, redis_server):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    for key in redis_server.client.keys("cats:*:a"):
        redis_server.client.expire(key, 60)
    store.here(["a", "nobody"])
    assert {redis_server.client.ttl(key) > 60 for key in redis_server.client.keys("cats:*:a")} == {True}
    assert not redis_server.client.exists("cats:v:nobody")


def test_when_all_have_quit_nothing_is_left(store, redis_server):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    for visitor in "ab":
        store.quit(visitor)
    assert redis_server.client.keys("*") == []


def test_a_visitor_that_expired_in_redis_is_no_candidate(store, redis_server):
    for visitor in "ab":
        store.enter(visitor, f"cat-{visitor}", "en")
    store.seek("a", "first")
    redis_server.client.delete("cats:v:a")
    assert store.seek("b", "first") == "waiting"
    assert store.census().waiting == 1
    assert store.census().visitors == 1


def test_without_a_clock_the_time_is_that_of_redis(store):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    assert abs(store.read("b", 0)[-1].event.at - time.time() * 1000) < 5000
    assert isinstance(store.read("b", 0)[0].event, Paired)


GREENLETS = """
from gevent import monkey; monkey.patch_all()
import os, sys, time, gevent
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Away, Limits
store = RedisStore(sys.argv[1], "back-1", Limits(messages_per_window=1000))
woken = set()
class Listener:
    def woken(self, visitor): woken.add(visitor)
    def missed(self): pass
store.listen(Listener())
visitors = [f"v{n}" for n in range(100)]
def visit(visitor):
    store.enter(visitor, "cat-" + visitor, "en")
    store.connect(visitor, "1")
    store.seek(visitor, "1")
gevent.joinall([gevent.spawn(visit, v) for v in visitors], raise_error=True)
def talk(visitor):
    chat = store.who(visitor).chat
    for n in range(5): store.say(visitor, chat, str(n), "hello")
gevent.joinall([gevent.spawn(talk, v) for v in visitors], raise_error=True)
def all_woken():
    while len(woken) < 100: gevent.sleep(0.01)
gevent.with_timeout(5, all_woken)
os.kill(int(sys.argv[2]), 19)
longest = 0.0
def beat():
    global longest
    while True:
        before = time.monotonic(); gevent.sleep(0.01); longest = max(longest, time.monotonic() - before)
beats = gevent.spawn(beat)
def fail(visitor):
    try: store.who(visitor)
    except Away: return 1
began = time.monotonic()
failed = [gevent.spawn(fail, v) for v in visitors]
gevent.joinall(failed, raise_error=True)
print(sum(g.value or 0 for g in failed), time.monotonic() - began < 5, longest < 0.5)
os.kill(int(sys.argv[2]), 18)
store.close()
"""


def test_greenlets_wait_for_redis_without_keeping_others_waiting(durable_redis):
    arguments = [sys.executable, "-c", GREENLETS, durable_redis.url, str(durable_redis.process.pid)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False, cwd=ROOT, env=os.environ)
    assert done.stdout.split() == ["100", "True", "True"], done.stderr
