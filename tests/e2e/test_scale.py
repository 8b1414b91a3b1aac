"""``SHAPE=scale`` on a real cluster: replicas that share a Redis, and all that keeps them up."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab import docker, waiting
from lab.deploy import status, volumes
from lab.deploy.manifests import SHAPES, Ref, collection
from lab.kubernetes import client
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import condition, is_condition_true
from lab.testing import Cluster

pytestmark = pytest.mark.cluster
nightly = pytest.mark.nightly
NAMESPACE = SHAPES["scale"]
BACK, FRONT = "k8-chatroulette-back", "k8-chatroulette-front"


@pytest.fixture(scope="module")
def scale(cluster: Cluster) -> Iterator[Cluster]:
    """Deployed once for all of these."""
    cluster.lab("deploy", "--shape", "scale")
    yield cluster
    cluster.lab("undeploy")


@pytest.fixture
def api(scale: Cluster) -> Api:
    return client.api(scale.settings)


def pods(api: Api, service: str) -> list[dict[str, Any]]:
    """Those that are Ready and stay."""
    labelled = api.items(collection("Pod", NAMESPACE), labelSelector=f"app.kubernetes.io/name={service}")
    return [pod for pod in labelled if is_condition_true(pod, "Ready") and not pod["metadata"].get("deletionTimestamp")]


def details(done: Any) -> dict[str, str]:
    """What each step of a command said at its end."""
    events = [json.loads(line).get("event", {}) for line in done.stdout.splitlines()]
    return {event["step"]: event.get("detail") for event in events if event.get("kind") in {"done", "skipped"}}


def test_every_replica_is_up_and_every_row_of_verify_as_predicted(scale: Cluster, api: Api) -> None:
    assert (len(pods(api, BACK)), len(pods(api, FRONT)), len(pods(api, "redis"))) == (3, 2, 1)
    rows = json.loads(scale.lab("verify", "--json").stdout)["checks"]
    assert [row for row in rows if not row["ok"]] == []
    tried = [row["tried"] for row in rows]
    assert sum(row["vantage"].startswith("container front") and row["tried"].endswith(", alone") for row in rows) == 3
    assert {"Redis, as the backend sees it", "a message from one Pod's visitor"} <= set(tried)


@nightly
def test_again_changes_nothing_and_leaves_the_number_of_pods_to_the_autoscaler(scale: Cluster, api: Api) -> None:
    before = {pod["metadata"]["uid"] for pod in status.deployed(api)}
    steps = details(scale.lab("deploy", "--shape", "scale", "--json"))
    assert (steps["Apply"], steps["Make a Redis image"]) == ("nothing changed", "nothing changed")
    assert {pod["metadata"]["uid"] for pod in status.deployed(api)} == before
    managed = (api.get(Ref("Deployment", NAMESPACE, BACK).path) or {})["metadata"]["managedFields"]
    ours = [fields["fieldsV1"]["f:spec"] for fields in managed if fields["operation"] == "Apply"]
    assert len(ours) == 1
    assert "f:template" in ours[0]
    assert "f:replicas" not in ours[0], "the next apply would set it back"


@pytest.mark.parametrize("name", [BACK, FRONT])
@nightly
def test_an_autoscaler_has_figures(name: str, scale: Cluster, api: Api) -> None:
    path = Ref("HorizontalPodAutoscaler", NAMESPACE, name).path

    def look() -> tuple[bool, str]:
        autoscaler = api.get(path) or {}
        return is_condition_true(autoscaler, "ScalingActive"), str(condition(autoscaler, "ScalingActive"))

    waiting.until(f"{name} to scale", look, timeout=90)
    metric = (api.get(path) or {})["status"]["currentMetrics"][0]["resource"]
    assert metric["name"] == "cpu"
    assert metric["current"]["averageValue"] != "0"
    shown = {autoscaler.name: autoscaler for autoscaler in status.status(scale.settings).autoscalers}
    assert (shown[name].trouble, bool(shown[name].seen)) == ("", True)


@nightly
def test_a_budget_lets_one_backend_go_at_a_time(api: Api) -> None:
    path = Ref("PodDisruptionBudget", NAMESPACE, BACK).path

    def allowed() -> int:
        budget = (api.get(path) or {})["status"]
        return int(budget["disruptionsAllowed"]) if budget["expectedPods"] == 3 else -1

    waiting.until("the budget to be counted", lambda: (allowed() == 1, str(allowed())), timeout=30)
    first, second, _ = (pod["metadata"]["name"] for pod in pods(api, BACK))

    def evict(name: str) -> None:
        meta = {"name": name, "namespace": NAMESPACE}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        api.call("POST", f"{collection('Pod', NAMESPACE)}/{name}/eviction", body)

    evict(first)
    with pytest.raises(ApiError) as refused:
        evict(second)
    assert refused.value.code == 429
    assert "disruption budget" in refused.value.message
    waiting.until("the third backend to be back", lambda: (len(pods(api, BACK)) == 3, ""), timeout=60)


@nightly
def test_what_redis_has_written_outlives_its_pod(scale: Cluster, api: Api) -> None:
    def redis(*args: str) -> str:
        return scale.kubectl("-n", NAMESPACE, "exec", "redis-0", "--", "redis-cli", *args).stdout.strip()

    assert redis("config", "get", "appendfsync").endswith("always")
    assert redis("set", "e2e-kept", "yes") == "OK"
    (before,) = pods(api, "redis")
    api.delete(Ref("Pod", NAMESPACE, "redis-0").path)
    waiting.until(
        "another Redis Pod",
        lambda: ([pod["metadata"]["uid"] for pod in pods(api, "redis")] not in ([], [before["metadata"]["uid"]]), ""),
        timeout=60,
    )
    assert redis("get", "e2e-kept") == "yes"
    redis("del", "e2e-kept")
    assert len(pods(api, BACK)) == 3, "no backend is taken out of its Service for a Redis that is away"


@nightly
def test_a_full_redis_refuses_and_forgets_nothing(scale: Cluster) -> None:
    def redis(*args: str) -> str:
        return scale.kubectl("-n", NAMESPACE, "exec", "redis-0", "--", "redis-cli", *args).stdout.strip()

    redis("set", "e2e-kept", "yes")
    limit = redis("config", "get", "maxmemory").splitlines()[-1]
    redis("config", "set", "maxmemory", "1mb")
    try:
        assert "OOM command not allowed" in redis("set", "e2e-more", "x" * 100)
        assert redis("get", "e2e-kept") == "yes"
    finally:
        redis("config", "set", "maxmemory", limit)
        redis("del", "e2e-kept")
    assert int(limit) < 256 * 2**20, "below the container's limit"


@nightly
def test_redis_runs_as_nobody_in_particular_and_cannot_write_but_to_its_volume(scale: Cluster) -> None:
    script = "id -u; touch /x 2>&1; touch /data/x && rm /data/x && echo written"
    output = scale.kubectl("-n", NAMESPACE, "exec", "redis-0", "--", "sh", "-c", script).stdout
    assert output.splitlines()[0] == "999"
    assert "Read-only file system" in output
    assert output.splitlines()[-1] == "written"
    (pod,) = pods(client.api(scale.settings), "redis")
    security = pod["spec"]["containers"][0]["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False


@nightly
def test_a_fault_ordered_at_one_replica_takes_another_out_of_the_service(api: Api) -> None:
    first, second, *_ = (pod["metadata"]["name"] for pod in pods(api, BACK))
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"

    def ready() -> set[str]:
        slices = api.items(path, labelSelector=f"kubernetes.io/service-name={BACK}")
        endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
        return {endpoint["targetRef"]["name"] for endpoint in endpoints if endpoint["conditions"].get("ready")}

    order = f"{collection('Pod', NAMESPACE)}/{first}:3000/proxy/faults/readiness?pod={second}"

    def ordered() -> tuple[bool, str]:
        """Once the other one listens: after Redis was away it tries again every two seconds at most."""
        try:
            api.call("POST", order, {"seconds": 8})
        except client.ApiError as refused:
            return False, str(refused)
        return True, "taken"

    waiting.until(f"{second} to take the order", ordered, timeout=10, interval=0.5)
    waiting.until(f"{second} to be left out", lambda: (second not in ready(), str(ready())), timeout=10)
    assert first in ready()
    waiting.until(f"{second} to be back", lambda: (second in ready(), str(ready())), timeout=20)
    pod = api.get(Ref("Pod", NAMESPACE, second).path) or {}
    assert [status["restartCount"] for status in pod["status"]["containerStatuses"]] == [0]


@nightly
def test_the_shapes_take_over_from_one_another_and_leave_nothing(scale: Cluster, api: Api) -> None:
    """The last test here: what is deployed is taken away."""
    assert len(api.items("/api/v1/persistentvolumes")) == 1
    for shape, before in (("app", "scale"), ("scale", "app"), ("pods", "scale"), ("scale", "pods")):
        done = scale.lab("deploy", "--shape", shape)
        assert (
            f"SHAPE={before} had the same ports and was removed; this is now SHAPE={shape}" in done.stdout + done.stderr
        )
        assert status.status(scale.settings).shape == shape
        claims = api.items(collection("PersistentVolumeClaim", NAMESPACE))
        assert len(claims) == (shape == "scale")
    done = scale.lab("undeploy")
    assert "persistentvolumeclaim/redis deleted" in done.stdout + done.stderr
    assert api.get(Ref("Namespace", "", NAMESPACE).path) is None
    assert api.items("/api/v1/persistentvolumes") == []
    command = ("exec", scale.settings.node, "find", volumes.FOLDER, "-mindepth", "1")
    assert docker.docker(*command) == "", "no folder is left on the node"
