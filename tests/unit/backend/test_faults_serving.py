"""Faults in the real server: what its process, its container and its kernel see of them."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ...service_process import wait_until  # noqa: TID252 - tests are no package
from .load_client import LoadClient

OTHER_ADDRESS = "127.0.0.2"
"""An address of this machine that is not 127.0.0.1: a listener on that alone refuses here."""


@pytest.fixture
def serve(serving, tmp_path):
    """Start the server with FAULTS=on, its log and its state in tmp_path."""
    return lambda **env: serving(tmp_path / "log", FAULTS="on", **env)


def ends(tmp_path):
    """Return how the container ended each time."""
    (path,) = tmp_path.glob("*.lives.json")
    return [(life["how"], life["code"]) for life in json.loads(path.read_text())]


def refused(host, port):
    """Return whether a connection is refused; one that hangs is an error."""
    try:
        socket.create_connection((host, port), timeout=3).close()
    except ConnectionRefusedError:
        return True
    return False


def anonymous_kilobytes(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:"))


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def runs(pid):
    """Return whether the process exists, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def burner(server, **values):
    """Switch the CPU fault on, and return the process that burns."""
    server.fault("cpu", cores=0.1, **values)
    (pid,) = children(server.worker())
    return pid


def no_fault(server):
    return not server.pod_status()["faults"]


# The container ends with its worker


@pytest.mark.parametrize("code", [0, 42])
def test_a_crash_ends_the_container_with_its_code(serve, tmp_path, code):
    with serve() as server:
        assert server.fault("crash", code=code)["until"] is None
        assert server.process.wait(timeout=15) == code
    assert ends(tmp_path) == [("crash" if code else "exit", code)]
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line["message"] == f"fault: this container crashes with exit code {code}" for line in log)


@pytest.mark.parametrize(
    ("sent", "code", "how"),
    [
        pytest.param(signal.SIGKILL, 137, "killed", id="sigkill-as-by-the-oom-killer"),
        pytest.param(signal.SIGSEGV, 139, "crash", id="segmentation-fault", marks=pytest.mark.nightly),
        pytest.param(signal.SIGABRT, 134, "crash", id="a-worker-that-hangs", marks=pytest.mark.nightly),
    ],
)
def test_a_worker_that_is_killed_ends_the_container(serve, tmp_path, sent, code, how):
    with serve() as server:
        burning = burner(server, seconds=60)
        os.kill(server.worker(), sent)
        assert server.process.wait(timeout=15) == code
        wait_until(lambda: not runs(burning))
    assert ends(tmp_path) == [(how, code)]


@pytest.mark.nightly
def test_a_worker_killed_at_the_end_of_its_grace_period_does_not_change_the_code(serve, tmp_path):
    with serve(DRAIN_SECONDS="0", GRACE_SECONDS="4") as server, server.in_flight("/slow?seconds=20"):
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=8) == 0
    assert ends(tmp_path) == [("exit", 0)]


@pytest.mark.nightly
def test_a_worker_that_is_replaced_on_purpose_ends_nothing(serve, tmp_path):
    with serve(DRAIN_SECONDS="0") as server:
        before = server.worker()
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: before not in children(server.process.pid))
        assert runs(server.worker())
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0
    assert "container" not in (tmp_path / "log").read_text()


def test_an_application_that_does_not_load_ends_the_container(launching, tmp_path):
    (tmp_path / "broken.py").write_text("raise OSError('no such cat')\n")
    with launching(tmp_path / "log", "broken:create_app()") as server:
        assert server.process.wait(timeout=20) == 3
    assert ends(tmp_path) == [("crash", 3)]


def test_history_and_probes_go_on_across_restarts(serve):
    """A crash that orders a slow start, then a SIGKILL for the whole container, then the one that shows both."""
    with serve() as server:
        server.ask("GET", "/readyz", agent="kube-probe/1.37")
        server.fault("crash", code=7)
        server.process.wait(timeout=15)
    with serve() as server:
        server.process.kill()
        server.process.wait(timeout=15)
    with serve() as server:
        server.ask("GET", "/livez", agent="kube-probe/1.37")
        pod = server.pod_status()
    assert [(life["how"], life["code"]) for life in pod["lives"]] == [("crash", 7), ("killed", 137), (None, None)]
    assert [life["ended_at"] is None for life in pod["lives"]] == [False, False, True]
    assert [(probe["kind"], probe["status"]) for probe in pod["probes"]] == [("readyz", 200), ("livez", 200)]


# CPU and memory


