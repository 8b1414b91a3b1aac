"""Several processes on one Redis, and what Redis keeps."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from backend.roulette.store import NotInChat

ROOT = Path(__file__).parents[4]


def test_only_the_pod_with_the_stream_is_notified(redis_server, record, wait_until, replicas):
    first, second = replicas(redis_server.url, 2)
    listeners = record(first), record(second)
    for shared, visitor in ((first, "a"), (second, "b")):
        shared.store.enter(visitor, f"cat-{visitor}", "en")
        shared.store.connect(visitor, f"stream-{visitor}")
        shared.store.seek(visitor, "first")
    chat = first.store.get("a").chat
    first.store.say("a", chat, "1", "hello")
    second.store.typing("b", chat)
    second.store.connect("a", "newer")()
    wait_until(lambda: ("typing", "a", chat) in listeners[0].calls)
    wait_until(lambda: ("replaced", "a", "stream-a", "newer") in listeners[0].calls)
    wait_until(lambda: listeners[1].calls.count(("log_changed", "b")) == 2)
    assert ("log_changed", "b") not in listeners[0].calls
    assert ("log_changed", "a") not in listeners[1].calls
    commands = []
    first.commands.listen(commands.append)
    wait_until(lambda: second.commands.send("back-0", b"cpu"))
    wait_until(lambda: b"cpu" in commands)


def test_a_lost_subscription_is_renewed(redis_server, record, wait_until, replicas):
    (shared,) = replicas(redis_server.url)
    listener = record(shared)
    shared.store.enter("a", "cat-a", "en")
    shared.store.connect("a", "stream")
    redis_server.client.client_kill_filter(_type="pubsub")
    wait_until(lambda: listener.calls.count(("resync",)) == 2)
    shared.store.seek("a", "first")
    wait_until(lambda: ("log_changed", "a") in listener.calls)


def test_a_message_that_cannot_be_handled_ends_no_subscription(redis_server, record, wait_until, replicas):
    """Neither what is no text, nor the listener's own fault."""
    (shared,) = replicas(redis_server.url)
    listener = record(shared)
    listener.typing = lambda *_: {}["bug"]
    redis_server.client.publish("cats:pod:back-0", b"w \xff")
    redis_server.client.publish("cats:pod:back-0", b"t a chat")
    shared.store.enter("a", "cat-a", "en")
    shared.store.connect("a", "stream")
    shared.store.seek("a", "first")
    wait_until(lambda: ("log_changed", "a") in listener.calls)


def act_at_random(stores, visitors, seed, accepted):
    draw = random.Random(seed)
    for turn in range(100):
        store, visitor, request = draw.choice(stores), draw.choice(visitors), f"{seed}-{turn}"
        action = draw.choice(["seek", "say", "say", "say", "say", "leave", "tick"])
        if action == "seek":
            store.seek(visitor, request)
        elif action == "leave" and draw.random() < 0.3:
            store.leave(visitor)
        elif action == "tick":
            store.tick()
        elif chat := store.get(visitor).chat:
            with suppress(NotInChat):
                receipt = store.say(visitor, chat, request, "hello")
                accepted.append((visitor, chat, request))
                assert draw.choice(stores).say(visitor, chat, request, "hello").number == receipt.number


def test_concurrent_requests_keep_both_logs_alike(redis_server, replicas, messages):
    """Both logs of a chat have the same messages in the same order, and all that were accepted."""
    visitors = [f"v{number}" for number in range(40)]
    accepted = []
    stores = [shared.store for shared in replicas(redis_server.url, 3)]
    for visitor in visitors:
        stores[0].enter(visitor, f"cat-{visitor}", "en")
        stores[0].connect(visitor, f"stream-{visitor}")
    with ThreadPoolExecutor(12) as pool:
        # Each visitor is played by two threads: a client that repeats its requests, or has two tabs.
        jobs = [
            pool.submit(act_at_random, stores, visitors[worker // 2 :: 6], worker, accepted) for worker in range(12)
        ]
        for job in jobs:
            job.result()
    assert len(accepted) > 100
    chats = {}
    for visitor in visitors:
        numbers = [entry.number for entry in stores[0].read(visitor, 0)]
        assert not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        if stores[0].get(visitor).state == "chat":
            chats.setdefault(stores[0].get(visitor).chat, []).append(visitor)
    assert chats
    for chat, (first, second) in chats.items():
        sent = messages(stores[0], first)
        assert sent == [(not mine, message) for mine, message in messages(stores[0], second)]
        assert sorted(message for _, message in sent) == sorted(
            message for _, where, message in accepted if where == chat
        )
        cats = {stores[0].read(visitor, 0)[-len(sent) - 1].event.cat for visitor in (first, second)}
        assert cats == {f"cat-{first}", f"cat-{second}"}


def test_all_who_seek_at_once_are_paired(redis_server, replicas):
    visitors = [f"v{number}" for number in range(200)]
    shared = replicas(redis_server.url, 4)
    store = shared[0].store
    for visitor in visitors:
        store.enter(visitor, f"cat-{visitor}", "en")
        store.connect(visitor, f"stream-{visitor}")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda visitor: random.choice(shared).store.seek(visitor, "first"), visitors))
    partners = {visitor: store.read(visitor, 0)[-1].event.cat.removeprefix("cat-") for visitor in visitors}
    assert all(partners[partner] == visitor != partner for visitor, partner in partners.items())
    assert shared[0].census().chats == 100


