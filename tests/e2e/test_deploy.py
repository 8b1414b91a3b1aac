"""``lab deploy``, ``verify`` and ``undeploy`` on a real cluster, in both shapes."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from lab import waiting
from lab.config import load
from lab.deploy import plan, status
from lab.errors import Refused
from lab.experiments.matrix import verify
from lab.kubernetes import client
from lab.testing import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", params=["pods", pytest.param("app", marks=pytest.mark.nightly)])
def shape(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    cluster.lab("deploy", "--shape", request.param)
    yield request.param
    cluster.lab("undeploy")


def test_both_services_answer_on_this_computer(shape: str, cluster: Cluster) -> None:
    settings = cluster.settings
    assert requests.get(f"{settings.back_url}/version", timeout=5).json()["name"] == "k8-chatroulette-back", shape
    assert "<html" in requests.get(f"{settings.front_url}/", timeout=5).text


def test_every_row_of_verify_is_as_predicted_with_one_ephemeral_container_however_often(
    shape: str, cluster: Cluster
) -> None:
    for _ in range(2):
        rows = json.loads(cluster.lab("verify", "--json").stdout)["checks"]
        assert [row for row in rows if not row["ok"]] == []
        tried = {row["tried"] for row in rows}
        assert {"localhost", "127.0.0.1", "the Pod's name", "the container's name", "BACKEND_URL"} <= tried, shape
    for pod in status.status(cluster.settings).pods:
        words = ("get", "pod", pod.name, "-n", pod.namespace, "-o", "jsonpath={.spec.ephemeralContainers[*].name}")
        assert cluster.kubectl(*words).stdout == "lab-verify"


_COMPILED_BY_TIME = """
import pathlib
folders = map(pathlib.Path, ("/usr/lib/python3.11", "/opt/python", "/app"))
compiled = [path for folder in folders for path in folder.rglob("*.pyc")]
assert len(compiled) > 500
print([str(path) for path in compiled if path.read_bytes()[4:8] == bytes(4)])
"""


def test_python_compiles_nothing_as_it_starts(shape: str, cluster: Cluster) -> None:
    """It would at each start what was compiled by its source's time: in an image, files have another."""
    back = next(pod for pod in status.status(cluster.settings).pods if "back" in pod.name)
    words = ("exec", back.name, "-n", back.namespace, "--", "python3", "-IB", "-c", _COMPILED_BY_TIME)
    assert cluster.kubectl(*words).stdout.strip() == "[]", shape


def uids(cluster: Cluster) -> list[str]:
    return sorted(pod["metadata"]["uid"] for pod in status.deployed(client.api(cluster.settings)))


def test_again_changes_nothing(shape: str, cluster: Cluster) -> None:
    before = uids(cluster)
    lines = cluster.lab("deploy", "--shape", shape, "--json").stdout.splitlines()
    events = [json.loads(line).get("event", {}) for line in lines]
    details = {event["step"]: event.get("detail") for event in events if event.get("kind") in {"done", "skipped"}}
    assert details["Build and push the services"] == "nothing changed"
    assert details["Apply"] == "nothing changed"
    assert len(before) >= 2
    assert uids(cluster) == before


def test_verify_names_what_hangs_on_a_service_that_is_gone(shape: str, cluster: Cluster) -> None:
    """The last test of a shape: its Service is deleted."""
    namespace = "default" if shape == "pods" else "chatroulette"
    cluster.kubectl("-n", namespace, "delete", "service", "k8-chatroulette-back")
    expected = {"the backend, on the node's port", "BACKEND_URL", "Service k8-chatroulette-back, from another Pod"}

    def look() -> tuple[bool, str]:
        """kube-proxy takes a Service's rules away a moment after it is gone."""
        done = cluster.lab("verify", "--json", check=False)
        wrong = {row["tried"] for row in json.loads(done.stdout)["checks"] if not row["ok"]}
        return (done.code, wrong) == (1, expected), f"exit {done.code}, {wrong}"

    waiting.until("verify to name what hangs on the Service", look, timeout=20)


def test_the_other_shape_takes_over_and_says_so(cluster: Cluster) -> None:
    try:
        cluster.lab("deploy", "--shape", "pods")
        done = cluster.lab("deploy", "--shape", "app")
        assert "was removed" in done.stdout + done.stderr
        assert status.status(cluster.settings).shape == "app"
        assert cluster.kubectl("get", "pods", "-n", "default", "-o", "name").stdout == ""
    finally:
        cluster.lab("undeploy")


def test_undeploy_takes_only_what_is_the_lab_s_and_twice_is_once(cluster: Cluster) -> None:
    cluster.kubectl("create", "configmap", "theirs", "-n", "default")
    try:
        cluster.lab("deploy", "--shape", "pods")
        for _ in range(2):
            cluster.lab("undeploy")
        assert status.status(cluster.settings).pods == ()
        assert "theirs" in cluster.kubectl("get", "configmaps", "-n", "default").stdout
    finally:
        cluster.kubectl("delete", "configmap", "theirs", "-n", "default")


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[Any, list[str]]]:
    """A server on this machine's own address, not loopback, that counts what it is sent, and settings leading to it."""
    requests_received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests_received.append(self.path)
            self.send_error(500)

        do_PATCH = do_POST = do_DELETE = do_GET  # noqa: N815

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        config = tmp_path / "config"
        config.write_text(yaml.safe_dump({
            "clusters": [{"name": "x", "cluster": {"server": f"http://0.0.0.0:{server.server_port}"}}],
            "contexts": [{"name": "kind-cats", "context": {"cluster": "x", "user": "x"}}],
            "users": [{"name": "x", "user": {"token": "x"}}],
            "current-context": "kind-cats",
        }))  # fmt: skip
        yield load({"KUBECONFIG": str(config), "LAB_CLUSTER": "cats"}), requests_received
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda settings: plan.prepare(settings, "pods", {}), id="deploy"),
        pytest.param(plan.undeploy, id="undeploy"),
        pytest.param(verify.verify, id="verify"),
        pytest.param(status.status, id="status"),
        pytest.param(lambda settings: client.kubectl(settings, "get", "pods"), id="kubectl"),
    ],
)
def test_a_foreign_cluster_is_refused_before_anything_is_sent(stranger: Any, act: Any) -> None:
    settings, requests_received = stranger
    with pytest.raises(Refused, match="not a kind cluster on this machine"):
        act(settings)
    assert requests_received == []
