"""Requests to the API server: what is sent, and what becomes of its answers."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kubernetes.client import ApiClient, Configuration

from lab.errors import LabError
from lab.kubernetes.client import Api, ApiError


class Server(HTTPServer):
    """An API server with one prepared answer, and the requests that it got."""

    def __init__(self):
        self.requests, self.answer, self.warnings = [], (200, {}), []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def _reply(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.requests.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        code, answer = self.server.answer
        self.send_response(code)
        for warning in self.server.warnings:
            self.send_header("Warning", warning)
        self.end_headers()
        self.wfile.write((answer if isinstance(answer, str) else json.dumps(answer)).encode())

    do_GET = do_PATCH = do_POST = do_DELETE = _reply  # noqa: N815

    def log_message(self, *_):
        return


@pytest.fixture
def server():
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def api_at(url, timeout=5):
    return Api(ApiClient(Configuration(host=url, retries=False)), timeout)


@pytest.fixture
def api(server):
    return api_at(f"http://127.0.0.1:{server.server_port}")


def test_what_does_not_exist_is_none(server, api):
    server.answer = (404, {"reason": "NotFound", "message": 'pods "x" not found'})
    assert api.get("/api/v1/pods/x") is None
    assert api.delete("/api/v1/pods/x") is False


def test_apply_is_server_side_and_in_the_labs_name(server, api):
    api.apply("/api/v1/x", {"kind": "X"})
    method, path, media, body = server.requests[0]
    assert (method, media) == ("PATCH", "application/apply-patch+yaml")
    assert path == "/api/v1/x?fieldManager=lab&force=true&fieldValidation=Strict"
    assert json.loads(body) == {"kind": "X"}


def test_the_server_s_warnings_are_noted(server, api):
    server.warnings = ['299 - "hides \\"A\\", later"', '299 - "is deprecated"']
    warnings = []
    api.noting(warnings).create("/api/v1/x", {"kind": "X"}, dryRun="All")
    assert warnings == ['hides "A", later', "is deprecated"]
    assert server.requests[0][1] == "/api/v1/x?fieldManager=lab&fieldValidation=Strict&dryRun=All"


def test_a_watch_ends_by_itself_and_its_lines_are_events(server, api):
    server.answer = (200, {"type": "ADDED"})
    response = api.watch("/pods", seconds=60)
    assert [json.loads(line) for line in response] == [{"type": "ADDED"}]
    assert server.requests[0][1] == "/pods?watch=true&timeoutSeconds=60"


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        pytest.param({"reason": "Forbidden", "message": "quota"}, "Forbidden", "quota", id="a Status"),
        pytest.param("404 page not found", "", "404 page not found", id="plain text"),
    ],
)
def test_a_refusal_carries_the_server_s_reason_and_message(server, api, answer, reason, message):
    server.answer = (403, answer)
    for request in (api.items, lambda path: api.watch(path, seconds=60)):
        with pytest.raises(ApiError) as refused:
            request("/api/v1/pods")
        assert (refused.value.code, refused.value.reason, refused.value.message) == (403, reason, message)


@pytest.mark.parametrize(
    "request_to",
    [pytest.param(lambda api: api.get("/x"), id="get"), pytest.param(lambda api: api.watch("/x", 60), id="watch")],
)
def test_a_server_that_does_not_answer_is_said_to(request_to):
    with pytest.raises(LabError, match=r"http://127\.0\.0\.1:1 does not answer") as error:
        request_to(api_at("http://127.0.0.1:1"))
    assert "make kind-up" in error.value.hint


def test_a_server_that_hangs_up_within_tls_is_one_that_does_not_answer():
    """A node that is just starting does so: the port is Docker's, behind it nobody listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(LabError, match=r"does not answer") as error:
            api_at(f"https://127.0.0.1:{listener.getsockname()[1]}").get("/x")
        thread.join()
    assert "\n" not in error.value.what


def test_a_library_s_error_is_cut_to_what_went_wrong():
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(LabError) as error:
        api_at(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.12345).get("/x")
    assert error.value.what.endswith("does not answer: Read timed out. (read timeout=0.1)")
