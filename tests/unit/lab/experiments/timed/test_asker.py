from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading

import pytest

from lab.errors import LabError
from lab.experiments.pods import Subject
from lab.experiments.timed import asker, asking
from lab.experiments.timed.asking import SOURCE
from lab.experiments.timed.recorder import Recorder


@contextlib.contextmanager
def listening(reply):
    """A server that gives each connection this reply (None: none at all, and keeps it open)."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    if reply is None:
                        kept.append(client)
                        continue
                    with client:
                        client.recv(1000)
                        client.sendall(reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for client in kept:
            client.close()


GOOD = b"HTTP/1.0 200 OK\r\n\r\nmeow"
BAD = b"HTTP/1.0 503 Service Unavailable\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "outcome", "raw"),
    [
        pytest.param(GOOD, "answers", "HTTP 200 OK", id="good"),
        pytest.param(BAD, "answers", "HTTP 503 Service Unavailable", id="an error is an answer"),
        pytest.param(b"", "reset", "RemoteDisconnected", id="closed without a word"),
        pytest.param(b"meow meow\r\n\r\n", "reset", "BadStatusLine", id="no HTTP"),
        pytest.param(None, "timeout", "timed out", id="silent"),
    ],
)
def test_outcomes_are_told_apart(reply, outcome, raw):
    with listening(reply) as port:
        found, words = asker.ask(f"http://127.0.0.1:{port}/whoami", patience=0.3 if reply is None else 5)
    assert found == outcome
    assert raw in words


def test_a_closed_port_refuses():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert asker.ask(f"http://127.0.0.1:{port}/")[0] == "refused"


def test_a_name_that_does_not_resolve(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert asker.ask("http://cats/") == ("no-name", "gaierror: [Errno -2] Name or service not known")


def test_only_changes_are_said(monkeypatch, capsys):
    outcomes = iter(["answers", "answers", "refused", "refused", "answers"])

    def ask(_url):
        found = next(outcomes, None)
        if found is None:
            raise StopAsyncIteration
        return found, f"raw {found}"

    monkeypatch.setattr(asker, "ask", ask)
    monkeypatch.setattr(asker, "EVERY", 0)
    with pytest.raises(StopAsyncIteration):
        asker.follow("service", "http://cats/", seconds=60)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["outcome"] for one in said] == ["answers", "refused", "answers"]
    assert said[1] == {"name": "service", "outcome": "refused", "raw": "raw refused"}


def test_the_program_runs_alone_and_says_where_it_is():
    """As in a container: nothing but the text of the file, and Python."""
    with listening(GOOD) as port:
        given = json.dumps({"urls": {"it": f"http://127.0.0.1:{port}/"}, "seconds": 0.1})
        done = subprocess.run(
            [sys.executable, "-I", "-c", SOURCE, given], capture_output=True, text=True, timeout=30, check=True
        )
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["name"] == "netns"
    assert first["outcome"].startswith("net:[")
    assert second == {"name": "it", "outcome": "answers", "raw": "HTTP 200 OK"}
    assert done.stderr == ""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param('print(\'{"name": "netns", "outcome": "net:[1]", "raw": ""}\')', id="ended"),
        pytest.param("print('Defaulted container'); import time; time.sleep(20)", id="says what nobody understands"),
    ],
)
def test_an_asker_that_no_longer_tells_is_an_error(monkeypatch, program):
    """It only tells changes: its silence would pass for the same answers."""
    monkeypatch.setattr(asking.client, "kubectl_command", lambda *_: [sys.executable, "-u", "-c", program])
    with pytest.raises(LabError, match="nobody asks in cats, container back"), asked_until_silent():
        pass


@contextlib.contextmanager
def asked_until_silent():
    before = set(threading.enumerate())
    with asking.asked(None, Recorder(), Subject(None, "ns", "cats"), "back", {}):
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
        yield


def test_an_asker_that_tells_is_ended_with_the_block(monkeypatch):
    recorder, said = Recorder(), 'print(\'{"name": "netns", "outcome": "net:[1]", "raw": ""}\')'
    program = f"{said}; import time; time.sleep(20)"
    monkeypatch.setattr(asking.client, "kubectl_command", lambda *_: [sys.executable, "-u", "-c", program])
    with asking.asked(None, recorder, Subject(None, "ns", "cats"), "back", {}):
        assert recorder.wait(lambda seen: seen or None, timeout=10)
    assert [(one.name, one.change) for one in recorder.observations] == [("netns/cats/back", "net:[1]")]
