"""Several processes on one Redis, and what Redis keeps."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from backend.roulette.store import NotInChat, Paired

ROOT = Path(__file__).parents[4]

# Several processes


def test_only_the_pod_that_has_the_stream_is_woken(redis_server, heard, wait_for, replicas):
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
        wait_for(lambda: ("replaced", "a", "stream-a", "newer") in first.calls)
        assert two.order("back-0", b"cpu")
        wait_for(lambda: ("ordered", b"cpu") in first.calls)


def test_a_lost_subscription_is_taken_up_again_and_said(redis_server, heard, wait_for, replicas):
    with replicas(redis_server.url) as (store,):
        listener = heard(store)
        store.enter("a", "cat-a", "en")
        store.connect("a", "stream")
        redis_server.client.client_kill_filter(_type="pubsub")
        wait_for(lambda: listener.calls.count(("missed",)) == 2)
        store.seek("a", "first")
        wait_for(lambda: ("woken", "a") in listener.calls)


def test_what_cannot_be_taken_keeps_nobody_from_what_comes_after(redis_server, heard, wait_for, replicas):
    """Neither what is no text, nor a listener's own fault, ends the listening."""
    with replicas(redis_server.url) as (store,):
        listener = heard(store)
        listener.ordered = lambda _: {}["bug"]
        redis_server.client.publish("cats:pod:back-0", b"w \xff")
        assert store.order("back-0", b"cpu")
        store.enter("a", "cat-a", "en")
        store.connect("a", "stream")
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


def test_hundreds_of_things_at_once_keep_both_sides_alike(redis_server, replicas, messages):
    """What is in both logs of each chat that is left is the same, in the same order, and all that was accepted."""
    visitors = [f"v{number}" for number in range(40)]
    accepted = []
    with replicas(redis_server.url, 3) as stores:
        for visitor in visitors:
            stores[0].enter(visitor, f"cat-{visitor}", "en")
        with ThreadPoolExecutor(12) as pool:
            # Each visitor is played by two threads: a client that repeats itself, or has two tabs.
            jobs = [pool.submit(act, stores, visitors[worker // 2 :: 6], worker, accepted) for worker in range(12)]
            for job in jobs:
                job.result()
        check(stores[0], visitors, accepted, messages)
        assert len(accepted) > 100


def check(store, visitors, accepted, messages):
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


def test_all_who_seek_at_once_are_paired(redis_server, replicas):
    visitors = [f"v{number}" for number in range(200)]
    with replicas(redis_server.url, 4) as stores, ThreadPoolExecutor(16) as pool:
        for visitor in visitors:
            stores[0].enter(visitor, f"cat-{visitor}", "en")
        list(pool.map(lambda visitor: random.choice(stores).seek(visitor, "first"), visitors))
        partners = {visitor: stores[0].read(visitor, 0)[-1].event.cat.removeprefix("cat-") for visitor in visitors}
        assert all(partners[partners[visitor]] == visitor != partners[visitor] for visitor in visitors)
        assert stores[0].census().chats == 100


# What is kept


def test_every_key_expires_when_nobody_renews_it(store, redis_server, pair):
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


def test_presence_renews_what_is_kept(store, redis_server, pair):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    for key in redis_server.client.keys("cats:*:a"):
        redis_server.client.expire(key, 60)
    store.here(["a", "nobody"])
    assert {redis_server.client.ttl(key) > 60 for key in redis_server.client.keys("cats:*:a")} == {True}
    assert not redis_server.client.exists("cats:v:nobody")


def test_when_all_have_quit_nothing_is_left(store, redis_server, pair):
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


def test_without_a_clock_the_time_is_that_of_redis(store, pair):
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    assert abs(store.read("b", 0)[-1].event.at - time.time() * 1000) < 5000
    assert isinstance(store.read("b", 0)[0].event, Paired)


GREENLETS = """
from gevent import monkey; monkey.patch_all()
import os, sys, time, gevent
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Away, Limits
store = RedisStore(sys.argv[1], "back-1", Limits(per_window=1000))
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
