"""Under gunicorn: start, log, termination."""

import json
import os
import signal
import socket
import subprocess
import threading

import pytest
import requests

from .gunicorn_process import COMMAND, free_port, start, status_of, wait_until


@pytest.fixture
def frontend(fake, run_frontend):
    return run_frontend(fake.url, DRAIN_SECONDS="2.5")


def log_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_invalid_setting_is_one_line_and_exit_code_2():
    environ = {**os.environ, "BACKEND_URL": "cats:3000"}
    process = subprocess.run(COMMAND, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert process.returncode == 2
    rule = "it should be an http address without a path, such as http://k8-chatroulette-back:3000"
    assert process.stderr == f"frontend: BACKEND_URL='cats:3000' cannot be used: {rule}\n"


def test_sigterm_loses_no_request(fake, frontend):
    """Un-ready at once, still serving; a request under way is finished; then exit code 0."""
    fake.reply("/api/slow", {"cat": 1})
    gate = fake.gate("/api/slow")
    statuses = []
    slow = threading.Thread(target=lambda: statuses.append(status_of(f"{frontend.url}/api/slow")))
    slow.start()
    wait_until(lambda: "/api/slow" in fake.paths())
    frontend.process.terminate()
    wait_until(lambda: status_of(f"{frontend.url}/readyz") == 503)
    assert status_of(f"{frontend.url}/") == 200
    wait_until(lambda: status_of(f"{frontend.url}/livez") == 0)
    gate.set()
    slow.join()
    assert statuses == [200]
    assert frontend.process.wait(15) == 0


@pytest.mark.parametrize("load", ["time.sleep(30)", "any(time.monotonic() > end for _ in iter(int, 1))"])
def test_sigterm_while_the_application_loads_ends_it_quietly(tmp_path, load):
    """Whether loading waits, in gevent's loop, or computes."""
    (tmp_path / "loads_long.py").write_text(
        f"import pathlib, time\n"
        f"def create_app():\n"
        f"    end = time.monotonic() + 30\n"
        f"    pathlib.Path({str(tmp_path / 'loading')!r}).touch()\n"
        f"    {load}\n"
    )
    settings = {"BIND": "127.0.0.1", "PORT": str(free_port()), "PYTHONPATH": str(tmp_path)}
    process = start(tmp_path / "log", [*COMMAND[:-1], "loads_long:create_app()"], **settings)
    try:
        wait_until((tmp_path / "loading").exists)
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
    assert {record["level"] for record in log_of(tmp_path / "log")} == {"info"}


def test_every_line_of_the_log_is_json(frontend):
    requests.get(f"{frontend.url}/version", headers={"X-Request-Id": "seen-1"}, timeout=5)
    wait_until(lambda: b"seen-1" in frontend.log.read_bytes())
    records = log_of(frontend.log)
    record = next(record for record in records if record.get("request_id") == "seen-1")
    assert (record["path"], record["status"], record["method"]) == ("/version", 200, "GET")
    assert not any(record.get("path") == "/readyz" for record in records), "probes are only logged at DEBUG"


def test_a_broken_chunk_is_answered_400_and_logged_as_json(frontend):
    port = int(frontend.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"POST /api/visitors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_until(lambda: b"/api/visitors" in frontend.log.read_bytes())
    assert log_of(frontend.log)


def test_the_container_ends_with_its_worker(frontend):
    """Kubernetes then sees what happened, and restarts it: 137 is SIGKILL's."""
    os.kill(frontend.worker_pid, signal.SIGKILL)
    assert frontend.process.wait(15) == 137
