"""The real server, in a process of its own, with streams open."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None, answer.headers
        finally:
            connection.close()

    def await_status(self, path, status, seconds=20):
        deadline = time.monotonic() + seconds
        while self._status(path) != status:
            assert time.monotonic() < deadline, f"{path} did not answer {status} within {seconds} s"
            time.sleep(0.02)

    def _status(self, path):
        try:
            return self.call("GET", path)[0]
        except OSError:
            return None

    def figure(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/metrics")
        rows = connection.getresponse().read().decode().splitlines()
        connection.close()
        return next(float(row.split()[1]) for row in rows if row.startswith(name + " "))


@contextmanager
def serving(folder, name="back", **env):
    port, log = free_port(), folder / f"{name}.log"
    state = folder / name
    state.mkdir()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.gunicorn_conf", "backend:create_app()"]
    own = {
        "DRAIN_SECONDS": "0",
        "PORT": str(port),
        "BIND": "127.0.0.1",
        "POD_NAME": name,
        "STATE_DIR": str(state),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=os.environ | own | env, stdout=out, stderr=out)
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


class Guest:
    def __init__(self, server):
        self.server = server
        status, entered, _ = server.call("POST", "/api/visitors", {"language": "fr"})
        assert status == 201
        self.path = f"/api/visitors/{entered['visitor']}"
        self.last, self.seen = 0, []

    def seek(self, request="one"):
        assert self.server.call("POST", f"{self.path}/chat", {"id": request})[0] == 202

    def say(self, text):
        chat = self.server.call("GET", self.path)[1]["chat"]
        body = {"id": f"m{sum(map(ord, text))}", "chat": chat, "text": text}
        return self.server.call("POST", f"{self.path}/messages", body)[0]

    @contextmanager
    def stream(self, server=None):
        """Open a stream that resumes after what was seen."""
        connection = http.client.HTTPConnection("127.0.0.1", (server or self.server).port, timeout=10)
        connection.request("GET", f"{self.path}/events", headers={"Last-Event-ID": str(self.last)})
        try:
            yield Stream(self, connection.getresponse())
        finally:
            connection.close()


class Stream:
    def __init__(self, guest, answer):
        self.guest, self.answer, self.status = guest, answer, answer.status

    def read(self):
        """Return the next event's name and data; None at the end."""
        fields = {}
        while line := self.answer.readline().decode():
            if line == "\n" and "event" in fields:
                return self._take(fields)
            key, _, value = line.rstrip("\n").partition(": ")
            fields |= {key: value} if key else {}
        return None

    def _take(self, fields):
        data = json.loads(fields["data"])
        if "id" in fields:
            assert int(fields["id"]) > self.guest.last
            self.guest.last = int(fields["id"])
            self.guest.seen.append((fields["event"], data))
        return fields["event"], data

    def until(self, name, seconds=10):
        """Read up to and including the next event of that name, and return its data."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            event = self.read()
            assert event, f"the stream ended before a {name}"
            if event[0] == name:
                return event[1]
        pytest.fail(f"no {name} within {seconds} s")


def texts(guest):
    return [data["text"] for name, data in guest.seen if name == "message"]


@pytest.fixture(params=["memory", "redis"])
def server(request, tmp_path):
    env = {} if request.param == "memory" else {"REDIS_URL": request.getfixturevalue("redis_server").url}
    with serving(tmp_path, **env) as found:
        yield found


def test_two_visitors_chat_through_a_reconnection(server):
    """Whatever is said while one is away is there when it comes back, once and in order."""
    one, two = Guest(server), Guest(server)
    with two.stream() as to_two:
        assert to_two.read()[1]["pod"] == "back"
        with one.stream() as to_one:
            for guest in (one, two):
                guest.seek()
            to_one.until("paired")
            assert [one.say("un"), two.say("deux")] == [202, 202]
            assert [to_one.until("message")["mine"], to_one.until("message")["mine"]] == [True, False]
        assert [two.say("trois"), one.say("quatre"), two.say("cinq")] == [202] * 3
        with one.stream() as to_one:
            assert one.say("six") == 202
            for stream, count in ((to_one, 4), (to_two, 6)):
                for _ in range(count):
                    stream.until("message")
    expected = ["un", "deux", "trois", "quatre", "cinq", "six"]
    assert texts(one) == texts(two) == expected


def test_a_stream_beats_and_a_house_cat_comes(tmp_path):
    with serving(tmp_path, ALONE_SECONDS="0.2") as server:
        guest = Guest(server)
        with guest.stream() as stream:
            guest.seek()
            assert stream.until("paired")["house"]
            guest.say("Bonjour")
            assert [stream.until("message")["mine"] for _ in range(2)] == [True, False]
            assert stream.until("beat", seconds=6) == {"pod": "back"}
            assert server.figure("roulette_streams") == 1


def test_who_goes_is_gone(tmp_path):
    """Without a stream, the visit ends after ABSENT_SECONDS; with one it lasts, and the other learns of it."""
    with serving(tmp_path, ABSENT_SECONDS="2") as server:
        one, two = Guest(server), Guest(server)
        with one.stream() as to_one:
            with two.stream():
                for guest in (one, two):
                    guest.seek()
                to_one.until("paired")
            assert to_one.until("left")["why"] == "gone"
            assert server.call("GET", two.path)[1]["type"] == "unknown-visitor"
            assert server.call("GET", one.path)[0] == 200


def test_a_stream_too_many(tmp_path):
    with serving(tmp_path, MAX_STREAMS="1") as server:
        one, two = Guest(server), Guest(server)
        with one.stream() as to_one:
            to_one.until("hello")
            with two.stream() as refused:
                assert refused.status == 429
                assert int(refused.answer.headers["Retry-After"]) >= 1


def test_a_drain_moves_streams_while_the_pod_still_serves(tmp_path):
    """Every stream is sent away in less than half of the drain; who comes after that is served, and sent away too."""
    with serving(tmp_path, DRAIN_SECONDS="6") as server, ExitStack() as open_:
        guests = [Guest(server) for _ in range(21)]
        streams = [open_.enter_context(guest.stream()) for guest in guests[:20]]
        for stream in streams:
            stream.until("hello")
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        for stream in streams:
            stream.until("move")
            assert stream.read() is None
        assert time.monotonic() - told < 4
        late = open_.enter_context(guests[20].stream())
        late.until("hello")
        guests[20].seek()
        late.until("waiting")
        late.until("move")
        assert server.process.wait(timeout=10) == 0


def test_visitors_of_two_pods_chat_and_carry_on_when_one_is_killed(redis_server, tmp_path):
    url = {"REDIS_URL": redis_server.url}
    with serving(tmp_path, "one", **url) as here, serving(tmp_path, "two", **url) as there:
        one, two = Guest(here), Guest(there)
        with one.stream() as to_one, two.stream() as to_two:
            for guest in (one, two):
                guest.seek()
            for stream in (to_one, to_two):
                stream.until("paired")
            two.say("avant")
            assert to_one.until("message")["text"] == "avant"
            for pid in (there.process.pid, *children(there.process.pid)):
                os.kill(pid, signal.SIGKILL)
        two.server = here
        one.say("pendant")
        with two.stream(here) as to_two:
            assert to_two.until("hello")["pod"] == "one"
            assert [to_two.until("message")["text"] for _ in range(2)][-1] == "pendant"
    assert texts(two) == ["avant", "pendant"]


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_redis_goes_away_and_comes_back(durable_redis, tmp_path):
    with serving(tmp_path, REDIS_URL=durable_redis.url) as server:
        one, two = Guest(server), Guest(server)
        for guest in (one, two):
            guest.seek()
        assert one.say("avant") == 202
        with one.stream() as stream:
            stream.until("message")
            durable_redis.kill()
            stream.until("move")
        server.await_status(one.path, 503)
        status, problem, headers = server.call("POST", f"{one.path}/chat", {"id": "x"})
        assert (status, problem["type"], headers["Retry-After"]) == (503, "redis-away", "2")
        assert server.call("GET", "/readyz")[0] == 200
        durable_redis.start()
        server.await_status(one.path, 200)
        assert one.say("après") == 202
        with one.stream() as stream:
            assert stream.until("message")["text"] == "après"
        durable_redis.wait_until(lambda: "memory is back" in server.log.read_text())
    assert texts(one) == ["avant", "après"]
    told = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
    assert [line for line in told if "memory" in line] == ["the shared memory is away", "the shared memory is back"]


def test_no_visitors_token_is_in_the_log(tmp_path):
    with serving(tmp_path, LOG_LEVEL="debug") as server:
        guest = Guest(server)
        with guest.stream() as stream:
            stream.until("hello")
        guest.seek()
        server.call("GET", f"{guest.path}/bogus")
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(f"GET {guest.path} HTTP/9\r\n\r\n".encode())
            sock.recv(1000)
        server.call("GET", guest.path)
        log = server.log.read_text()
    token = guest.path.rsplit("/", 1)[1]
    assert "/api/visitors/<visitor>/events" in log
    assert token not in log
