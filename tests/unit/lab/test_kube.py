"""Which clusters the lab is willing to talk to, and what it makes of their answers."""

from __future__ import annotations

import base64
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kubernetes.client import ApiClient, ApiException, Configuration
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError

from lab.config import load
from lab.errors import BadInput, LabError, Refused
from lab.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.config import Settings

PEM = base64.b64encode(b"pem\n").decode()


def kubeconfig(server: str, **changes: Any) -> dict[str, Any]:
    """One kind cluster called cats, and a foreign one that is current."""
    user = {"client-certificate-data": PEM, "client-key-data": PEM}
    return {
        "contexts": [
            {"name": "kind-cats", "context": {"cluster": "kind-cats", "user": "kind-cats"}},
            {"name": "prod", "context": {"cluster": "prod", "user": "prod"}},
        ],
        "clusters": [
            {"name": "kind-cats", "cluster": {"server": server, "certificate-authority-data": PEM}},
            {"name": "prod", "cluster": {"server": "https://prod.example:6443"}},
        ],
        "users": [{"name": "kind-cats", "user": user}, {"name": "prod", "user": {"token": "x"}}],
        "current-context": "prod",
    } | changes


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Write a kubeconfig and return the settings that use it."""

    def write(content: object, cluster: str = "cats") -> Settings:
        path = tmp_path / "config"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return load({"KUBECONFIG": str(path), "LAB_CLUSTER": cluster})

    return write


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("https://127.0.0.1:6443", id="ipv4"),
        pytest.param("https://127.8.8.8:6443", id="all of 127/8"),
        pytest.param("https://[::1]:6443", id="ipv6"),
        pytest.param("https://localhost:6443", id="by name"),
    ],
)
def test_a_kind_cluster_on_loopback_is_ours(written: Any, server: str) -> None:
    assert client.connect(written(kubeconfig(server))).server == server


@pytest.mark.parametrize(
    ("server", "said"),
    [
        pytest.param("https://10.0.0.7:6443", "10.0.0.7", id="another machine"),
        pytest.param("https://prod.example:6443", "prod.example", id="another name"),
        pytest.param("https://127.0.0.1.evil.example:6443", "evil", id="looks like loopback"),
        pytest.param("https://127.0.0.1@evil.example:6443", "evil", id="loopback as a user name"),
        pytest.param("https://0.0.0.0:6443", "0.0.0.0", id="any address"),
        pytest.param("", "nowhere", id="no server"),
        pytest.param("https://[::1", "leads to", id="no address"),
    ],
)
def test_a_server_that_is_not_on_loopback_is_refused(written: Any, server: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        client.connect(written(kubeconfig(server)))


def test_a_proxy_on_the_way_is_refused(written: Any) -> None:
    content = kubeconfig("https://127.0.0.1:6443")
    content["clusters"][0]["cluster"]["proxy-url"] = "http://proxy.example:3128"
    with pytest.raises(Refused, match="not a kind cluster on this machine"):
        client.connect(written(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param({}, "no context kind-cats", id="empty"),
        pytest.param(kubeconfig("https://127.0.0.1:1", contexts=None), "no context kind-cats", id="null contexts"),
        pytest.param(kubeconfig("https://127.0.0.1:1", clusters=[]), "no cluster kind-cats", id="no cluster"),
        pytest.param(kubeconfig("https://127.0.0.1:1", users=[]), "no user kind-cats", id="no user"),
        pytest.param(
            kubeconfig("https://127.0.0.1:1", users=[{"name": "kind-cats", "user": {"exec": {"command": "x"}}}]),
            "client-certificate-data",
            id="another kind of login",
        ),
    ],
)
def test_a_kubeconfig_without_the_cluster_is_refused_in_one_line(written: Any, content: object, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        client.connect(written(content))
    assert "\n" not in refused.value.what
    assert refused.value.hint


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("- a list", id="a list"),
        pytest.param("a: [", id="no YAML"),
        pytest.param({"contexts": [None, "x"]}, id="entries of another kind"),
        pytest.param({"contexts": [{"context": {"cluster": "a"}}]}, id="an entry without a name"),
        pytest.param({"clusters": "hello"}, id="no list"),
        pytest.param({"current-context": 7}, id="a number for a context"),
    ],
)
def test_what_is_no_kubeconfig_is_named_in_one_line(written: Any, content: object) -> None:
    with pytest.raises(BadInput, match="is no kubeconfig") as error:
        client.connect(written(content))
    assert "\n" not in error.value.what


def test_no_kubeconfig_at_all_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no kubeconfig") as refused:
        client.connect(load({"KUBECONFIG": str(tmp_path / "none")}))
    assert "make kind-up" in refused.value.hint


def test_kubectl_is_always_told_which_cluster(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "program", lambda _folder: "kubectl")
    settings = written(kubeconfig("https://127.0.0.1:6443"))
    assert client.command(settings, "get", "pods") == [
        "kubectl", "--kubeconfig", str(settings.kubeconfig), "--context", "kind-cats", "get", "pods",
    ]  # fmt: skip


def test_kubectl_is_not_even_started_for_a_foreign_cluster(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.shell, "run", lambda *_, **__: pytest.fail("kubectl was started"))
    with pytest.raises(Refused):
        client.kubectl(written(kubeconfig("https://10.0.0.7:6443")), "get", "pods")


class Server(ThreadingHTTPServer):
    """An API server that says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.answer: tuple[int, object] = (200, {})
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def _reply(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        server.asked.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        code, answer = server.answer
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PATCH = do_DELETE = do_POST = _reply  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def api(server: Server) -> Iterator[client.Api]:
    with ApiClient(Configuration(host=f"http://127.0.0.1:{server.server_port}", retries=False)) as api_client:
        yield client.Api(api_client)
        api_client.rest_client.pool_manager.clear()


def test_what_is_not_there_is_none(server: Server, api: client.Api) -> None:
    server.answer = (404, {"reason": "NotFound", "message": 'pods "x" not found'})
    assert api.get("/api/v1/pods/x") is None
    assert api.delete("/api/v1/pods/x") is False


def test_apply_is_server_side_and_in_the_labs_name(server: Server, api: client.Api) -> None:
    api.apply("/api/v1/x", {"kind": "X"})
    method, path, media, body = server.asked[0]
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
def test_a_refusal_carries_what_was_said(
    server: Server, api: client.Api, answer: object, reason: str, message: str
) -> None:
    server.answer = (403, answer)
    with pytest.raises(client.ApiError) as refused:
        api.items("/api/v1/pods")
    assert (refused.value.code, refused.value.reason, refused.value.message) == (403, reason, message)


def test_a_server_that_does_not_answer_is_said_to() -> None:
    api_client = ApiClient(Configuration(host="http://127.0.0.1:1", retries=False))
    with pytest.raises(LabError, match=r"does not answer") as error:
        client.Api(api_client).get("/x")
    assert "make kind-up" in error.value.hint


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            ReadTimeoutError(HTTPSConnectionPool("127.0.0.1", 1), "/", "Read timed out. (read timeout=9.99962554)"),
            "Read timed out. (read timeout=9.9)",
            id="late",
        ),
        pytest.param(ApiException(reason="SSLError\nEOF occurred"), "SSLError EOF occurred", id="hung up"),
    ],
)
def test_a_library_s_words_are_cut_to_what_went_wrong(error: Exception, said: str) -> None:
    assert client._brief(error) == said


def test_a_proxy_in_the_environment_is_not_used(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    made = client.api(written(kubeconfig("https://127.0.0.1:1")))
    assert type(made._client.rest_client.pool_manager).__name__ == "PoolManager"


def test_a_server_that_hangs_up_within_tls_is_one_that_does_not_answer() -> None:
    """A node that is just starting does so: the port is Docker's, behind it nobody listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def hang_up() -> None:
            door.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        api_client = ApiClient(Configuration(host=f"https://127.0.0.1:{door.getsockname()[1]}", retries=False))
        with pytest.raises(LabError, match=r"does not answer") as error:
            client.Api(api_client).get("/x")
        thread.join()
    assert "\n" not in error.value.what
