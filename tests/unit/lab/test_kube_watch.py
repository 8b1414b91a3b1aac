"""A watch of the API server: its lines come as they are sent, and another thread can end it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes.client import ApiClient, Configuration

from lab.errors import LabError
from lab.kubernetes import client
from lab.kubernetes.client import ApiError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        if "secret" in self.path:
            self.send_error(403)
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for name in ("one", "two"):
            line = json.dumps({"type": "ADDED", "object": {"metadata": {"name": name}}}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.server.over.wait(20)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.over = [], threading.Event()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def api(server):
    with ApiClient(Configuration(host=f"http://127.0.0.1:{server.server_port}", retries=False)) as api_client:
        yield client.Api(api_client, timeout=5)


def test_lines_come_as_they_are_sent_until_another_thread_ends_the_watch(server, api):
    response, names, both = api.watch("/pods", seconds=60), [], threading.Event()

    def read():
        try:
            for line in response:
                names.append(json.loads(line)["object"]["metadata"]["name"])
                if len(names) == 2:
                    both.set()
        except Exception as error:  # noqa: BLE001 - whatever ends it is looked at below
            names.append(type(error).__name__)

    reader = threading.Thread(target=read)
    reader.start()
    assert both.wait(10), "the answer has not ended, and its lines are here"
    response.shutdown()
    reader.join(5)
    assert not reader.is_alive()
    assert names == ["one", "two", "ProtocolError"]
    response.close()
    assert server.asked == ["/pods?watch=true&timeoutSeconds=60"]


def test_a_watch_that_is_refused(api):
    with pytest.raises(ApiError) as refused:
        api.watch("/secrets", seconds=60)
    assert refused.value.code == 403


def test_a_watch_where_nothing_answers():
    with (
        ApiClient(Configuration(host="http://127.0.0.1:1", retries=False)) as api_client,
        pytest.raises(LabError, match=r"http://127\.0\.0\.1:1 does not answer"),
    ):
        client.Api(api_client).watch("/pods", seconds=60)
