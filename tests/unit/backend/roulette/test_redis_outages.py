"""Redis killed, frozen, full, read-only: nothing accepted is lost, and the store raises Unavailable."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis

from backend.replicas import redis_pubsub
from backend.replicas.errors import Full, Unavailable
from backend.replicas.redis_client import RedisClient
from backend.roulette.redis_scripts import RedisScripts
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Limits, UnknownVisitor, VisitorsFull


def works(shared):
    try:
        shared.census()
    except Unavailable:
        return False
    return shared.check() is None


def test_when_redis_is_killed_nothing_accepted_is_lost(durable_redis, record, replicas, pair, messages):
    """Two chat while Redis is killed twice; each repeats a message until it is accepted."""
    count, shared = 300, replicas(durable_redis.url, 2)
    stores = [replica.store for replica in shared]
    listener = record(shared[0])
    chat = pair(stores[0])
    before = stores[0].read("a", 0)[-1].number

    def talk(visitor, store):
        for number in range(count):
            while True:
                try:
                    store.say(visitor, chat, f"{visitor}{number}", "hello")
                    break
                except Unavailable:
                    time.sleep(0.01)

    def sent():
        try:
            return len(messages(stores[0], "a"))
        except Unavailable:
            return 0

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(talk, visitor, store) for visitor, store in zip("ab", stores, strict=True)]
        for restarts, reached in enumerate((count // 4, count // 2), 1):
            durable_redis.wait_until(lambda reached=reached: sent() > reached, 30)
            durable_redis.wait_until(lambda restarts=restarts: listener.calls.count(("resync",)) >= restarts)
            durable_redis.kill()
            durable_redis.start()
        for job in jobs:
            job.result(timeout=60)
    log = messages(stores[1], "a")
    for mine, visitor in ((True, "a"), (False, "b")):
        assert [message for own, message in log if own is mine] == [f"{visitor}{number}" for number in range(count)]
    assert [(not mine, message) for mine, message in log] == messages(stores[0], "b")
    assert stores[0].read("a", 0)[-1].number == before + 2 * count
    durable_redis.wait_until(lambda: listener.calls.count(("resync",)) >= 3)


def test_after_an_outage_the_first_call_succeeds(durable_redis, replicas):
    """Although its connection is broken, and Redis has forgotten the scripts."""
    store = replicas(durable_redis.url)[0].store
    store.enter("a", "cat-a", "en")
    durable_redis.kill()
    durable_redis.start()
    assert store.get("a").state == "idle"
    assert store.seek("a", "first") == "waiting"


def test_a_silent_subscription_is_replaced(durable_redis, replicas, record, wait_until, monkeypatch):
    for name, seconds in (("POLL_SECONDS", 0.02), ("PING_SECONDS", 0.1), ("SILENT_SECONDS", 0.3)):
        monkeypatch.setattr(redis_pubsub, name, seconds)
    (shared,) = replicas(durable_redis.url)
    listener = record(shared)
    durable_redis.freeze()
    time.sleep(0.6)
    durable_redis.thaw()
    wait_until(lambda: listener.calls.count(("resync",)) >= 2)


def test_after_an_outage_nobody_is_absent_at_once(durable_redis, clock, replicas):
    store = replicas(durable_redis.url, limits=Limits(absent_seconds=20), clock=clock)[0].store
    store.enter("a", "cat-a", "en")
    durable_redis.kill()
    with pytest.raises(Unavailable):
        store.tick()
    clock.advance(60)
    durable_redis.start()
    store.tick()
    clock.advance(19)
    store.tick()
    assert store.get("a").state == "idle"
    clock.advance(1)
    store.tick()
    with pytest.raises(UnknownVisitor):
        store.get("a")


def test_a_new_process_takes_nobody_for_absent_at_once(redis_server, clock, replicas):
    replicas(redis_server.url, clock=clock)[0].store.enter("a", "cat-a", "en")
    clock.advance(60)
    store = replicas(redis_server.url, clock=clock)[0].store
    store.tick()
    assert store.get("a").state == "idle"


@contextmanager
def configured(server, name, value, normal=0):
    server.client.config_set(name, value)
    yield
    server.client.config_set(name, normal)


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
    "outage",
    [
        pytest.param(lambda server: configured(server, "min-replicas-to-write", 1), id="no replicas"),
        read_only,
        frozen,
        killed,
    ],
)
def test_an_outage_is_reported_and_comes_to_an_end(durable_redis, outage, replicas, pair, messages):
    (shared,) = replicas(durable_redis.url)
    chat = pair(shared.store)
    with outage(durable_redis):
        with pytest.raises(Unavailable):
            shared.store.say("a", chat, "1", "hello")
        with pytest.raises(Unavailable):
            shared.pods.report("back-0", b"fine")
        assert shared.check()
    durable_redis.wait_until(lambda: works(shared))
    assert shared.store.say("a", chat, "1", "hello").number == 3
    assert [message for _, message in messages(shared.store, "b")] == ["1"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (redis.BusyLoadingError("Redis is loading the dataset in memory"), "it still reads its data"),
        (redis.ResponseError("MISCONF Errors writing to the AOF file"), "it cannot write to its disk"),
        (redis.ResponseError("BUSY Redis is busy running a script."), "it is busy with a script"),
        (redis.ReadOnlyError("You can't write against a read only replica."), "it is a replica"),
        (redis.AuthenticationError("Authentication required."), "it wants a password"),
        (redis.ResponseError("unknown command 'EVALSHA', with args"), "a command was taken away from it"),
        (redis.ResponseError("WRONGTYPE Operation against a key"), "another program's data"),
        (redis.exceptions.ClusterDownError("CLUSTERDOWN Hash slot not served"), "a cluster that is not up"),
        (redis.TimeoutError("Timeout reading from socket"), "Timeout reading"),
        (redis.ResponseError("ERR something new"), "ERR something new"),
    ],
)
def test_whatever_redis_answers_instead_is_an_outage_with_its_reason(error, said):
    def fail():
        raise error

    with pytest.raises(Unavailable, match=said):
        RedisClient("redis://127.0.0.1:1").call(fail)


def test_without_a_server_the_state_is_unavailable(replicas):
    (shared,) = replicas("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        shared.store.enter("a", "cat", "en")
    assert "127.0.0.1:1" in shared.check()


def test_out_of_memory_visitors_can_still_leave(redis_server, clock, replicas, pair):
    (shared,) = replicas(redis_server.url, clock=clock)
    for visitor in "cd":
        shared.store.enter(visitor, f"cat-{visitor}", "en")
    chat = pair(shared.store)
    clock.advance(21)
    connections = {visitor: f"stream-{visitor}" for visitor in "ab"}
    shared.store.heartbeat(connections)
    with configured(redis_server, "maxmemory", 1):
        shared.store.heartbeat(connections)
        assert shared.store.tick().startswith("Redis is full: ")
        assert shared.check() is None, "it is there: full is not away"
        assert shared.census().visitors == 2
        with pytest.raises(Full):
            shared.store.say("a", chat, "1", "hello")
        shared.store.connect("a", "after a reload")
        shared.store.leave("a")
        shared.store.quit("b")
        assert shared.census().chats == 0
    assert shared.store.tick() is None


def test_a_server_that_does_not_speak_redis_is_unavailable(replicas):
    """A Service's address may lead anywhere until the node knows it: an HTTP server answers 400."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def answer():
            for _ in range(2):
                client, _ = server.accept()
                with client:
                    client.recv(100)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = pool.submit(answer)
        (shared,) = replicas(f"redis://127.0.0.1:{server.getsockname()[1]}")
        for call in (shared.store.tick, shared.census):
            with pytest.raises(Unavailable):
                call()
        answering.result(timeout=10)


