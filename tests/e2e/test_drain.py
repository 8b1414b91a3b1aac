"""A rolling restart under a steady stream of requests through the Service, each over a connection of its own."""

import json
from typing import Any

import pytest

from lab import waiting
from lab.deploy import apply, manifests, wait
from lab.kubernetes import client
from lab.testing import Namespace

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]
NAME = "k8-chatroulette-back"
SECONDS = 30
ASK = f"""
import json, time, urllib.request
end, pods, failed = time.monotonic() + {SECONDS}, {{}}, []
print("begun", flush=True)
while time.monotonic() < end:
    try:
        with urllib.request.urlopen("http://{NAME}:3000/whoami", timeout=5) as answer:
            pod = json.load(answer)["pod"]
            pods[pod] = pods.get(pod, 0) + 1
    except OSError as error:
        failed.append(f"{{time.monotonic() - end + {SECONDS}:.2f}} s: {{error}}")
    time.sleep(0.01)
print(json.dumps([pods, failed]), flush=True)
"""


def deployed(namespace: str) -> list[dict[str, Any]]:
    """The backend as a Deployment with its Service, as shape `app` has it, in a namespace of the test's own."""
    items = [item for item in manifests.render("app", {NAME: f"{NAME}:latest"}) if NAME in item["metadata"]["name"]]
    for item in items:
        item["metadata"]["namespace"] = namespace
        if item["kind"] == "Service":
            item["spec"].pop("type", None)
            for port in item["spec"]["ports"]:
                port.pop("nodePort", None)
    return items


def client_pod(namespace: str, pod: dict[str, Any]) -> dict[str, Any]:
    """Somebody in the cluster who asks and asks."""
    container = {"name": "client", "image": f"{NAME}:latest", "command": ["python3", "-c", ASK]}
    spec = {"containers": [container], "restartPolicy": "Never", "securityContext": pod["securityContext"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client", "namespace": namespace}, "spec": spec}


def test_a_rolling_restart_drops_no_request(namespace: Namespace) -> None:
    api = client.api(namespace.cluster.settings)
    items = deployed(namespace.name)
    apply.apply_all(api, items, lambda _: None)
    wait.until_ready(api, items, timeout=60, report=lambda _: None)
    (deployment,) = (item for item in items if item["kind"] == "Deployment")
    pod_path = manifests.ref_of(deployment).path.replace("/deployments/", "/pods/").replace("/apis/apps/v1", "/api/v1")
    path = pod_path.replace(NAME, "client")
    api.apply(path, client_pod(namespace.name, deployment["spec"]["template"]["spec"]))

    def log() -> str:
        return namespace.kubectl("logs", "client", check=False).stdout

    waiting.until("the client to begin", lambda: ("begun" in log(), log()), timeout=30)
    for _ in range(2):
        namespace.kubectl("rollout", "restart", f"deployment/{NAME}")
        namespace.kubectl("rollout", "status", f"deployment/{NAME}", "--timeout=30s")
    waiting.until("the client to end", lambda: (log().count("\n") == 2, log()), timeout=SECONDS + 10, interval=0.5)
    pods, failed = json.loads(log().splitlines()[1])
    assert failed == []
    assert len(pods) >= 3, "two restarts: three Pods answered"
    assert sum(pods.values()) > 200
