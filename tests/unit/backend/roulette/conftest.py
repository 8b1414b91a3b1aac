"""A real Redis, a clock that tests advance, and the shared state in memory and in Redis."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from backend.replicas import redis_pubsub
from backend.roulette.store import Limits, Message
from backend.shared_state import in_memory, in_redis

UNLIMITED = Limits(actions=100_000, log_entries=100_000, log_bytes=100_000_000)


def until(condition, seconds=10.0):
    """Wait until the condition holds, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)
    return value


class Clock:
    """Unix seconds; quarters of a second are exact in both stores."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


class RecordingListener:
    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *values: self.calls.append((name, *values))


class RedisServer:
    """A `redis-server` process on a socket in a folder of its own."""

    wait_until = staticmethod(until)

    def __init__(self, *settings):
        if not shutil.which("redis-server"):
            pytest.fail("these tests need redis-server: apt-get install --no-install-recommends redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="cats-redis-"))
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.settings = settings
        self.start()

    def start(self):
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", ""]
        self.process = subprocess.Popen(
            [*command, *self.settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.client = redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)
        until(self._answers)

    def kill(self):
        self.client.close()
        self.thaw()
        self.process.kill()
        self.process.wait(timeout=5)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def freeze(self):
        """Keep connections open, and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def _answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session", autouse=True)
def _close_subscriptions_at_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_pubsub, "POLL_SECONDS", 0.02)
        yield


@pytest.fixture(scope="session")
def shared_redis():
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_server(shared_redis):
    """An empty Redis that keeps nothing on disk and that a test leaves running."""
    shared_redis.client.flushall()
    return shared_redis


@pytest.fixture
def durable_redis():
    """A Redis that a test may kill and start again: what it accepted is on disk."""
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always")
    yield server
    server.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "redis"])
def open_shared(request, clock):
    """Open the shared state of either kind with some limits."""
    with _closing() as opened:

        def open_one(**limits):
            if request.param == "memory":
                return opened(in_memory("back-0", Limits(**limits), clock))
            url = request.getfixturevalue("redis_server").url
            return opened(in_redis(url, "back-0", Limits(**limits), clock))

        yield open_one


@pytest.fixture
def replicas():
    """Open the shared state as several Pods see it."""
    with _closing() as opened:
        yield lambda url, count=1, limits=UNLIMITED, clock=None: [
            opened(in_redis(url, f"back-{number}", limits, clock)) for number in range(count)
        ]


@contextmanager
def _closing():
    opened = []

    def keep(shared):
        opened.append(shared)
        return shared

    yield keep
    for shared in opened:
        shared.close()


@pytest.fixture
def redis_store(redis_server, replicas):
    return replicas(redis_server.url)[0].store


@pytest.fixture
def wait_until():
    return until


@pytest.fixture
def record():
    """Record a store's notifications from now on."""

    def listen(shared):
        listener = RecordingListener()
        shared.store.listen(listener)
        if shared.kind == "redis":
            until(lambda: ("resync",) in listener.calls)
        return listener

    return listen


@pytest.fixture
def pair():
    """Pair two visitors; return their chat."""

    def paired(store, first="a", second="b"):
        for visitor in (first, second):
            store.enter(visitor, f"cat-{visitor}", "en")
            store.connect(visitor, f"stream-{visitor}")
            state = store.seek(visitor, "first")
        assert state == "chat"
        return store.get(first).chat

    return paired


@pytest.fixture
def messages():
    """Return the messages in a visitor's log: whether they are the visitor's own, and their ids."""

    def of(store, visitor):
        events = [entry.event for entry in store.read(visitor, 0)]
        return [(event.mine, event.id) for event in events if isinstance(event, Message)]

    return of


@pytest.fixture
def enter(app):
    """Begin a visit over HTTP, in one process with its own memory and no background tasks."""
    return lambda language="fr": Visit(app.test_client(), language)


@pytest.fixture
def visit(enter):
    return enter()


@pytest.fixture
def app_store(app):
    return app.extensions["context"].shared.store


@pytest.fixture
def background(app):
    return app.extensions["context"].background


@pytest.fixture
def streams(app):
    return app.extensions["context"].streams


class Visit:
    def __init__(self, client, language):
        self.client = client
        entered = self.client.post("/api/visitors", json={"language": language})
        assert entered.status_code == 201
        self.visitor, self.cat = entered.json["visitor"], entered.json["cat"]
        client.application.extensions["context"].shared.store.connect(self.visitor, "stream-elsewhere")
        self.path = f"/api/visitors/{self.visitor}"

    def stream(self, after=None, last=None, page=None):
        query = {name: value for name, value in (("after", after), ("page", page)) if value is not None}
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        return Stream(self.client.get(f"{self.path}/events", query_string=query, headers=headers))

    def seek(self, request="first"):
        return self.client.post(f"{self.path}/chat", json={"id": request})

    def say(self, text, message="m1", chat=None):
        body = {"id": message, "chat": chat or self.status()["chat"], "text": text}
        return self.client.post(f"{self.path}/messages", json=body)

    def status(self):
        return self.client.get(self.path).json


class Stream:
    def __init__(self, response):
        self.response = response
        self._chunks = iter(response.response)

    def read(self, chunks=1):
        """Return the events of the next chunks: their numbers, names and data."""
        return [event for _ in range(chunks) for event in parse(next(self._chunks))]

    def names(self, chunks=1):
        return [name for _, name, _ in self.read(chunks)]

    def data(self, chunks=1):
        return [data for _, _, data in self.read(chunks)]

    def ended(self):
        return next(self._chunks, None) is None

    def close(self):
        self.response.close()


def parse(chunk):
    blocks = [block.split("\n") for block in chunk.decode().split("\n\n") if block]
    fields = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [(int(f["id"]) if "id" in f else None, f["event"], json.loads(f["data"])) for f in fields if "event" in f]