@pytest.mark.nightly
def test_a_burner_ends_in_time_or_when_called_off_and_is_no_worker(serve):
    """PID 1 inherits whatever is left over; in a test, its own child stands for that."""
    with serve() as server:
        burning = burner(server, seconds=1)
        wait_until(lambda: not runs(burning) and no_fault(server))
        burning = burner(server, seconds=30)
        assert server.ask("DELETE", "/faults/cpu").status_code == 204
        wait_until(lambda: not runs(burning))
        os.kill(burner(server, seconds=30), signal.SIGKILL)
        assert server.status("/readyz") == 200


@pytest.mark.nightly
def test_a_burner_ends_by_itself(serve):
    """Though the worker that should end it cannot: it is stopped."""
    with serve() as server:
        burning, worker = burner(server, seconds=1), server.worker()
        os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: not runs(burning))
        os.kill(worker, signal.SIGCONT)


@pytest.mark.nightly
def test_memory_is_taken_step_by_step_and_given_back(serve):
    with serve() as server:
        worker = server.worker()
        before = anonymous_kilobytes(worker)
        server.fault("memory", seconds=6, mebibytes=64)
        grown = [0]

        def all_taken():
            grown.append(anonymous_kilobytes(worker) - before)
            return grown[-1] >= 63 << 10

        wait_until(all_taken)
        assert max(later - earlier for earlier, later in pairwise(grown)) < 48 << 10
        server.ask("DELETE", "/faults/memory")
        assert anonymous_kilobytes(worker) - before < 8 << 10
        server.fault("memory", seconds=2, mebibytes=64)
        wait_until(lambda: anonymous_kilobytes(worker) - before > 32 << 10)
        wait_until(lambda: anonymous_kilobytes(worker) - before < 8 << 10)


# SIGTERM and loopback


@pytest.mark.nightly
def test_sigterm_is_ignored_until_it_is_called_off_or_over(serve, tmp_path):
    with serve(DRAIN_SECONDS="0") as server:
        server.fault("sigterm", seconds=300)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "SIGTERM is ignored" in (tmp_path / "log").read_text())
        server.ask("DELETE", "/faults/sigterm")
        assert server.process.poll() is None, "the SIGTERM of before was only put off"
        server.fault("sigterm", seconds=1)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: no_fault(server))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0


@pytest.mark.nightly
def test_loopback_refuses_elsewhere_until_it_is_called_off_or_over(serve):
    with serve(BIND="0.0.0.0") as server:
        kept = http.client.HTTPConnection(OTHER_ADDRESS, server.port, timeout=10)
        assert version(kept) == 200
        own_socket = kept.sock
        server.fault("loopback", seconds=300)
        assert refused(OTHER_ADDRESS, server.port)
        assert (version(kept), kept.sock) == (200, own_socket), "open connections live on"
        kept.close()
        assert server.ask("DELETE", "/faults/loopback").status_code == 204
        assert not refused(OTHER_ADDRESS, server.port)
        server.fault("loopback", seconds=1)
        assert server.pod_status()["listening"] == f"127.0.0.1:{server.port}"
        wait_until(lambda: not refused(OTHER_ADDRESS, server.port))
        wait_until(lambda: server.pod_status()["listening"] == f"0.0.0.0:{server.port}")


def version(connection):
    connection.request("GET", "/version")
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.nightly
def test_no_connection_is_reset_by_the_change(serve):
    """Clients on 127.0.0.1 may be refused for a moment; one that was accepted is answered."""
    with serve(BIND="0.0.0.0") as server:
        stop = threading.Event()
        clients = [LoadClient(server.port, keep=False, stop=stop) for _ in range(3)]
        for client in clients:
            client.start()
        for _ in range(3):
            server.fault("loopback", seconds=300)
            server.ask("DELETE", "/faults/loopback")
        stop.set()
        for client in clients:
            client.join(timeout=10)
    assert [client.lost for client in clients] == [[]] * 3


@pytest.mark.parametrize(("drain", "fault"), [("1", 300), ("0", 1)], ids=["called-off-by-the-drain", "over-meanwhile"])
@pytest.mark.nightly
def test_a_drain_in_the_middle_of_loopback(serve, tmp_path, drain, fault):
    """It ends with 0, answers what was under way, and nothing listens again."""
    with serve(BIND="0.0.0.0", DRAIN_SECONDS=drain) as server:
        server.fault("loopback", seconds=fault)
        with server.in_flight("/slow?seconds=2") as answers:
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refused("127.0.0.1", server.port))
            while server.process.poll() is None:
                assert refused("127.0.0.1", server.port)
                assert refused(OTHER_ADDRESS, server.port)
                time.sleep(0.05)
            assert server.process.returncode == 0
        assert answers == ["done"]
    assert "Traceback" not in (tmp_path / "log").read_text()
