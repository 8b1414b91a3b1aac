"""The real server in a process of its own: start, drain, end."""

import json
import signal
import socket
import threading

import pytest

from ...service_process import wait_until  # noqa: TID252 - tests are no package
from .load_client import LoadClient


def test_sigterm_loses_no_request(serving, tmp_path):
    """Un-ready at once, answering while it drains, then gone with exit code 0, under load from both kinds of client."""
    with serving(tmp_path / "log", DRAIN_SECONDS="2", LOG_LEVEL="debug") as server:
        clients = [LoadClient(server.port, keep=keep) for keep in (True, True, True, False, False)]
        for client in clients:
            client.start()
        assert server.get("/version").headers["Connection"] == "keep-alive"
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503)
        assert server.status("/livez") == 200
        assert server.get("/version").headers["Connection"] == "close", "the client is to come back through another Pod"
        before = [client.answered for client in clients]
        assert server.process.wait(timeout=15) == 0
        for client in clients:
            client.join(timeout=15)
    assert [client.lost for client in clients] == [[]] * len(clients)
    assert all(client.answered > count for client, count in zip(clients, before, strict=True))
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {"time", "level", "message", "pod"} <= set.intersection(*(set(line) for line in lines))
    assert any(line.get("path") == "/version" for line in lines)
    assert not any("error" in line for line in lines)


@pytest.mark.parametrize(
    ("sent", "drain"),
    [
        pytest.param(signal.SIGTERM, "0.2", id="sigterm"),
        pytest.param(signal.SIGINT, "20", id="sigint-does-not-drain"),
    ],
)
def test_what_is_under_way_is_finished(serving, tmp_path, sent, drain):
    with serving(tmp_path / "log", DRAIN_SECONDS=drain) as server, server.in_flight("/slow?seconds=1") as answers:
        server.process.send_signal(sent)
        assert server.process.wait(timeout=15) == 0
    assert answers == ["done"]


@pytest.mark.nightly
def test_a_second_signal_ends_the_wait(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="26") as server:
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=15) == 0


def until_closed(sock, act):
    try:
        act(sock)
    except OSError:
        return


def read_all(sock):
    while sock.recv(1 << 16):
        pass


@pytest.mark.nightly
def test_a_busy_connection_does_not_keep_others_waiting(serving, tmp_path):
    """A probe is answered while another connection still has thousands of requests to be read at once."""
    many = 4000
    requests = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n" * many
    with serving(tmp_path / "log") as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as busy:
        actions = (lambda sock: sock.sendall(requests), read_all)
        threads = [threading.Thread(target=until_closed, args=(busy, action)) for action in actions]
        for thread in threads:
            thread.start()
        server.await_status("/livez", 200, seconds=10)
        metrics = server.get("/metrics").text
        busy.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
    count = next(line for line in metrics.splitlines() if 'total{method="GET",route="/version"' in line)
    assert 1 <= float(count.rsplit(" ", 1)[1]) < many


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("sent", "action"),
    [
        pytest.param(signal.SIGTERM, "time.sleep(30)", id="sigterm-in-gevents-loop"),
        pytest.param(
            signal.SIGTERM, "any(time.monotonic() > end for _ in iter(int, 1))", id="sigterm-in-a-computation"
        ),
        pytest.param(signal.SIGINT, "time.sleep(30)", id="sigint"),
    ],
)
def test_a_signal_while_the_application_loads_ends_it_quietly(launching, tmp_path, sent, action):
    (tmp_path / "loads_long.py").write_text(
        f"import pathlib, time\n"
        f"def create_app():\n"
        f"    end = time.monotonic() + 30\n"
        f"    pathlib.Path({str(tmp_path / 'loading')!r}).touch()\n"
        f"    {action}\n"
    )
    with launching(tmp_path / "log", "loads_long:create_app()") as server:
        wait_until((tmp_path / "loading").exists)
        server.process.send_signal(sent)
        assert server.process.wait(timeout=15) == 0
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["level"] for line in log} == {"info"}
