"""Under gunicorn: what the frontend adds to the services' common runtime (tests/unit/backend/test_serving.py)."""

import json
import socket
import threading

import pytest

from .gunicorn_process import status_of, wait_until


@pytest.fixture
def frontend(fake, run_frontend):
    return run_frontend(fake.url, DRAIN_SECONDS="1.5")


def test_sigterm_loses_no_request(fake, frontend):
    """Un-ready at once, still serving; a proxied request under way is finished; then exit code 0."""
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


def test_a_broken_chunk_is_answered_400_and_logged_as_json(frontend):
    port = int(frontend.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"POST /api/visitors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_until(lambda: b"/api/visitors" in frontend.log.read_bytes())
    records = [json.loads(line) for line in frontend.log.read_text().splitlines()]
    assert not any(record.get("path") == "/readyz" for record in records), "probes are only logged at DEBUG"
