"""The real server in a process of its own, used through the typed client."""

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from roulette import Beat, Client, Hello, Left, Message, Move, Paired, Timeouts, UnknownVisitor, Waiting

SECONDS = 20
TIMEOUTS = Timeouts(call=SECONDS, stream=SECONDS, backoff=0.02)


@pytest.fixture(scope="session")
def serve(serving):
    @contextmanager
    def served(folder, name="back", **env):
        (folder / name).mkdir()
        log = folder / name / "log"
        with serving(log, POD_NAME=name, **{"DRAIN_SECONDS": "0", **env}) as server:
            yield server

    return served


def enter(server):
    return Client(f"http://127.0.0.1:{server.port}", timeouts=TIMEOUTS).enter("fr")


def path_of(visit):
    return visit._path


def until(events, kind, count=1):
    """Read up to the event of that type, or to so many of them; return the last one."""
    deadline = time.monotonic() + SECONDS
    for event in events:
        count -= isinstance(event, kind)
        if count == 0:
            return event
        assert time.monotonic() < deadline, f"no {kind.__name__}"
    raise AssertionError(f"the stream ended before {kind.__name__}")


def texts(events, count):
    return [until(events, Message).text for _ in range(count)]


@pytest.fixture(params=["memory", "redis"])
def server(request, serve, tmp_path):
    env = {} if request.param == "memory" else {"REDIS_URL": request.getfixturevalue("redis_server").url}
    with serve(tmp_path, **env) as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server(serve, tmp_path_factory):
    env = {"ALONE_SECONDS": "0.5", "ABSENT_SECONDS": "2", "LOG_LEVEL": "debug"}
    with serve(tmp_path_factory.mktemp("impatient"), **env) as server:
        yield server


def pair(first, second):
    """Pair two visitors; return their events from the beginning of the chat."""
    events = first.events(), second.events()
    for stream in events:
        until(stream, Hello)
    first.seek()
    second.seek()
    for stream in events:
        until(stream, Paired)
    return events


def test_messages_arrive_once_and_in_order_through_a_reconnection(server):
    first, second = enter(server), enter(server)
    to_first, to_second = pair(first, second)
    first.say("un")
    second.say("deux")
    assert texts(to_first, 2) == ["un", "deux"]
    to_first.close()
    second.say("trois")
    first.say("quatre")
    second.say("cinq")
    to_first = first.events()
    assert until(to_first, Hello).pod == "back"
    first.say("six")
    assert texts(to_first, 4) == ["trois", "quatre", "cinq", "six"]
    assert texts(to_second, 6) == ["un", "deux", "trois", "quatre", "cinq", "six"]


def test_a_bot_comes_and_the_stream_beats(impatient_server):
    visit = enter(impatient_server)
    events = visit.events()
    until(events, Hello)
    visit.seek()
    assert until(events, Paired).house
    visit.say("Bonjour")
    assert [until(events, Message).mine for _ in range(2)] == [True, False]
    assert until(events, Beat).pod == "back"
    assert impatient_server.status(path_of(visit)) == 200, "present longer than ABSENT_SECONDS"
    visit.quit()


def test_without_a_stream_a_visitor_is_gone(impatient_server):
    first, second = enter(impatient_server), enter(impatient_server)
    to_first, to_second = pair(first, second)
    to_second.close()
    assert until(to_first, Left).why == "gone"
    with pytest.raises(UnknownVisitor):
        second.seek()
    first.quit()


def test_a_drain_moves_streams_while_the_pod_still_serves(serve, tmp_path):
    """Every stream is moved well before the end of the drain; a late one is served, and moved too."""
    with serve(tmp_path, DRAIN_SECONDS="3") as server, ThreadPoolExecutor(20) as pool:
        visits = [enter(server) for _ in range(21)]
        streams = [visit.events() for visit in visits]
        for events in streams[:20]:
            until(events, Hello)
        server.process.send_signal(signal.SIGTERM)
        list(pool.map(lambda events: until(events, Move), streams[:20]))
        assert server.status("/livez") == 200, "the drain is not over"
        late = streams[20]
        until(late, Hello)
        visits[20].seek()
        until(late, Waiting)
        until(late, Move)
        assert server.process.wait(timeout=10) == 0


def test_visitors_of_two_pods_continue_when_one_is_killed(serve, redis_server, tmp_path):
    env = {"REDIS_URL": redis_server.url}
    with serve(tmp_path, "alive", **env) as alive, serve(tmp_path, "killed", **env) as killed:
        first, second = enter(alive), enter(killed)
        to_first, to_second = pair(first, second)
        second.say("avant")
        assert texts(to_first, 1) == texts(to_second, 1) == ["avant"]
        for pid in (killed.worker(), killed.process.pid):
            os.kill(pid, signal.SIGKILL)
        first.say("pendant")
        second._transport._url = f"http://127.0.0.1:{alive.port}"
        assert until(to_second, Hello).pod == "alive"
        assert texts(to_second, 1) == ["pendant"]


def test_redis_goes_away_and_comes_back(serve, durable_redis, tmp_path):
    with serve(tmp_path, REDIS_URL=durable_redis.url) as server:
        first, second = enter(server), enter(server)
        to_first, _ = pair(first, second)
        first.say("avant")
        assert texts(to_first, 1) == ["avant"]
        durable_redis.kill()
        until(to_first, Move)
        server.await_status(path_of(first), 503, SECONDS)
        refusal = server.ask("POST", f"{path_of(first)}/chat", {"id": "x"})
        assert (refusal.status_code, refusal.json()["type"], refusal.headers["Retry-After"]) == (503, "redis-away", "2")
        assert server.status("/readyz") == 200
        durable_redis.start()
        second.say("après")
        assert texts(to_first, 1) == ["après"]
        durable_redis.wait_until(lambda: "memory is back" in server.log.read_text())
        lines = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
    assert [line for line in lines if "memory" in line] == ["the shared memory is away", "the shared memory is back"]


def test_no_visitors_token_is_in_the_log(impatient_server):
    visit = enter(impatient_server)
    until(visit.events(), Hello)
    visit.seek()
    impatient_server.get(f"{path_of(visit)}/bogus")
    with socket.create_connection(("127.0.0.1", impatient_server.port)) as sock:
        sock.sendall(f"GET {path_of(visit)} HTTP/9\r\n\r\n".encode())
        sock.recv(1000)
    impatient_server.get(path_of(visit))
    log = impatient_server.log.read_text()
    assert "/api/visitors/<visitor>/events" in log
    assert path_of(visit).rsplit("/", 1)[1] not in log
