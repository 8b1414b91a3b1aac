"""Every fault, switched on in a Pod on a cluster: what Kubernetes does about it, and that it is over afterwards.

Those of readiness and liveness are proven by the experiments of these names.
Bare Pods with quick probes, one a fault: each restart of a container makes its next one wait longer.
"""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab import waiting
from lab.deploy import apply, manifests, wait
from lab.deploy.manifests import RENDERED, Ref
from lab.kubernetes import client
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import is_condition_true
from lab.testing import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]
IMAGES = {name: f"{name}:latest" for name in ("k8-chatroulette-back", "k8-chatroulette-front")}
"""What `kind-up` gave the nodes, under the name that does not change with the content."""

NAMESPACE, SERVICE = "faults", "subjects"
HOLD = "chatroulette.lab/hold"
"""A finalizer: with it a Pod that has ended can still be read."""
LABELS = {"chatroulette.lab/subject": "true"}


def backend(namespace: str) -> dict[str, Any]:
    """The course's bare Pod of the backend, faults allowed, asking little of the node."""
    pods = (item for item in manifests.render("pods", IMAGES, faults=True) if item["kind"] == "Pod")
    pod = next(pod for pod in pods if pod["metadata"]["name"] == "k8-chatroulette-back")
    pod["metadata"] = {"namespace": namespace, "labels": LABELS}
    pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "10m", "memory": "32Mi"}
    pod["spec"]["containers"][0]["readinessProbe"] |= {"periodSeconds": 1, "failureThreshold": 1}
    return pod