@pytest.fixture
def stepped(redis_server, clock):
    """A store whose Redis has another clock than this process."""
    redis_clock, limits = type(clock)(), Limits(absent_seconds=20)
    client = RedisClient(redis_server.url, clock)
    yield RedisStore(client, RedisScripts(client, limits, redis_clock), "back-0", limits, clock), redis_clock
    client.close()


@pytest.mark.parametrize("step", [3600, -3600])
def test_a_step_of_redis_clock_makes_nobody_absent_or_wait(stepped, clock, step):
    store, redis_clock = stepped

    def run(seconds):
        for each in (clock, redis_clock):
            each.advance(seconds)
        store.tick()

    for visitor in "ab":
        store.enter(visitor, f"cat-{visitor}", "en")
        store.connect(visitor, "stream")
    run(0.25)
    run(19.5)
    store.heartbeat({"a": "stream", "b": "stream"})
    run(0.5)
    store.seek("a", "first")
    redis_clock.advance(step)
    run(0.25)
    run(3)
    assert store.get("a").state == "house"
    run(16)
    assert store.get("b").state == "idle"
    run(4)
    with pytest.raises(UnknownVisitor):
        store.get("b")


def test_short_memory_keeps_logs_short_and_a_full_one_lets_nobody_in(redis_server, replicas, pair, messages):
    """Those who are in go on: the last part of the memory is theirs."""
    (shared,) = replicas(redis_server.url)
    store, chat = shared.store, pair(shared.store)

    def filled_to(share):
        store.tick()  # its script, loaded at first use, takes memory too
        return configured(redis_server, "maxmemory", int(redis_server.client.info("memory")["used_memory"] / share))

    for number in range(30):
        store.say("a", chat, str(number), "hello")
    with filled_to(0.7):
        assert store.tick() is None
        store.say("a", chat, "short", "hello")
        assert [len(messages(store, visitor)) for visitor in "ab"] == [6, 6]
        store.enter("c", "cat-c", "en")
    with filled_to(0.87):
        assert store.tick().startswith("Redis is full: ")
        with pytest.raises(VisitorsFull):
            store.enter("d", "cat-d", "en")
        store.say("a", chat, "full", "hello")
    assert store.tick() is None
    store.enter("d", "cat-d", "en")
