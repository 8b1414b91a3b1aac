"""The user's kubeconfig files, with the real kubectl as the judge of where an entry goes and what is current."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lab import shell
from lab.cluster import kubeconfig
from lab.config import load

pytestmark = pytest.mark.cluster
KUBECTL = Path(sys.prefix) / "bin" / "kubectl"
NAME = "kind-judge"
ADDED = {
    "clusters": [{"name": NAME, "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": NAME, "user": {"username": "x"}}],
    "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
    "current-context": NAME,
}


def named(context):
    return {
        "clusters": [{"name": context, "cluster": {"server": f"https://{context}", "certificate-authority": "ca.pem"}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": ""}}],
        "current-context": context,
    }


def kubectl_config(value, *words):
    done = shell.run([KUBECTL, "config", *words], timeout=20, env={"KUBECONFIG": value}, check=False)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("list_", "contents"),
    [
        pytest.param(["new", "config"], {"config": named("prod")}, id="the first is not there"),
        pytest.param(["a", "b"], {}, id="none is there"),
        pytest.param(["a", "b"], {"a": {}, "b": named("prod")}, id="current in the second"),
        pytest.param(["a", "b"], {"a": named("x"), "b": named(NAME)}, id="an entry that is there"),
        pytest.param(["", "a", "a", ""], {"a": named("x")}, id="empty elements and duplicates"),
        pytest.param(["link"], {"config": named("prod")}, id="a link"),
    ],
)
@pytest.mark.usefixtures("cluster")
def test_an_entry_goes_where_kubectl_puts_it_and_what_is_current_stays(tmp_path, list_, contents):
    seen = []
    for judge in (True, False):
        folder = tmp_path / str(judge)
        folder.mkdir()
        for name, content in contents.items():
            (folder / name).write_text(yaml.safe_dump(content))
        (folder / "link").symlink_to("config")
        value = ":".join(str(folder / name) if name else "" for name in list_)
        before = kubectl_config(value, "current-context")
        if judge:
            kubectl_config(value, "set-cluster", NAME, "--server=https://127.0.0.1:1")
            kubectl_config(value, "set-credentials", NAME, "--username=x")
            kubectl_config(value, "set-context", NAME, f"--cluster={NAME}", f"--user={NAME}")
        else:
            kubeconfig.add(load({"KUBECONFIG": value}).kubeconfigs, ADDED)
            assert kubectl_config(value, "current-context") == (before or NAME)
        files = sorted(path.name for path in folder.iterdir() if path.exists())
        contexts = [kubectl_config(str(folder / name), "get-contexts", "--output=name") for name in files]
        seen.append((files, contexts))
    assert seen[0] == seen[1]
    kubectl_config(value, "set-context", NAME, "--namespace=x")  # kubectl writes the lab's file anew
    kubeconfig.remove(load({"KUBECONFIG": value}).kubeconfigs, NAME)
    assert {path.name for path in folder.iterdir()} == {"link", *contents}


@pytest.mark.parametrize("prod_is_current", [True, False])
def test_the_cluster_is_used_by_a_list_and_the_current_context_stays(cluster, tmp_path, prod_is_current):
    (tmp_path / "config").write_text(yaml.safe_dump(named("prod") if prod_is_current else {}))
    value = f"{tmp_path}/new:{tmp_path}/config"
    user = replace(cluster, env={**cluster.env, "KUBECONFIG": value})
    user.lab("kind-up")
    context = cluster.settings.context
    assert kubectl_config(value, "current-context") == ("prod" if prod_is_current else context)
    nodes = [KUBECTL, "--context", context, "get", "nodes", "--output=name"]
    assert shell.run(nodes, timeout=20, env={"KUBECONFIG": value}).stdout == f"node/{cluster.settings.node}\n"
    assert user.kubectl("get", "nodes", "--output=name").stdout == f"node/{cluster.settings.node}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config"]
    kubeconfig.remove(user.settings.kubeconfigs, context)
    assert "kind-" not in (tmp_path / "config").read_text()