def named(pod: dict[str, Any], name: str) -> dict[str, Any]:
    renamed = copy.deepcopy(pod)
    renamed["metadata"]["name"] = name
    if name == "cpu":
        renamed["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "300m"
    if name == "sigterm":
        renamed["metadata"]["finalizers"] = [HOLD]
    return renamed


def service(namespace: str) -> dict[str, Any]:
    ports = [{"name": "http", "port": 3000, "targetPort": "http"}]
    meta = {"name": SERVICE, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": LABELS, "ports": ports}}


@dataclass(frozen=True)
class Subject:
    """One Pod, as the API server and kubelet see it."""

    api: Api
    namespace: str
    name: str

    @property
    def ref(self) -> Ref:
        return Ref("Pod", self.namespace, self.name)

    @property
    def pod(self) -> dict[str, Any]:
        pod = self.api.get(self.ref.path)
        assert pod is not None, f"{self.name} is gone"
        return pod

    @property
    def container(self) -> dict[str, Any]:
        status: dict[str, Any] = self.pod["status"]["containerStatuses"][0]
        return status

    @property
    def restarts(self) -> int:
        return int(self.container["restartCount"])

    @property
    def ready(self) -> bool:
        return is_condition_true(self.pod, "Ready")

    @property
    def served(self) -> bool:
        """Whether the Service sends it anything: its endpoint is ready."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{self.namespace}/endpointslices"
        slices = self.api.items(path, labelSelector=f"kubernetes.io/service-name={SERVICE}")
        endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
        ready = {endpoint["targetRef"]["name"] for endpoint in endpoints if endpoint["conditions"].get("ready")}
        return self.name in ready

    @property
    def last_end(self) -> dict[str, Any]:
        """How its container ended before it was started again."""
        return dict(self.container["lastState"].get("terminated") or {})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask at the Pod's own address, by way of the API server; raises ApiError for any answer that is not a 2xx."""
        return self.api.call(method, f"{self.ref.path}:3000/proxy{path}", body)

    def fault(self, name: str, **values: float) -> Any:
        return self.ask("POST", f"/faults/{name}", values)

    def until(self, what: str, condition: Callable[[], bool], timeout: float = 30) -> None:
        """Wait for something to become true; what is asked of a container on its way may fail meanwhile."""

        def look() -> tuple[bool, str]:
            try:
                return condition(), str(self.pod["status"].get("containerStatuses"))
            except ApiError as error:
                return False, str(error)

        waiting.until(f"{self.name} {what}", look, timeout=timeout)


NAMES = ("startup", "cpu", "memory", "latency", "errors", "crash", "sigterm", "loopback")


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> Iterator[dict[str, Subject]]:
    """One Pod a fault, all started at once, behind one Service."""
    api = client.api(cluster.settings)
    path = f"/api/v1/namespaces/{NAMESPACE}"
    api.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    model = backend(NAMESPACE)
    made = [named(model, name) for name in NAMES]
    try:
        for item in (service(NAMESPACE), *made):
            item["metadata"].setdefault("annotations", {})[RENDERED] = ""
            apply.apply_all(api, [item], lambda _: None)
        wait.until_ready(api, made, timeout=90, report=lambda _: None)
        yield {name: Subject(api, NAMESPACE, name) for name in NAMES}
    finally:
        api.delete(path, propagationPolicy="Background")


@pytest.fixture
def pod(request: pytest.FixtureRequest, pods: dict[str, Subject]) -> Subject:
    """The Pod of the fault that the test names, once the Service sends it traffic."""
    pod = pods[request.param]
    pod.until("is behind its Service", lambda: pod.served)
    return pod


@pytest.mark.parametrize("pod", ["startup"], indirect=True)
def test_a_slow_start_is_waited_for_and_not_punished(pod: Subject) -> None:
    pod.fault("startup", seconds=6)
    pod.fault("crash", code=1)
    pod.until("runs again", lambda: pod.restarts == 1 and "running" in pod.container["state"])
    began = time.monotonic()
    assert pod.container["started"] is False
    assert not pod.ready
    pod.until("is Ready at last", lambda: pod.ready)
    assert 3 < time.monotonic() - began < 20
    assert pod.container["started"] is True
    assert pod.restarts == 1, "the other probes held back"


def throttled(pod: Subject) -> int:
    return int(pod.ask("GET", "/whoami")["container"]["cpu"]["throttled_periods"])


@pytest.mark.parametrize("pod", ["cpu"], indirect=True)
def test_cpu_is_throttled_at_the_limit_and_nothing_is_killed(pod: Subject) -> None:
    before = throttled(pod)
    pod.fault("cpu", seconds=8, cores=0.3)
    pod.until("is throttled", lambda: throttled(pod) >= before + 5)
    pod.until("is done", lambda: pod.ask("GET", "/faults")["active"] == [], timeout=15)
    calm = throttled(pod)
    time.sleep(1)  # the counters are of periods of 100 ms: in these ten nothing more is burnt
    assert throttled(pod) <= calm + 3
    assert pod.restarts == 0


@pytest.mark.parametrize("pod", ["memory"], indirect=True)
def test_memory_beyond_the_limit_kills_the_container(pod: Subject) -> None:
    pod.fault("memory")
    pod.until("is killed and started again", lambda: pod.restarts == 1 and bool(pod.last_end))
    assert pod.last_end["exitCode"] == 137
    assert pod.last_end["reason"] in {"OOMKilled", "Error"}, "on cgroup v1 the runtime may miss the kernel's word"
    pod.until("is Ready", lambda: pod.ready)
    (status,) = pod.ask("GET", "/api/house")["pods"]
    assert [life["how"] for life in status["lives"]] == ["oom", None], "whoever the kernel killed, the panel says why"
    assert pod.restarts == 1


@pytest.mark.parametrize("pod", ["latency"], indirect=True)
def test_answers_are_late_and_the_probes_see_nothing_of_it(pod: Subject) -> None:
    def took() -> float:
        began = time.monotonic()
        pod.ask("GET", "/version")
        return time.monotonic() - began

    pod.fault("latency", seconds=30, milliseconds=1500)
    assert min(took() for _ in range(3)) >= 1.5
    assert pod.ready
    pod.ask("DELETE", "/faults/latency")
    assert min(took() for _ in range(3)) < 1
    assert pod.restarts == 0


def errors(pod: Subject, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            pod.ask("GET", "/version")
        except ApiError as error:
            assert error.code == 500  # noqa: PT017 - others are not this fault's
            count += 1
    return count


@pytest.mark.parametrize("pod", ["errors"], indirect=True)
def test_a_share_of_the_answers_are_errors_until_it_is_over(pod: Subject) -> None:
    pod.fault("errors", seconds=60, percent=50)
    assert 8 <= errors(pod, 50) <= 42, "of 50 at 50 %: beyond these once in a million runs"
    assert pod.ready
    pod.ask("DELETE", "/faults")
    assert errors(pod, 20) == 0
    assert pod.restarts == 0


@pytest.mark.parametrize("pod", ["crash"], indirect=True)
def test_a_crash_ends_the_container_with_that_code(pod: Subject) -> None:
    pod.fault("crash", code=42)
    pod.until("is started again", lambda: pod.restarts == 1 and bool(pod.last_end))
    assert pod.last_end["exitCode"] == 42
    pod.until("is Ready", lambda: pod.ready)
    log = pod.api.text(f"{pod.ref.path}/log", previous="true")
    assert "exit code 42" in log, "its last words are kept"


@pytest.mark.parametrize("pod", ["sigterm"], indirect=True)
def test_a_pod_that_ignores_sigterm_is_killed_when_its_grace_is_over(pod: Subject) -> None:
    pod.fault("sigterm", seconds=120)
    began = time.monotonic()
    pod.api.delete(pod.ref.path, gracePeriodSeconds=6)
    pod.until("is killed", lambda: "terminated" in pod.container["state"])
    try:
        assert 5.5 <= time.monotonic() - began < 12
        assert pod.container["state"]["terminated"]["exitCode"] == 137
    finally:
        patch = {"metadata": {"finalizers": None}}
        pod.api.call("PATCH", pod.ref.path, patch, media="application/merge-patch+json")


LOOK = """
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=3).status)
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("pod", ["loopback"], indirect=True)
def test_what_listens_on_loopback_answers_inside_the_pod_only(pod: Subject, cluster: Cluster) -> None:
    pod.fault("loopback", seconds=8)
    pod.until("leaves the Service", lambda: not pod.served, timeout=5)

    def fetched(source: str, host: str) -> str:
        words = ("exec", source, "--", "python3", "-c", LOOK, f"http://{host}:3000/version")
        return cluster.kubectl("-n", NAMESPACE, *words).stdout.strip()

    assert "refused" in fetched("errors", pod.pod["status"]["podIP"])
    assert "refused" in fetched(pod.name, pod.name), "the Pod's name is its address, not its loopback"
    assert fetched(pod.name, "localhost") == "200"
    pod.until("comes back", lambda: pod.served, timeout=15)
    assert pod.ask("GET", "/version")
    assert pod.restarts == 0


def test_no_fault_is_to_be_had_unless_faults_are_on(pods: dict[str, Subject]) -> None:
    any_pod = pods["errors"]
    model = backend(NAMESPACE)
    for variable in model["spec"]["containers"][0]["env"]:
        if variable["name"] == "FAULTS":
            variable["value"] = "off"
    item = named(model, "plain")
    any_pod.api.apply(f"/api/v1/namespaces/{NAMESPACE}/pods/plain", item)
    plain = Subject(any_pod.api, NAMESPACE, "plain")
    plain.until("is Ready", lambda: plain.ready)
    with pytest.raises(ApiError) as refused:
        plain.fault("crash", code=1)
    assert refused.value.code == 404
