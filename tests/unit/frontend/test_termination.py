"""Under gunicorn: what the frontend adds to the services' common runtime (tests/unit/backend/test_serving.py)."""

import json
import socket
import threading

from ...service_process import wait_until  # noqa: TID252 - tests are no package


def test_sigterm_loses_no_request(fake, run_frontend):
    """Un-ready at once, still serving; a proxied request under way is finished; then exit code 0."""
    frontend, statuses, gate = run_frontend(fake.url, DRAIN_SECONDS="1.5"), [], fake.gate("/api/slow")
    fake.reply("/api/slow", {"cat": 1})
    slow = threading.Thread(target=lambda: statuses.append(frontend.status("/api/slow")))
    slow.start()
    wait_until(lambda: "/api/slow" in fake.paths())
    frontend.process.terminate()
    wait_until(lambda: frontend.status("/readyz") == 503)
    assert frontend.status("/") == 200
    wait_until(lambda: frontend.status("/livez") == 0)
    gate.set()
    slow.join()
    assert statuses == [200]
    assert frontend.process.wait(15) == 0


def test_a_broken_chunk_is_answered_400_and_logged_as_json(fake, run_frontend):
    frontend = run_frontend(fake.url)
    with socket.create_connection(("127.0.0.1", frontend.port), timeout=20) as connection:
        connection.sendall(b"POST /api/visitors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_until(lambda: b"request refused" in frontend.log.read_bytes())
    paths = [json.loads(line).get("path") for line in frontend.log.read_text().splitlines()]
    assert "/readyz" not in paths, "probes are only logged at DEBUG"
