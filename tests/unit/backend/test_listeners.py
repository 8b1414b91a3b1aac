"""Where a worker listens, in this very process; test_faults_serving.py has it in the real server."""

import gevent
import pytest
from gevent import socket

from service_runtime import listeners
from service_runtime.listeners import Listeners


def answer(_listener, client, _address):
    client.sendall(b"meow")
    client.close()


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
def open_listeners(shared):
    opened = Listeners([shared.dup()], answer, 10)
    yield opened
    if not opened.closed:
        opened.close()


def heard(host, port):
    try:
        with socket.create_connection((host, port), timeout=3) as sock:
            return sock.recv(10)
    except ConnectionRefusedError:
        return "refused"


def everyone(shared):
    port = shared.getsockname()[1]
    return heard("127.0.0.1", port), heard("127.0.0.2", port)


def test_loopback_and_back(shared, open_listeners):
    port = shared.getsockname()[1]
    assert (open_listeners.listening, everyone(shared)) == (f"0.0.0.0:{port}", (b"meow", b"meow"))
    open_listeners.only_loopback()
    assert (open_listeners.listening, everyone(shared)) == (f"127.0.0.1:{port}", (b"meow", "refused"))
    open_listeners.everywhere()
    assert (open_listeners.listening, everyone(shared)) == (f"0.0.0.0:{port}", (b"meow", b"meow"))


def test_twice_is_once(shared, open_listeners):
    open_listeners.only_loopback()
    open_listeners.only_loopback()
    open_listeners.everywhere()
    open_listeners.everywhere()
    assert everyone(shared) == (b"meow", b"meow")


def test_both_at_once_come_one_after_the_other(shared, open_listeners):
    both = [gevent.spawn(act) for act in (open_listeners.only_loopback, open_listeners.everywhere)]
    gevent.joinall(both, raise_error=True)
    assert everyone(shared) == (b"meow", b"meow")


def test_what_cannot_be_done_leaves_everything_as_it_was(shared, open_listeners, monkeypatch):
    def taken(_port):
        raise OSError("in use")

    monkeypatch.setattr(listeners, "_loopback", taken)
    with pytest.raises(OSError, match="in use"):
        open_listeners.only_loopback()
    assert everyone(shared) == (b"meow", b"meow")
    assert open_listeners.listening.startswith("0.0.0.0:")


@pytest.mark.parametrize("act", ["only_loopback", "everywhere"])
def test_closed_is_closed(shared, open_listeners, act):
    open_listeners.only_loopback()
    open_listeners.close()
    getattr(open_listeners, act)()
    assert everyone(shared) == ("refused", "refused")
    assert open_listeners.listening == ""


def test_who_is_inside_is_waited_for(shared):
    let_go = gevent.event.Event()
    opened = Listeners([shared.dup()], lambda *_: let_go.wait(), 10)
    with socket.create_connection(("127.0.0.1", shared.getsockname()[1]), timeout=3):
        opened.close()
        assert opened.finished(seconds=0.05) is False
        let_go.set()
        assert opened.finished(seconds=3) is True
