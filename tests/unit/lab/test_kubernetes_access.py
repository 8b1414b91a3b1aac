"""Which clusters the lab is willing to talk to."""

import pytest
import yaml

from lab.config import load
from lab.errors import BadInput, LabError, Refused
from lab.kubernetes import access, client

PEM = "cGVtCg=="


def kubeconfig(server="https://127.0.0.1:6443", **changes):
    """Return one of a kind cluster called cats, and a foreign one that is current."""
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
def written(tmp_path):
    """Write a kubeconfig and return the settings that use it."""

    def write(content):
        path = tmp_path / "config"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return load({"KUBECONFIG": str(path)})

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
def test_a_kind_cluster_on_loopback_is_ours(written, server):
    assert access.connect(written(kubeconfig(server))).server == server


def test_a_context_is_read_from_the_whole_list_and_the_first_of_a_name_wins(written, tmp_path):
    settings = written(kubeconfig(clusters=[], users=[]))
    rest, wrong = tmp_path / "rest", tmp_path / "wrong"
    rest.write_text(yaml.safe_dump(kubeconfig("https://127.0.0.1:7", contexts=[])))
    wrong.write_text(yaml.safe_dump(kubeconfig("https://evil.example")))
    files = [settings.kubeconfigs[0], tmp_path / "none", rest, wrong]
    found = access.connect(load({"KUBECONFIG": ":".join(map(str, files))}))
    assert (found.context, found.server) == ("kind-cats", "https://127.0.0.1:7")


PROXIED = {"server": "https://127.0.0.1:1", "certificate-authority-data": PEM, "proxy-url": "http://proxy.example:3128"}
OTHER_LOGIN = {"name": "kind-cats", "user": {"exec": {"command": "x"}}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(kubeconfig("https://10.0.0.7:6443"), "10.0.0.7", id="another machine"),
        pytest.param(kubeconfig("https://prod.example:6443"), "prod.example", id="another name"),
        pytest.param(kubeconfig("https://127.0.0.1.evil.example:6443"), "evil", id="looks like loopback"),
        pytest.param(kubeconfig("https://127.0.0.1@evil.example:6443"), "evil", id="loopback as a user name"),
        pytest.param(kubeconfig("https://0.0.0.0:6443"), "0.0.0.0", id="any address"),
        pytest.param(kubeconfig(""), "nowhere", id="no server"),
        pytest.param(kubeconfig("https://[::1"), "leads to", id="no address"),
        pytest.param(
            kubeconfig(clusters=[{"name": "kind-cats", "cluster": PROXIED}]), "not a kind cluster", id="a proxy"
        ),
        pytest.param({}, "no context kind-cats", id="empty"),
        pytest.param(kubeconfig(contexts=None), "no context kind-cats", id="null contexts"),
        pytest.param(kubeconfig(clusters=[]), "no cluster kind-cats", id="no cluster"),
        pytest.param(kubeconfig(users=[]), "no user kind-cats", id="no user"),
        pytest.param(kubeconfig(users=[OTHER_LOGIN]), "client-certificate-data", id="another kind of login"),
    ],
)
def test_anything_but_the_labs_cluster_is_refused_in_one_line_before_kubectl_starts(
    written, monkeypatch, content, message
):
    monkeypatch.setattr(client.shell, "run", lambda *_, **__: pytest.fail("kubectl was started"))
    with pytest.raises(Refused, match=message) as refused:
        client.kubectl(written(content), "get", "pods")
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
        pytest.param({"current-context": []}, id="a list for a context"),
    ],
)
def test_what_is_no_kubeconfig_is_named_in_one_line(written, content):
    with pytest.raises(BadInput, match="is no kubeconfig") as error:
        access.connect(written(content))
    assert "\n" not in error.value.what


def test_no_kubeconfig_at_all_says_what_makes_one(tmp_path):
    with pytest.raises(Refused, match="there is no kubeconfig") as refused:
        access.connect(load({"KUBECONFIG": str(tmp_path / "none")}))
    assert "make kind-up" in refused.value.hint


def test_kubectl_is_the_labs_own_or_paths_and_reaches_the_labs_cluster_alone(written, program, monkeypatch, tmp_path):
    settings = written(kubeconfig())
    monkeypatch.setattr(type(settings), "programs", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    env = ["env", f"KUBECONFIG={settings.kubeconfigs[0]}"]
    options = ["--context", "kind-cats", "get", "pods"]
    with pytest.raises(LabError, match="no kubectl"):
        client.kubectl_command(settings, "get", "pods")
    on_path = program("kubectl", "")
    assert client.kubectl_command(settings, "get", "pods") == [*env, str(on_path), *options]
    (tmp_path / "kubectl").touch()
    assert client.kubectl_command(settings, "get", "pods") == [*env, str(tmp_path / "kubectl"), *options]


def test_a_proxy_in_the_environment_is_not_used(written, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    with pytest.raises(LabError, match="does not answer") as error:
        client.api(written(kubeconfig("https://127.0.0.1:1"))).get("/x")
    assert "proxy.invalid" not in error.value.what
