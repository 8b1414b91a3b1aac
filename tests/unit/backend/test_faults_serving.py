"""Faults in the real server: what its process, its container and its kernel see of them."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

ELSEWHERE = "127.0.0.2"
"""An address of this machine that is not 127.0.0.1: what listens there alone refuses here."""


def lives(tmp_path):
    (path,) = tmp_path.glob("*.lives.json")
    return [(life["how"], life["code"]) for life in json.loads(path.read_text())]


def awaited(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def refused(host, port):
    """Tell whether a connection is refused; one that hangs is an error."""
    try:
        socket.create_connection((host, port), timeout=3).close()
    except ConnectionRefusedError:
        return True
    return False


def private_kilobytes(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:"))


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def running(pid):
    """Tell whether the process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# The container ends with its worker


@pytest.mark.parametrize("code", [0, 1, 3, 42, 255])
def test_a_crash_ends_the_container_with_its_code(serving, tmp_path, code):
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("crash", code=code)
        assert server.process.wait(timeout=15) == code
    assert lives(tmp_path) == [("crash" if code else "exit", code)]
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line["message"] == f"fault: this container crashes with exit code {code}" for line in log)


@pytest.mark.parametrize(
    ("sent", "code", "how"),
    [
        pytest.param(signal.SIGKILL, 137, "killed", id="sigkill-as-by-the-oom-killer"),
        pytest.param(signal.SIGSEGV, 139, "crash", id="segmentation-fault"),
        pytest.param(signal.SIGABRT, 134, "crash", id="a-worker-that-hangs"),
    ],
)
def test_a_worker_that_is_killed_ends_the_container(serving, tmp_path, sent, code, how):
    with serving(tmp_path / "log") as server:
        os.kill(server.worker(), sent)
        assert server.process.wait(timeout=15) == code
    assert lives(tmp_path) == [(how, code)]


def test_an_end_that_was_asked_for_is_none_of_that(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="0") as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0
    assert lives(tmp_path) == [("exit", 0)]


def test_a_worker_killed_at_the_end_of_its_time_does_not_change_the_code(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="0", GRACE_SECONDS="4") as server:
        asking = threading.Thread(target=_until_closed, args=(server, "/slow?seconds=30"), daemon=True)
        asking.start()
        server.await_two_in_flight(seconds=5)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=8) == 0
    assert lives(tmp_path) == [("exit", 0)]


def _until_closed(server, path):
    try:
        server.get(path, timeout=30)
    except OSError:
        return


def test_a_worker_that_is_replaced_on_purpose_ends_nothing(serving, tmp_path):
    with serving(tmp_path / "log", DRAIN_SECONDS="0") as server:
        before = server.worker()
        server.process.send_signal(signal.SIGHUP)
        awaited(lambda: before not in children(server.process.pid), 10, "the worker was not replaced")
        assert running(server.worker())
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0
    assert "container" not in (tmp_path / "log").read_text()


def test_an_application_that_does_not_load_ends_the_container(starting, port, tmp_path):
    (tmp_path / "broken.py").write_text("raise OSError('no such cat')\n")
    with starting(tmp_path / "log", "broken:create_app()", port) as process:
        assert process.wait(timeout=20) == 3
    assert lives(tmp_path) == [("crash", 3)]


def test_orphans_that_end_are_no_workers(serving, tmp_path):
    """PID 1 inherits whatever is left over; in a test, its own child stands for that."""
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("cpu", seconds=30, cores=0.1)
        (burner,) = children(server.worker())
        os.kill(burner, signal.SIGKILL)
        awaited(lambda: not running(burner), 5, "the burner did not end")
        server.await_status("/readyz", 200, seconds=1)


def test_lives_and_probes_go_on_across_restarts(serving, tmp_path):
    """A crash, then a SIGKILL for the whole container, then the life that tells of both."""
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.ask("GET", "/readyz", agent="kube-probe/1.37")
        server.fault("crash", code=7)
        server.process.wait(timeout=15)
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.process.kill()
        server.process.wait(timeout=15)
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.ask("GET", "/livez", agent="kube-probe/1.37")
        (pod,) = server.house()["pods"]
    assert [(life["how"], life["code"]) for life in pod["lives"]] == [("crash", 7), ("killed", 137), (None, None)]
    assert [life["ended_at"] is None for life in pod["lives"]] == [False, False, True]
    assert [(probe["kind"], probe["status"]) for probe in pod["probes"]] == [("readyz", 200), ("livez", 200)]


