"""Under gunicorn: the start, the log, the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests

from .gunicorn_process import COMMAND, free_port, status, until

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Fake
    from .gunicorn_process import Serve, Served

DRAIN = 2.5


@pytest.fixture
def served(fake: Fake, serve: Serve) -> Served:
    return serve(fake.url, DRAIN_SECONDS=str(DRAIN))


def test_a_wrong_setting_is_one_line_and_exit_code_2() -> None:
    settings = {**os.environ, "BACKEND_URL": "cats:3000"}
    done = subprocess.run(COMMAND, env=settings, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    said = "it should be an http address without a path, such as http://k8-chatroulette-back:3000"
    assert done.stderr == f"frontend: BACKEND_URL='cats:3000' cannot be used: {said}\n"


def test_sigterm_loses_no_request(fake: Fake, served: Served) -> None:
    """Un-ready at once, still serving; a request under way ends well; then exit code 0."""
    fake.reply("/api/slow", {"cat": 1})
    fake.hold["/api/slow"] = threading.Event()
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(status(f"{served.url}/api/slow")))
    slow.start()
    until(lambda: any(path == "/api/slow" for _, path, _, _ in fake.seen))
    served.process.terminate()
    told = time.monotonic()
    until(lambda: status(f"{served.url}/readyz") == 503, 3)
    assert status(f"{served.url}/") == 200
    until(lambda: status(f"{served.url}/livez") == 0)
    assert time.monotonic() - told >= DRAIN
    fake.hold["/api/slow"].set()
    slow.join()
    assert answers == [200]
    assert served.process.wait(15) == 0


@pytest.mark.parametrize("how", ["time.sleep(30)", "any(time.monotonic() > end for _ in iter(int, 1))"])
def test_sigterm_while_the_application_loads_ends_it_quietly(tmp_path: Path, how: str) -> None:
    """Whether loading waits, in gevent's loop, or computes."""
    (tmp_path / "loads_long.py").write_text(
        f"import pathlib, time\n"
        f"def create_app():\n"
        f"    end = time.monotonic() + 30\n"
        f"    pathlib.Path({str(tmp_path / 'loading')!r}).touch()\n"
        f"    {how}\n"
    )
    log = tmp_path / "log"
    settings = {"BIND": "127.0.0.1", "PORT": str(free_port()), "PYTHONPATH": str(tmp_path)}
    command = [*COMMAND[:-1], "loads_long:create_app()"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=out, stderr=subprocess.STDOUT)
    try:
        until((tmp_path / "loading").exists)
        process.terminate()
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
    assert {json.loads(line)["level"] for line in log.read_text().splitlines()} == {"info"}


def test_every_line_of_the_log_is_json(served: Served) -> None:
    requests.get(f"{served.url}/version", headers={"X-Request-Id": "seen-1"}, timeout=5)
    until(lambda: b"seen-1" in served.log.read_bytes())
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    mine = next(line for line in lines if line.get("request_id") == "seen-1")
    assert (mine["path"], mine["status"], mine["method"]) == ("/version", 200, "GET")
    assert not any(line.get("path") == "/readyz" for line in lines), "probes are quiet"


def test_a_broken_chunk_is_answered_400_and_logged_as_json(served: Served) -> None:
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as side:
        side.sendall(b"POST /api/visitors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert side.recv(100).startswith(b"HTTP/1.1 400 ")
    until(lambda: b"/api/visitors" in served.log.read_bytes())
    assert [json.loads(line) for line in served.log.read_text().splitlines()]


def test_a_stream_passes_gunicorn_unbuffered(fake: Fake, served: Served) -> None:
    fake.hold["/api/events#next"] = threading.Event()
    fake.answers["/api/events"] = (
        200,
        {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"},
        b"data: 1\ndata: 2\n",
    )
    with requests.get(f"{served.url}/api/events", stream=True, timeout=5) as response:
        lines = response.iter_lines(chunk_size=1)
        assert next(lines) == b"data: 1"
        fake.hold["/api/events#next"].set()
        assert next(lines) == b"data: 2"


def test_the_container_ends_with_its_worker(served: Served) -> None:
    """Kubernetes then sees what happened, and restarts it: 137 is SIGKILL's."""
    os.kill(served.worker, signal.SIGKILL)
    assert served.process.wait(10) == 137
