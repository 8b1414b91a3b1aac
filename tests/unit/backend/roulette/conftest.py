"""A real Redis of one's own, a clock that is wound by hand, and both stores behind one fixture."""

import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from backend.roulette.memory import MemoryStore
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import Limits, Message

PLENTY = Limits(per_window=100_000, log_entries=100_000)
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


def until(condition, seconds=5.0):
    """Wait until the condition holds, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.005)
    return found


class Clock:
    """Unix seconds, wound by hand; quarters of a second are exact in both stores."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now

    def wind(self, seconds):
        self.now += seconds


class Heard:
    """A listener that writes everything down."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *values: self.calls.append((name, *values))


class RedisServer:
    """A `redis-server` process on a socket in a folder of its own."""

    until = staticmethod(until)

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
        """Kill it as the kernel would."""
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(timeout=5)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def freeze(self):
        """Let it hang: connections open, no answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def _answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session")
def shared_redis():
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_server(shared_redis):
    """A Redis that is empty, keeps nothing on disk, and is still there afterwards."""
    shared_redis.client.flushall()
    return shared_redis


@pytest.fixture
def durable_redis():
    """A Redis that may be killed and started again: what it accepted is on disk."""
    server = RedisServer(*DURABLE)
    yield server
    server.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "redis"])
def open_store(request, clock):
    """Open a store of either kind with some limits; each call is a process of its own, where that is possible."""
    opened = []

    def open_one(pod="back-1", **limits):
        if request.param == "memory":
            store = MemoryStore(Limits(**limits), clock)
        else:
            store = RedisStore(request.getfixturevalue("redis_server").url, pod, Limits(**limits), clock)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def wait_for():
    return until


@pytest.fixture
def heard():
    """Have a store call a listener that writes everything down, from now on."""

    def listen(store):
        listener = Heard()
        store.listen(listener)
        if store.kind == "redis":
            until(lambda: ("missed",) in listener.calls)
        return listener

    return listen


@pytest.fixture
def replicas():
    """Open the stores of several Pods on one Redis."""

    @contextmanager
    def opened(url, count=1, limits=PLENTY, clock=None):
        stores = [RedisStore(url, f"back-{number}", limits, clock) for number in range(count)]
        try:
            yield stores
        finally:
            for store in stores:
                store.close()

    return opened


@pytest.fixture
def store(redis_server, replicas):
    with replicas(redis_server.url) as (only,):
        yield only


@pytest.fixture
def pair():
    """Let `a` and `b` in and pair them; gives their chat."""

    def paired(store):
        for visitor in "ab":
            store.enter(visitor, f"cat-{visitor}", "en")
            store.seek(visitor, "first")
        return store.who("a").chat

    return paired


@pytest.fixture
def messages():
    """Tell which messages are in a visitor's log: whether they are the visitor's own, and their ids."""

    def said(store, visitor):
        events = [entry.event for entry in store.read(visitor, 0)]
        return [(event.mine, event.id) for event in events if isinstance(event, Message)]

    return said
