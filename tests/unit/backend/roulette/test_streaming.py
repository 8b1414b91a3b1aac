"""The real server in a process of its own, used through the typed client."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from roulette import Beat, Client, Hello, Left, Message, Move, Paired, Timeouts, UnknownVisitor, Waiting

ROOT = Path(__file__).parents[4]
SECONDS = 20


class Server:
    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log

    def enter(self):
        timeouts = Timeouts(call=SECONDS, stream=SECONDS, backoff=0.02)
        return Client(f"http://127.0.0.1:{self.port}", timeouts=timeouts).enter("fr")

    def request(self, method, path, body=None):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()

    def await_status(self, path, status):
        deadline = time.monotonic() + SECONDS
        while self._status(path) != status:
            assert time.monotonic() < deadline, f"{path} did not answer {status}"
            time.sleep(0.02)

    def _status(self, path):
        try:
            return self.request("GET", path)[0]
        except OSError:
            return None


@contextmanager
def serving(folder, name="back", **env):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    log, state = folder / f"{name}.log", folder / name
    state.mkdir()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.gunicorn_conf", "backend:create_app()"]
    own = {"DRAIN_SECONDS": "0", "PORT": str(port), "BIND": "127.0.0.1", "POD_NAME": name, "STATE_DIR": str(state)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=os.environ | own | env, stdout=out, stderr=out, cwd=ROOT)
    try:
        server = Server(process, port, log)
        server.await_status("/readyz", 200)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        finally:
            process.kill()
            process.wait()


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
def server(request, tmp_path):
    env = {} if request.param == "memory" else {"REDIS_URL": request.getfixturevalue("redis_server").url}
    with serving(tmp_path, **env) as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory):
    env = {"ALONE_SECONDS": "0.5", "ABSENT_SECONDS": "2", "LOG_LEVEL": "debug"}
    with serving(tmp_path_factory.mktemp("impatient"), **env) as server:
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
    first, second = server.enter(), server.enter()
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
    visit = impatient_server.enter()
    events = visit.events()
    until(events, Hello)
    visit.seek()
    assert until(events, Paired).house
    visit.say("Bonjour")
    assert [until(events, Message).mine for _ in range(2)] == [True, False]
    assert until(events, Beat).pod == "back"
    assert impatient_server.request("GET", path_of(visit))[0] == 200, "present longer than ABSENT_SECONDS"
    visit.quit()


def test_without_a_stream_a_visitor_is_gone(impatient_server):
    first, second = impatient_server.enter(), impatient_server.enter()
    to_first, to_second = pair(first, second)
    to_second.close()
    assert until(to_first, Left).why == "gone"
    with pytest.raises(UnknownVisitor):
        second.seek()
    first.quit()


def test_a_drain_moves_streams_while_the_pod_still_serves(tmp_path):
    """Every stream is moved well before the end of the drain; a late one is served, and moved too."""
    with serving(tmp_path, DRAIN_SECONDS="4") as server, ThreadPoolExecutor(20) as pool:
        visits = [server.enter() for _ in range(21)]
        streams = [visit.events() for visit in visits]
        for events in streams[:20]:
            until(events, Hello)
        server.process.send_signal(signal.SIGTERM)
        list(pool.map(lambda events: until(events, Move), streams[:20]))
        assert server.request("GET", "/livez")[0] == 200, "the drain is not over"
        late = streams[20]
        until(late, Hello)
        visits[20].seek()
        until(late, Waiting)
        until(late, Move)
        assert server.process.wait(timeout=10) == 0


def test_visitors_of_two_pods_continue_when_one_is_killed(redis_server, tmp_path):
    env = {"REDIS_URL": redis_server.url}
    with ExitStack() as stack:
        alive, killed = (stack.enter_context(serving(tmp_path, name, **env)) for name in ("alive", "killed"))
        first, second = alive.enter(), killed.enter()
        to_first, to_second = pair(first, second)
        second.say("avant")
        assert texts(to_first, 1) == texts(to_second, 1) == ["avant"]
        children = Path(f"/proc/{killed.process.pid}/task/{killed.process.pid}/children").read_text().split()
        for pid in (killed.process.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        first.say("pendant")
        second._transport._url = f"http://127.0.0.1:{alive.port}"
        assert until(to_second, Hello).pod == "alive"
        assert texts(to_second, 1) == ["pendant"]


def test_redis_goes_away_and_comes_back(durable_redis, tmp_path):
    with serving(tmp_path, REDIS_URL=durable_redis.url) as server:
        first, second = server.enter(), server.enter()
        to_first, _ = pair(first, second)
        first.say("avant")
        assert texts(to_first, 1) == ["avant"]
        durable_redis.kill()
        until(to_first, Move)
        server.await_status(path_of(first), 503)
        status, headers, problem = server.request("POST", f"{path_of(first)}/chat", {"id": "x"})
        assert (status, json.loads(problem)["type"], headers["Retry-After"]) == (503, "redis-away", "2")
        assert server.request("GET", "/readyz")[0] == 200
        durable_redis.start()
        second.say("après")
        assert texts(to_first, 1) == ["après"]
        durable_redis.wait_until(lambda: "memory is back" in server.log.read_text())
        lines = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
    assert [line for line in lines if "memory" in line] == ["the shared memory is away", "the shared memory is back"]


def test_no_visitors_token_is_in_the_log(impatient_server):
    visit = impatient_server.enter()
    until(visit.events(), Hello)
    visit.seek()
    impatient_server.request("GET", f"{path_of(visit)}/bogus")
    with socket.create_connection(("127.0.0.1", impatient_server.port)) as sock:
        sock.sendall(f"GET {path_of(visit)} HTTP/9\r\n\r\n".encode())
        sock.recv(1000)
    impatient_server.request("GET", path_of(visit))
    log = impatient_server.log.read_text()
    assert "/api/visitors/<visitor>/events" in log
    assert path_of(visit).rsplit("/", 1)[1] not in log
