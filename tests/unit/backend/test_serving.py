"""The real server in a process of its own: start, drain, end."""

import http.client
import json
import signal
import socket
import threading
import time

import pytest


class Visitor(threading.Thread):
    """Asks again and again, over kept or over new connections, until nobody listens; keeps what it got."""

    def __init__(self, port, *, keep):
        super().__init__(daemon=True)
        self.port, self.keep = port, keep
        self.answered, self.lost = 0, []
        self.last = 0.0

    def run(self):
        connection = None
        while True:
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.connect() if connection.sock is None else None
            except ConnectionRefusedError:
                return
            except OSError as error:
                self.lost.append(repr(error))
                return
            connection = self._ask(connection)

    def _ask(self, connection):
        try:
            connection.request("GET", "/version")
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.lost.append(repr(error))
            connection.close()
            return None
        self.lost += [] if answer.status == 200 else [str(answer.status)]
        self.answered, self.last = self.answered + 1, time.monotonic()
        if self.keep and not answer.will_close:
            return connection
        connection.close()
        return None


def test_sigterm_loses_no_request(serving, tmp_path):
    """Un-ready at once, answering while it drains, then gone with exit code 0, under load from both kinds of client."""
    with serving(tmp_path / "log", DRAIN_SECONDS="2") as server:
        visitors = [Visitor(server.port, keep=keep) for keep in (True, True, True, False, False)]
        for visitor in visitors:
            visitor.start()
        server.await_status("/version", 200, seconds=5)
        told = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503, seconds=1)
        assert server.get("/livez")[0] == 200
        assert server.process.wait(timeout=15) == 0
        for visitor in visitors:
            visitor.join(timeout=15)
    assert [visitor.lost for visitor in visitors] == [[]] * len(visitors)
    assert all(visitor.answered > 50 for visitor in visitors)
    assert max(visitor.last for visitor in visitors) - told > 1.5
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_draining_asks_clients_to_come_back_elsewhere(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="5") as server:
        assert server.get("/version")[2]["Connection"] == "keep-alive"
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503, seconds=2)
        assert server.get("/version")[2]["Connection"] == "close"


@pytest.mark.parametrize(
    ("sent", "drain"),
    [
        pytest.param(signal.SIGTERM, "0.2", id="sigterm"),
        pytest.param(signal.SIGINT, "20", id="sigint-does-not-drain"),
    ],
)
def test_what_is_under_way_is_finished(serving, tmp_path, sent, drain):
    with serving(tmp_path / "log", DRAIN_SECONDS=drain) as server:
        got = []
        asking = threading.Thread(target=lambda: got.append(server.get("/slow?seconds=2")[:2]))
        asking.start()
        server.await_two_in_flight(seconds=5)
        server.process.send_signal(sent)
        assert server.process.wait(timeout=8) == 0
        asking.join(timeout=5)
    assert got == [(200, b"done")]


def test_a_second_signal_ends_the_wait(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="20") as server:
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503, seconds=2)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=5) == 0


def test_what_never_ends_does_not_outlive_the_grace_period(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="0", GRACE_SECONDS="5") as server:
        threading.Thread(target=_ignore, args=(server, "/slow?seconds=60"), daemon=True).start()
        server.await_two_in_flight(seconds=5)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=5) == 0


def _ignore(server, path):
    try:
        server.get(path, timeout=30)
    except (OSError, http.client.HTTPException):
        return


def _send(many):
    return lambda sock: sock.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n" * many)


def _read(sock):
    while sock.recv(1 << 16):
        pass


def _until_closed(sock, act):
    try:
        act(sock)
    except OSError:
        return


def test_a_busy_connection_does_not_keep_others_waiting(serving, tmp_path):
    """A probe is answered while another connection still has thousands of requests to be read at once."""
    many = 4000
    with serving(tmp_path / "log") as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as busy:
        threads = [threading.Thread(target=_until_closed, args=(busy, act)) for act in (_send(many), _read)]
        for thread in threads:
            thread.start()
        server.await_status("/livez", 200, seconds=10)
        metrics = server.get("/metrics")[1].decode()
        busy.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
    counted = next(line for line in metrics.splitlines() if 'total{method="GET",route="/version"' in line)
    assert 1 <= float(counted.rsplit(" ", 1)[1]) < many


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("how", ["time.sleep(30)", "any(time.monotonic() > end for _ in iter(int, 1))"])
def test_a_signal_while_the_application_loads_ends_it_quietly(starting, port, tmp_path, sent, how):
    """Whether loading waits, in gevent's loop, or computes."""
    (tmp_path / "loads_long.py").write_text(
        f"import pathlib, time\n"
        f"def create_app():\n"
        f"    end = time.monotonic() + 30\n"
        f"    pathlib.Path({str(tmp_path / 'loading')!r}).touch()\n"
        f"    {how}\n"
    )
    with starting(tmp_path / "log", "loads_long:create_app()", port) as process:
        deadline = time.monotonic() + 20
        while not (tmp_path / "loading").exists():
            assert time.monotonic() < deadline, "it did not begin to load"
            time.sleep(0.01)
        process.send_signal(sent)
        assert process.wait(timeout=5) == 0
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["level"] for line in log} == {"info"}


def test_every_line_of_the_log_is_json(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="0", LOG_LEVEL="debug") as server:
        server.get("/version")
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=5)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {"time", "level", "message", "pod"} <= set.intersection(*(set(line) for line in lines))
    assert any(line.get("path") == "/version" for line in lines)
