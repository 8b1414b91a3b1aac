"""Somebody else on a port of ours: known by what only ours says, and named."""

import contextlib
import http.server
import os
import socket
import threading
from pathlib import Path

import pytest

from lab import ports
from lab.config import Settings, load
from lab.deploy import plan, status
from lab.deploy.services import BACK, FRONT
from lab.errors import TimedOut
from lab.steps import Event, Report

PAGE = '<!doctype html><html><title>Cats</title><script>{"served_by": {"pod": "front-1"}}</script>'
VERSION = '{"name": "k8-chatroulette-back", "version": "1"}'
OTHER = "<!doctype html><html><title>Directory listing</title>"


@contextlib.contextmanager
def serving(address, body, port=0):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    with Server((address, port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def settings(request):
    """Serve a page and a version on 127.0.0.1, and return the settings that have their ports."""
    page, version = getattr(request, "param", (PAGE, VERSION))
    with serving("127.0.0.1", page) as front, serving("127.0.0.1", version) as back:
        yield load({"LAB_FRONT_PORT": str(front), "LAB_BACK_PORT": str(back)})


def test_ours_is_known_by_what_it_says(settings: Settings):
    assert status.url(settings, FRONT).ok
    assert status.url(settings, BACK).ok


@pytest.mark.parametrize("settings", [(OTHER, OTHER)], indirect=True)
def test_another_program_on_our_port_is_not_taken_for_ours(settings, monkeypatch):
    url = status.url(settings, FRONT)
    assert (url.ok, url.said) == (False, "200 page 'Directory listing': not k8-chatroulette-front")
    monkeypatch.setattr("lab.waiting.time.monotonic", iter(range(0, 1000, 10)).__next__)
    with pytest.raises(TimedOut, match="the page: 200 page 'Directory listing', which is not k8-chatroulette-front"):
        plan._wait_for_answers(settings, Report(lambda _event: None, Event("start", "x"), began=0))


def test_a_stranger_on_the_ipv6_half_is_named_by_status_and_deploy(settings):
    comm = Path("/proc/self/comm").read_text().strip()
    events = []
    with serving("::1", OTHER, settings.front_port):
        url = status.url(settings, FRONT)
        plan._wait_for_answers(settings, Report(events.append, Event("start", "x")))
    assert not url.ok
    assert url.said.startswith("200 page 'Cats'; ")
    (note,) = [event.detail for event in events if event.kind == "note"]
    assert note in url.said
    name = f"{comm} (process {os.getpid()}) has [::1]:{settings.front_port}"
    assert note.startswith(name)
    assert ports.listener(settings.back_port) == f"{comm} (process {os.getpid()})"
    assert status.url(settings, FRONT).ok
