"""Pods made by hand, as the course makes them, are the lab's business too: looked at, and never taken away."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lab import shell, waiting
from lab.testing import Cluster

pytestmark = pytest.mark.cluster
ECR = "810454728139.dkr.ecr.eu-west-3.amazonaws.com"
BACK, FRONT = "k8-chatroulette-back", "k8-chatroulette-front"


def verified(cluster: Cluster) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = json.loads(cluster.lab("verify", "--json").stdout)["checks"]
    assert [row for row in checks if not row["ok"]] == []
    return checks


def test_the_exercises_by_hand_one_after_the_other(student: Any, cluster: Cluster) -> None:
    """The frontend alone, with the break that is expected; then a backend; then the Service between them."""
    student.types(f"k run {FRONT} --image={ECR}/{FRONT}:latest")
    student.waits_for(FRONT)
    (row,) = [row for row in verified(cluster) if row["tried"] == "BACKEND_URL"]
    assert (row["answered"], "only the frontend runs" in row["why"]) == ("no such name", True)
    status = json.loads(cluster.lab("status", "--json").stdout)
    assert [pod["name"] for pod in status["pods"]] == [FRONT]
    assert len(status["notes"]) == 3
    student.types(f"k create deployment web --image={ECR}/{BACK}:latest")
    student.types("k wait --for=condition=Available deployment/web --timeout=60s")
    (row,) = [row for row in verified(cluster) if row["tried"] == "BACKEND_URL"]
    assert "kubectl expose" in row["why"]
    student.types(f"k expose deployment web --name={BACK} --port=3000")
    waiting.until("the Service to answer", lambda: (_leads_to(cluster, "web-"), ""), timeout=20)
    inside = shell.run(
        [Path(sys.prefix) / "bin" / "lab", "debug", FRONT],
        timeout=60,
        env=cluster.env,
        stdin=f"wget -qO- localhost:8080/version; wget -qO- {FRONT}:8080/version\n",
    )
    assert inside.stdout.count(f'"name":"{FRONT}"') == 2
    logs = cluster.lab("logs", "--no-follow").stdout
    assert {line.split("/")[1] for line in logs.splitlines() if line.startswith("[pod/")} >= {FRONT}
    assert "[pod/web-" in logs
    with opened(cluster):
        assert requests.get("http://localhost:3000/version", timeout=5).json()["name"] == BACK
        assert "<html" in requests.get("http://localhost:8080/", timeout=5).text


def _leads_to(cluster: Cluster, pod: str) -> bool:
    checks = json.loads(cluster.lab("verify", "--json", check=False).stdout)["checks"]
    row = next(row for row in checks if row["tried"] == "BACKEND_URL")
    return row["ok"] and row["expected"] == BACK and pod in row["answered"]


class opened:  # noqa: N801 - used as a function
    """`lab open`, until the block ends."""

    def __init__(self, cluster: Cluster) -> None:
        program = Path(sys.prefix) / "bin" / "lab"
        self._process = subprocess.Popen([program, "open"], env={**os.environ, **cluster.env}, stdout=subprocess.PIPE)

    def __enter__(self) -> None:
        assert self._process.stdout
        seen = {"The page": False, "The backend": False}
        for line in iter(self._process.stdout.readline, b""):
            seen |= {name: True for name in seen if line.startswith(name.encode())}
            if all(seen.values()):
                return
        pytest.fail("it ended")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=30)
        finally:
            self._process.kill()


@pytest.fixture
def by_hand(cluster: Cluster) -> Iterator[str]:
    cluster.lab("undeploy")
    cluster.kubectl("-n", "default", "run", BACK, f"--image={ECR}/{BACK}:latest")
    yield cluster.kubectl("-n", "default", "get", "pod", BACK, "-o", "jsonpath={.metadata.uid}").stdout
    cluster.kubectl("-n", "default", "delete", "pod", BACK, "--now")


def test_neither_deploy_nor_undeploy_touches_a_pod_made_by_hand(by_hand: str, cluster: Cluster) -> None:
    refused = cluster.lab("deploy", check=False)
    assert refused.code == 2
    assert f"you made pod/{BACK} in namespace default yourself" in refused.stderr
    assert f"default/{BACK}" in cluster.lab("undeploy").stdout
    uid = cluster.kubectl(
        "-n", "default", "get", "pod", BACK, "-o", "jsonpath={.metadata.uid}{.metadata.deletionTimestamp}"
    )
    assert uid.stdout == by_hand
