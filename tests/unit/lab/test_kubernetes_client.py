"""Requests to the API server: what is sent, and what becomes of its answers."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.client import ApiClient, ApiException, Configuration
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError

from lab.errors import LabError
from lab.kubernetes import client
from lab.kubernetes.client import Api, ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(ThreadingHTTPServer):
    """An API server with one prepared answer, and the requests that it got; a watch stays open until the end."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str, str]] = []
        self.answer: tuple[int, object] = (200, {})
        self.end = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        server.requests.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        code, answer = server.answer
        if "watch=true" in self.path and code < 400:
            self._watch(server)
            return
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _watch(self, server: Any) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for name in ("a", "b"):
            line = json.dumps({"type": "ADDED", "object": {"metadata": {"name": name}}}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        server.end.wait(20)

    do_GET = do_PATCH = do_DELETE = do_POST = _reply  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.end.set()
        made.shutdown()
        thread.join()


def api_at(url: str) -> Api:
    return Api(ApiClient(Configuration(host=url, retries=False)), timeout=5)


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    with ApiClient(Configuration(host=f"http://127.0.0.1:{server.server_port}", retries=False)) as api_client:
        yield Api(api_client, timeout=5)
        api_client.rest_client.pool_manager.clear()


def test_what_does_not_exist_is_none(server: Server, api: Api) -> None:
    server.answer = (404, {"reason": "NotFound", "message": 'pods "x" not found'})
    assert api.get("/api/v1/pods/x") is None
    assert api.delete("/api/v1/pods/x") is False


def test_apply_is_server_side_and_in_the_labs_name(server: Server, api: Api) -> None:
    api.apply("/api/v1/x", {"kind": "X"})
    method, path, media, body = server.requests[0]
    assert (method, media) == ("PATCH", "application/apply-patch+yaml")
    assert path == "/api/v1/x?fieldManager=lab&force=true"
    assert json.loads(body) == {"kind": "X"}


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        pytest.param({"reason": "Forbidden", "message": "quota"}, "Forbidden", "quota", id="a Status"),
        pytest.param("<html>proxy</html>", "", "<html>proxy</html>", id="a proxy's page"),
        pytest.param([1], "", "[1]", id="JSON of another kind"),
    ],
)
def test_a_refusal_carries_the_server_s_reason_and_message(
    server: Server, api: Api, answer: object, reason: str, message: str
) -> None:
    server.answer = (403, answer)
    for request in (api.items, lambda path: api.watch(path, seconds=60)):
        with pytest.raises(ApiError) as refused:
            request("/api/v1/pods")
        assert (refused.value.code, refused.value.reason, refused.value.message) == (403, reason, message)


@pytest.mark.parametrize(
    "request_to",
    [pytest.param(lambda api: api.get("/x"), id="get"), pytest.param(lambda api: api.watch("/x", 60), id="watch")],
)
def test_a_server_that_does_not_answer_is_said_to(request_to: Any) -> None:
    with pytest.raises(LabError, match=r"http://127\.0\.0\.1:1 does not answer") as error:
        request_to(api_at("http://127.0.0.1:1"))
    assert "make kind-up" in error.value.hint


def test_a_server_that_hangs_up_within_tls_is_one_that_does_not_answer() -> None:
    """A node that is just starting does so: the port is Docker's, behind it nobody listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(LabError, match=r"does not answer") as error:
            api_at(f"https://127.0.0.1:{listener.getsockname()[1]}").get("/x")
        thread.join()
    assert "\n" not in error.value.what


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(
            ReadTimeoutError(HTTPSConnectionPool("127.0.0.1", 1), "/", "Read timed out. (read timeout=9.99962554)"),
            "Read timed out. (read timeout=9.9)",
            id="timeout",
        ),
        pytest.param(ApiException(reason="SSLError\nEOF occurred"), "SSLError EOF occurred", id="TLS"),
    ],
)
def test_a_library_s_error_is_cut_to_what_went_wrong(error: Exception, text: str) -> None:
    class Failing:
        configuration = Configuration(host="https://127.0.0.1:1")

        def call_api(self, *_: object) -> None:
            raise error

    with pytest.raises(LabError) as caught:
        Api(Failing()).get("/x")
    assert caught.value.what.endswith(f"does not answer: {text}")


def test_lines_come_as_they_are_sent_until_another_thread_ends_the_watch(server: Server, api: Api) -> None:
    response, names, both = api.watch("/pods", seconds=60), [], threading.Event()

    def read() -> None:
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
    assert names == ["a", "b", "ProtocolError"]
    response.close()
    assert [path for _, path, _, _ in server.requests] == ["/pods?watch=true&timeoutSeconds=60"]


def test_kubectl_from_the_lab_s_folder_is_preferred_to_path_s(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(LabError, match="no kubectl"):
        client.kubectl_program(tmp_path)
    (tmp_path / "kubectl").touch()
    assert client.kubectl_program(tmp_path) == str(tmp_path / "kubectl")