def test_every_key_expires_unless_presence_renews_it(redis_server, replicas, pair):
    (shared,) = replicas(redis_server.url)
    store, client = shared.store, redis_server.client
    chat = pair(store)
    store.say("a", chat, "1", "hello")
    store.enter("c", "cat-c", "en")
    store.seek("c", "first")
    shared.pods.report("back-0", b"fine")
    shared.check()
    store.tick()
    expiry = {key: client.ttl(key) for key in client.keys("*")}
    assert len(expiry) > 10
    assert all(0 < seconds <= 3600 for seconds in expiry.values()), expiry
    for key in client.keys("cats:*:a"):
        client.expire(key, 60)
    store.heartbeat({"a": "stream-a", "nobody": "stream"})
    assert all(client.ttl(key) > 60 for key in client.keys("cats:*:a"))
    assert not client.exists("cats:v:nobody")


def test_when_all_have_quit_nothing_is_left(redis_store, redis_server, pair):
    redis_store.say("a", pair(redis_store), "1", "hello")
    for visitor in "ab":
        redis_store.quit(visitor)
    assert redis_server.client.keys("*") == []


def test_a_visitor_that_expired_is_not_drawn(redis_server, replicas):
    (shared,) = replicas(redis_server.url)
    for visitor in "ab":
        shared.store.enter(visitor, f"cat-{visitor}", "en")
        shared.store.connect(visitor, f"stream-{visitor}")
    shared.store.seek("a", "first")
    redis_server.client.delete("cats:v:a")
    assert shared.store.seek("b", "first") == "waiting"
    assert (shared.census().waiting, shared.census().visitors) == (1, 1)


def test_without_a_clock_the_time_is_that_of_redis(redis_store, pair):
    redis_store.say("a", pair(redis_store), "1", "hello")
    assert abs(redis_store.read("b", 0)[-1].event.at - time.time() * 1000) < 60_000


def test_many_absent_visitors_are_removed_in_several_ticks(redis_server, clock, replicas):
    (shared,) = replicas(redis_server.url, clock=clock)
    for number in range(450):
        shared.store.enter(f"v{number}", f"cat{number}", "en")
        shared.store.connect(f"v{number}", "stream")
    clock.advance(21)
    counts = []
    for _ in range(3):
        shared.store.tick()
        counts.append(shared.census().visitors)
    assert counts == [250, 50, 0]


GREENLETS = """
from gevent import monkey; monkey.patch_all()
import os, signal, sys, gevent
from backend.replicas.errors import Unavailable
from backend.roulette.store import Limits
from backend.shared_state import in_redis
shared = in_redis(sys.argv[1], "back-1", Limits(actions=1000))
store, notified = shared.store, set()
class Listener:
    def log_changed(self, visitor): notified.add(visitor)
    def typing(self, visitor, chat): pass
    def replaced(self, visitor, connection, newer): pass
    def resync(self): pass
store.listen(Listener())
visitors = [f"v{number}" for number in range(100)]
def everybody(action):
    greenlets = [gevent.spawn(action, visitor) for visitor in visitors]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.value for greenlet in greenlets]
def visit(visitor):
    store.enter(visitor, "cat-" + visitor, "en")
    store.connect(visitor, "1")
    store.seek(visitor, "1")
def talk(visitor):
    chat = store.get(visitor).chat
    for number in range(5): store.say(visitor, chat, str(number), "hello")
everybody(visit)
everybody(talk)
with gevent.Timeout(20):
    while len(notified) < 100: gevent.sleep(0.01)
os.kill(int(sys.argv[2]), signal.SIGSTOP)
beats = []
def beat():
    while True:
        gevent.sleep(0.01)
        beats.append(1)
gevent.spawn(beat)
def fail(visitor):
    try: store.get(visitor)
    except Unavailable: return 1
print(sum(everybody(fail)), len(beats) > 50)
os.kill(int(sys.argv[2]), signal.SIGCONT)
shared.close()
"""


@pytest.mark.nightly
def test_greenlets_that_wait_for_redis_block_no_others(durable_redis):
    """A hundred wait for a frozen Redis until their time-out, two seconds, while another runs on."""
    arguments = [sys.executable, "-c", GREENLETS, durable_redis.url, str(durable_redis.process.pid)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, env=os.environ)
    assert done.stdout.split() == ["100", "True"], done.stderr
