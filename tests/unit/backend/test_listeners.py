"""Where a worker listens, in this very process; test_faults_serving.py has it in the real server."""

import gevent
import pytest
from gevent import socket

from service_runtime import listeners
from service_runtime.listeners import Listeners

from ...service_process import unused_port  # noqa: TID252 - tests are no package


def answer(_listener, client, _address):
    client.sendall(b"meow")
    client.close()


@pytest.fixture
def port():
    return unused_port()


@pytest.fixture
def shared(port):
    """A listening socket, as the main process made it, which keeps its own hold on it.

    Its port is a chosen one: the kernel would take back one of its own choice as soon as nothing listens.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    sock.listen(5)
    yield sock
    sock.close()


@pytest.fixture
def opened(shared):
    opened = Listeners([shared.dup()], answer)
    yield opened
    if not opened.closed:
        opened.close()


def connect(host, port):
    try:
        with socket.create_connection((host, port), timeout=3) as sock:
            return sock.recv(10)
    except ConnectionRefusedError:
        return "refused"


@pytest.fixture
def answers(port):
    """What 127.0.0.1 answers, and another address of this machine."""
    return lambda: (connect("127.0.0.1", port), connect("127.0.0.2", port))


def test_loopback_and_back_each_as_often_as_one_likes(opened, port, answers):
    assert (opened.listening, answers()) == (f"0.0.0.0:{port}", (b"meow", b"meow"))
    for _ in range(2):
        opened.only_loopback()
    assert (opened.listening, answers()) == (f"127.0.0.1:{port}", (b"meow", "refused"))
    for _ in range(2):
        opened.everywhere()
    assert (opened.listening, answers()) == (f"0.0.0.0:{port}", (b"meow", b"meow"))


def test_both_at_once_come_one_after_the_other(opened, answers):
    both = [gevent.spawn(act) for act in (opened.only_loopback, opened.everywhere)]
    gevent.joinall(both, raise_error=True)
    assert answers() == (b"meow", b"meow")


def test_a_port_that_is_taken_leaves_everything_as_it_was(opened, port, answers, monkeypatch):
    def fail(_port):
        raise OSError("in use")

    monkeypatch.setattr(listeners, "_loopback", fail)
    with pytest.raises(OSError, match="in use"):
        opened.only_loopback()
    assert (opened.listening, answers()) == (f"0.0.0.0:{port}", (b"meow", b"meow"))


@pytest.mark.parametrize("act", ["only_loopback", "everywhere"])
def test_closed_is_closed(opened, answers, act):
    opened.only_loopback()
    opened.close()
    getattr(opened, act)()
    assert (opened.listening, answers()) == ("", ("refused", "refused"))


def test_open_connections_are_waited_for(shared, port):
    let_go = gevent.event.Event()
    opened = Listeners([shared.dup()], lambda *_: let_go.wait())
    with socket.create_connection(("127.0.0.1", port), timeout=3):
        opened.close()
        assert opened.finished(seconds=0.05) is False
        let_go.set()
        assert opened.finished(seconds=3) is True


def test_a_peer_that_acknowledges_nothing_is_given_up(shared, port):
    """After 20 s, though the kernel would go on for a quarter of an hour."""
    timeouts = []

    def note(_listener, client, _address):
        timeouts.append(client.getsockopt(socket.IPPROTO_TCP, listeners.TCP_USER_TIMEOUT))
        client.close()

    opened = Listeners([shared.dup()], note)
    connect("127.0.0.1", port)
    opened.close()
    assert timeouts == [20_000]