# A slow start


def test_the_next_start_is_slow_for_so_long(serving, starting, port, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("startup", seconds=2)
        server.fault("crash", code=1)
        server.process.wait(timeout=15)
    with starting(tmp_path / "log", "slow_app:create_app()", port, FAULTS="on") as process:
        server = type(server)(process, port)
        server.await_status("/startupz", 503, seconds=20)
        began = time.monotonic()
        assert server.get("/readyz")[0] == 503
        assert server.house()["pods"][0]["phase"] == "starting"
        server.await_status("/startupz", 200, seconds=5)
        assert 1 < time.monotonic() - began < 2.5
        assert server.get("/readyz")[0] == 200


# CPU and memory


def test_cpu_is_burnt_in_a_child_as_much_as_asked(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("cpu", seconds=20, cores=0.3)
        (burner,) = children(server.worker())
        begun, spent = time.monotonic(), cpu_seconds(burner)
        time.sleep(2)
        share = (cpu_seconds(burner) - spent) / (time.monotonic() - begun)
        assert 0.01 < share < 0.4
        assert server.ask("DELETE", "/faults/cpu")[0] == 204
        awaited(lambda: not running(burner), 2, "the burner was not stopped")
        assert children(server.worker()) == []


def test_cpu_is_burnt_no_longer_than_asked(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("cpu", seconds=1, cores=0.1)
        (burner,) = children(server.worker())
        awaited(lambda: not running(burner), 3, "the burner outlived its time")
        awaited(lambda: not server.house()["pods"][0]["faults"], 3, "the fault outlived its time")


def test_a_burner_does_not_outlive_its_parent(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("cpu", seconds=60, cores=0.1)
        (burner,) = children(server.worker())
        os.kill(server.worker(), signal.SIGKILL)
        assert server.process.wait(timeout=15) == 137
        awaited(lambda: not running(burner), 3, "the burner outlived its parent")


def test_a_burner_ends_by_itself(serving, tmp_path):
    """Though the worker that should end it cannot: it is stopped."""
    with serving(tmp_path / "log", FAULTS="on") as server:
        server.fault("cpu", seconds=1, cores=0.1)
        worker = server.worker()
        (burner,) = children(worker)
        os.kill(worker, signal.SIGSTOP)
        awaited(lambda: not running(burner), 4, "the burner waits for its parent")
        os.kill(worker, signal.SIGCONT)


def test_memory_is_taken_step_by_step_and_given_back(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        worker = server.worker()
        before = private_kilobytes(worker)
        server.fault("memory", seconds=20, mebibytes=64)
        grown = []

        def all_taken():
            grown.append(private_kilobytes(worker) - before)
            return grown[-1] >= 63 << 10

        awaited(all_taken, 10, f"only {grown[-1:]} KiB were taken")
        assert max(later - earlier for earlier, later in pairwise(grown)) < 48 << 10
        server.ask("DELETE", "/faults/memory")
        assert private_kilobytes(worker) - before < 8 << 10


def test_memory_is_given_back_in_time(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on") as server:
        worker = server.worker()
        before = private_kilobytes(worker)
        server.fault("memory", seconds=2, mebibytes=64)
        awaited(lambda: private_kilobytes(worker) - before > 32 << 10, 5, "nothing was taken")
        awaited(lambda: private_kilobytes(worker) - before < 8 << 10, 5, "nothing was given back")


# SIGTERM


def test_sigterm_is_ignored_and_then_honoured(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on", DRAIN_SECONDS="0") as server:
        server.fault("sigterm", seconds=300)
        server.process.send_signal(signal.SIGTERM)
        awaited(lambda: "SIGTERM is ignored" in (tmp_path / "log").read_text(), 3, "SIGTERM was not seen")
        assert server.get("/readyz")[0] == 200
        server.ask("DELETE", "/faults/sigterm")
        assert server.process.poll() is None, "the SIGTERM of before was only put off"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0


def test_sigterm_is_ignored_no_longer_than_asked(serving, tmp_path):
    with serving(tmp_path / "log", FAULTS="on", DRAIN_SECONDS="0") as server:
        server.fault("sigterm", seconds=1)
        server.process.send_signal(signal.SIGTERM)
        awaited(lambda: not server.house()["pods"][0]["faults"], 3, "the fault outlived its time")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0


# Loopback


@contextmanager
def everywhere(serving, tmp_path, **env):
    with serving(tmp_path / "log", FAULTS="on", BIND="0.0.0.0", **env) as server:
        assert not refused(ELSEWHERE, server.port)
        yield server


def listening(server):
    return server.house()["pods"][0]["listening"]


def test_loopback_refuses_elsewhere_until_it_is_over(serving, tmp_path):
    with everywhere(serving, tmp_path) as server:
        server.fault("loopback", seconds=2)
        assert refused(ELSEWHERE, server.port)
        assert listening(server) == f"127.0.0.1:{server.port}"
        awaited(lambda: not refused(ELSEWHERE, server.port), 5, "it did not come back")
        assert server.get("/readyz")[0] == 200
        awaited(lambda: listening(server) == f"0.0.0.0:{server.port}", 2, "it says so still")


def test_loopback_is_called_off(serving, tmp_path):
    with everywhere(serving, tmp_path) as server:
        for _ in range(3):
            server.fault("loopback", seconds=300)
            assert refused(ELSEWHERE, server.port)
            assert server.ask("DELETE", "/faults/loopback")[0] == 204
            assert not refused(ELSEWHERE, server.port)


def test_connections_that_are_open_live_on(serving, tmp_path):
    with everywhere(serving, tmp_path) as server:
        kept = http.client.HTTPConnection(ELSEWHERE, server.port, timeout=5)
        kept.connect()
        mine = kept.sock
        assert [_version(kept), server.fault("loopback", seconds=300)["name"]] == [200, "loopback"]
        assert refused(ELSEWHERE, server.port)
        assert (_version(kept), kept.sock) == (200, mine)
        kept.close()


def _version(connection):
    connection.request("GET", "/version")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_no_connection_is_reset_by_the_change(serving, tmp_path):
    """Visitors on 127.0.0.1 may be refused for a moment; who was let in is answered."""
    with everywhere(serving, tmp_path) as server:
        lost, stop = [], threading.Event()
        visitors = [threading.Thread(target=_visit, args=(server.port, lost, stop)) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        for _ in range(3):
            server.fault("loopback", seconds=300)
            server.ask("DELETE", "/faults/loopback")
        stop.set()
        for visitor in visitors:
            visitor.join(timeout=10)
    assert lost == []


def _visit(port, lost, stop):
    while not stop.is_set():
        try:
            sock = socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            continue
        with sock:
            try:
                sock.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if not sock.recv(1 << 16).startswith(b"HTTP/1.1 200"):
                    lost.append("no answer")
            except OSError as error:
                lost.append(repr(error))


def test_a_drain_in_the_middle_of_it(serving, tmp_path):
    """It ends in time and with 0, answers what was under way, and nothing listens any more."""
    with everywhere(serving, tmp_path, DRAIN_SECONDS="1") as server:
        server.fault("loopback", seconds=300)
        got = []
        asking = threading.Thread(target=lambda: got.append(server.get("/slow?seconds=2")[:2]))
        asking.start()
        server.await_two_in_flight(seconds=5)
        server.process.send_signal(signal.SIGTERM)
        server.await_status("/readyz", 503, seconds=1)
        assert refused(ELSEWHERE, server.port)
        assert server.process.wait(timeout=15) == 0
        asking.join(timeout=5)
        assert got == [(200, b"done")]
        assert refused("127.0.0.1", server.port)


def test_its_end_during_a_drain_opens_nothing_again(serving, tmp_path):
    with everywhere(serving, tmp_path, DRAIN_SECONDS="0") as server:
        server.fault("loopback", seconds=1)
        threading.Thread(target=_until_closed, args=(server, "/slow?seconds=3"), daemon=True).start()
        server.await_two_in_flight(seconds=5)
        server.process.send_signal(signal.SIGTERM)
        awaited(lambda: refused("127.0.0.1", server.port), 3, "it did not close")
        while server.process.poll() is None:
            assert refused("127.0.0.1", server.port)
            assert refused(ELSEWHERE, server.port)
            time.sleep(0.05)
        assert server.process.returncode == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
