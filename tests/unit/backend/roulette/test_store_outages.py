"""Redis killed, frozen, full, read-only: nothing accepted is lost, and the store says so in time."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis
from redis.connection import AbstractConnection

from backend.roulette import redis_wakes
from backend.roulette.redis_link import Link
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Away, Limits, Unknown


def works(store):
    """Tell whether the store can be used."""
    try:
        store.census()
    except Away:
        return False
    return True


def test_killed_and_started_again_nothing_accepted_is_lost(durable_redis, heard, replicas, pair, messages):
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
                durable_redis.until(lambda count=count: len(safely(stores[0], messages)) > count, 20)
                durable_redis.kill()
                durable_redis.start()
            for job in jobs:
                job.result(timeout=30)
        said = messages(stores[1], "a")
        for mine, visitor in ((True, "a"), (False, "b")):
            assert [name for own, name in said if own is mine] == [f"{visitor}{number}" for number in range(600)]
        assert [(not mine, name) for mine, name in said] == messages(stores[0], "b")
        assert stores[0].read("a", 0)[-1].number == before + 1200
        durable_redis.until(lambda: listener.calls.count(("missed",)) >= 3)


def safely(store, messages):
    try:
        return messages(store, "a")
    except Away:
        return []


def test_after_an_outage_the_first_call_finds_redis_again(durable_redis, replicas):
    with replicas(durable_redis.url) as (store,):
        store.enter("a", "cat-a", "en")
        durable_redis.kill()
        durable_redis.start()
        assert store.who("a").state == "idle"
        assert store.seek("a", "first") == "waiting"


def test_a_connection_that_breaks_under_a_call_is_replaced(store, monkeypatch):
    store.enter("a", "cat-a", "en")
    read_response = AbstractConnection.read_response
    breaks = ["once"]

    def read(connection, *arguments, **settings):
        if breaks:
            connection.disconnect()
            raise redis.ConnectionError(breaks.pop())
        return read_response(connection, *arguments, **settings)

    monkeypatch.setattr(AbstractConnection, "read_response", read)
    assert store.seek("a", "first") == "waiting"
    assert breaks == []


def test_a_subscription_that_has_gone_silent_is_given_up(durable_redis, replicas, heard, monkeypatch):
    for name, seconds in (("LOOK_SECONDS", 0.02), ("PING_SECONDS", 0.1), ("SILENT_SECONDS", 0.3)):
        monkeypatch.setattr(redis_wakes, name, seconds)
    with replicas(durable_redis.url) as (store,):
        listener = heard(store)
        lost = []
        monkeypatch.setattr(store._wakes, "_lost", lambda: lost.append("silent"))
        durable_redis.freeze()
        durable_redis.until(lambda: lost)
        durable_redis.thaw()
        durable_redis.until(lambda: listener.calls.count(("missed",)) == 2)


def test_nobody_is_gone_because_redis_was(durable_redis, clock, replicas):
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


def test_a_new_process_waits_before_it_takes_anybody_for_gone(redis_server, clock, replicas):
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


def test_many_at_once_are_gone_after_some_ticks(redis_server, clock, replicas):
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
def test_away_is_said_in_time_and_comes_to_an_end(durable_redis, trouble, replicas, pair, messages):
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
        durable_redis.until(lambda: works(store))
        durable_redis.until(lambda: store.check() is None)
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


def test_without_a_server_a_call_ends_soon(replicas):
    with replicas("redis://127.0.0.1:1/0") as (store,):
        with pytest.raises(Away):
            store.enter("a", "cat", "en")
        assert "127.0.0.1:1" in store.check()


def test_out_of_memory_visitors_can_still_leave_and_be_gone(redis_server, clock, replicas, pair):
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


def test_scripts_that_redis_has_forgotten_are_sent_again(store, redis_server, pair):
    chat = pair(store)
    redis_server.client.script_flush()
    assert store.say("a", chat, "1", "hello").number > 1


def test_whoever_does_not_speak_redis_is_not_redis():
    """A Service's address may lead anywhere until the node has heard of it: an HTTP server answers 400."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def answer():
            for _ in range(2):
                client, _ = server.accept()
                with client:
                    client.recv(100)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = pool.submit(answer)
        store = RedisStore(f"redis://127.0.0.1:{server.getsockname()[1]}", "pod", Limits())
        try:
            for act in (store.tick, store.census):
                with pytest.raises(Away):
                    act()
            answering.result(timeout=5)
        finally:
            store.close()
