"""Which clusters the lab is willing to talk to."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lab.config import load
from lab.errors import BadInput, Refused
from lab.kubernetes import access, client

if TYPE_CHECKING:
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
    assert access.connect(written(kubeconfig(server))).server == server


@pytest.mark.parametrize(
    ("server", "message"),
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
def test_a_server_that_is_not_on_loopback_is_refused(written: Any, server: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        access.connect(written(kubeconfig(server)))


def test_a_proxy_on_the_way_is_refused(written: Any) -> None:
    content = kubeconfig("https://127.0.0.1:6443")
    content["clusters"][0]["cluster"]["proxy-url"] = "http://proxy.example:3128"
    with pytest.raises(Refused, match="not a kind cluster on this machine"):
        access.connect(written(content))


@pytest.mark.parametrize(
    ("content", "message"),
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
def test_a_kubeconfig_without_the_cluster_is_refused_in_one_line(written: Any, content: object, message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        access.connect(written(content))
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
        access.connect(written(content))
    assert "\n" not in error.value.what


def test_no_kubeconfig_at_all_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no kubeconfig") as refused:
        access.connect(load({"KUBECONFIG": str(tmp_path / "none")}))
    assert "make kind-up" in refused.value.hint


def test_kubectl_reaches_the_labs_cluster_alone(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "kubectl_program", lambda _folder: "kubectl")
    settings = written(kubeconfig("https://127.0.0.1:6443"))
    assert client.kubectl_command(settings, "get", "pods") == [
        "kubectl", "--kubeconfig", str(settings.kubeconfig), "--context", "kind-cats", "get", "pods",
    ]  # fmt: skip
    monkeypatch.setattr(client.shell, "run", lambda *_, **__: pytest.fail("kubectl was started"))
    with pytest.raises(Refused):
        client.kubectl(written(kubeconfig("https://10.0.0.7:6443")), "get", "pods")


def test_a_proxy_in_the_environment_is_not_used(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    made = client.api(written(kubeconfig("https://127.0.0.1:1")))
    assert type(made._client.rest_client.pool_manager).__name__ == "PoolManager"
