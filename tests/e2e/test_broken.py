"""Everything that can keep a Pod from being Ready, brought about on a real cluster, is told in plain words."""

from typing import Any

import pytest

from lab.deploy import apply, wait
from lab.deploy.manifests import RENDERED
from lab.errors import LabError
from lab.kubernetes import client
from lab.testing import Namespace

pytestmark = pytest.mark.cluster
nightly = pytest.mark.nightly
SLEEP = ["sh", "-c", "trap exit TERM; sleep 1000 & wait"]


def pod(**container: Any) -> dict[str, Any]:
    """A Pod whose one container is busybox, asleep, but for what is given; ``pod`` is added to its spec."""
    spec = container.pop("pod", {})
    app = {"name": "app", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": SLEEP, **container}
    meta = {"name": "broken", "annotations": {RENDERED: "0"}}
    spec = {"containers": [app], "terminationGracePeriodSeconds": 1, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def probe(script: str) -> dict[str, Any]:
    return {"exec": {"command": ["sh", "-c", script]}, "periodSeconds": 1, "failureThreshold": 1}


LATER = {"exec": {"command": ["true"]}, "initialDelaySeconds": 60}
"""A Pod without a readiness probe is Ready in the moments between two crashes; with this one it never is."""

CASES = {
    "image-missing": (pod(image="no-such-image:1"), ["no-such-image:1 cannot be had", "runtime's words"]),
    "image-name": (pod(image="NotAName:1"), ["NotAName:1 cannot be had (InvalidImageName)", "this is no image name"]),
    "crash": (
        pod(command=["sh", "-c", "echo the cat is out >&2; exit 3"], readinessProbe=LATER),
        ["container app ended with exit code 3", "its last words: the cat is out"],
    ),
    "ended": (pod(command=["true"], readinessProbe=LATER), ["exit code 0", "is expected to go on", "it wrote nothing"]),
    "memory": (
        pod(command=["tail", "/dev/zero"], resources={"limits": {"memory": "16Mi"}}, readinessProbe=LATER),
        ["137", "limit of 16Mi"],  # "OOMKilled" where the kernel's word reached the runtime in time
    ),
    "readiness-exec": (pod(readinessProbe=probe("echo not yet; exit 1")), ["its readiness probe fails: not yet"]),
    "readiness-http": (
        pod(readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}),
        ["its readiness probe fails", "connection refused"],
    ),
    "liveness": (
        pod(livenessProbe=probe("echo stuck; exit 1"), readinessProbe=LATER),
        ["its liveness probe fails: stuck", "again and again"],
    ),
    "too-big": (
        pod(resources={"requests": {"cpu": "1000"}}),
        ["no node takes it: less cpu is free on the node than the Pod requests", "Insufficient cpu"],
    ),
    "nowhere": (pod(pod={"nodeSelector": {"room": "attic"}}), ["no node has the labels"]),
    "configmap": (
        pod(envFrom=[{"configMapRef": {"name": "nowhere"}}]),
        ["needs settings that are not there", 'configmap "nowhere" not found'],
    ),
    "secret": (
        pod(env=[{"name": "X", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "x"}}}]),
        ["needs settings that are not there", 'secret "nowhere" not found'],
    ),
    "command": (pod(command=["/no/such/program"]), ["could not be started", "'/no/such/program'", "no such file"]),
    "identity": (pod(securityContext={"runAsNonRoot": True}), ["must not run as root"]),
    "volume": (
        pod(
            volumeMounts=[{"name": "v", "mountPath": "/v"}],
            pod={"volumes": [{"name": "v", "configMap": {"name": "nowhere"}}]},
        ),
        ["a volume cannot be mounted", 'configmap "nowhere" not found'],
    ),
    "claim": (
        pod(pod={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "nowhere"}}]}),
        ["there is no PersistentVolumeClaim nowhere"],
    ),
}
EACH_CHANGE = {"image-missing", "crash", "readiness-http"}
"""One case for each stage of a Pod's start; the others run nightly."""
QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}


def put(namespace: Namespace, *items: dict[str, Any], timeout: float = 60) -> LabError:
    """Apply and wait as ``lab deploy`` does, and return how that failed."""
    api = client.api(namespace.cluster.settings)
    placed = [{**item, "metadata": {**item["metadata"], "namespace": namespace.name}} for item in items]
    try:
        apply.apply_all(api, placed, lambda _: None)
        wait.until_ready(api, placed, timeout=timeout, report=lambda _: None)
    except LabError as error:
        return error
    return pytest.fail("it became Ready")


@pytest.mark.parametrize(
    ("broken", "cause"),
    [pytest.param(*case, id=name, marks=[] if name in EACH_CHANGE else nightly) for name, case in CASES.items()],
)
def test_the_cause_is_told_early_with_the_next_command(
    namespace: Namespace, broken: dict[str, Any], cause: list[str]
) -> None:
    error = put(namespace, broken)
    for phrase in cause:
        assert phrase in error.what
    assert error.what.startswith("Pod broken: "), "it was found before the deadline"
    assert error.hint.startswith("kubectl ")


def test_a_quota_that_is_used_up_refuses_a_pod(namespace: Namespace) -> None:
    error = put(namespace, QUOTA, pod())
    assert "the namespace's quota is used up" in error.what
    assert error.hint == f"kubectl describe resourcequota none -n {namespace.name}"


@nightly
def test_a_quota_that_is_used_up_keeps_a_deployment_without_pods(namespace: Namespace) -> None:
    labels = {"app": "broken"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"] | {"terminationGracePeriodSeconds": 1}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    error = put(namespace, QUOTA, {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "broken"}, "spec": spec,
    })  # fmt: skip
    assert "the namespace's quota is used up" in error.what


@nightly
def test_pod_security_refuses_a_pod_and_says_what_it_breaks(namespace: Namespace) -> None:
    namespace.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    error = put(namespace, pod())
    assert "profile restricted" in error.what
    assert "allowPrivilegeEscalation != false" in error.what
