"""What is read from a Pod's status, and the ephemeral containers that are added to a Pod."""

import pytest

from lab.errors import LabError, TimedOut
from lab.kubernetes import ephemeral, pod_status
from lab.kubernetes.objects import RESTRICTED, condition_status, is_condition_true

CRASHED = {
    "name": "back",
    "ready": False,
    "restartCount": 2,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": "T1"}},
}
RUNS = {"name": "side", "state": {"running": {"startedAt": "T2"}}}
ENDED = {"name": "init", "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": "T0"}}}
GUEST = {"name": "guest", "state": {"running": {"startedAt": "T3"}}}
STATUS = {
    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}],
    "initContainerStatuses": [ENDED],
    "containerStatuses": [CRASHED, RUNS],
    "ephemeralContainerStatuses": [GUEST],
}


def pod(**status):
    return {"metadata": {"name": "cats", "namespace": "ns"}, "spec": {"containers": []}, "status": status}


@pytest.mark.parametrize(
    ("item", "kind", "status"),
    [
        pytest.param(pod(**STATUS), "PodScheduled", "True", id="true"),
        pytest.param(pod(**STATUS), "Ready", "False", id="false"),
        pytest.param(pod(conditions=[{"type": "Ready", "status": "Unknown"}]), "Ready", "Unknown", id="unknown"),
        pytest.param(pod(**STATUS), "Initialized", "", id="another"),
        pytest.param({"metadata": {}}, "Ready", "", id="no status yet"),
    ],
)
def test_a_condition_is_true_only_where_it_says_so(item, kind, status):
    assert condition_status(item, kind) == status
    assert is_condition_true(item, kind) is (status == "True")


def test_a_container_is_found_whatever_its_kind():
    assert [each["name"] for each in pod_status.container_statuses(pod(**STATUS))] == ["init", "back", "side", "guest"]
    assert pod_status.container_statuses(pod(**STATUS), pod_status.APP) == [CRASHED, RUNS]
    assert pod_status.container_status(pod(**STATUS), "guest") == GUEST
    assert pod_status.container_status(pod(**STATUS), "nobody") == {}
    assert pod_status.container_statuses({}) == []


@pytest.mark.parametrize(
    ("status", "state", "described", "started_at", "exit_codes"),
    [
        pytest.param(CRASHED, "waiting", "CrashLoopBackOff", "", (None, 137), id="waits after a crash"),
        pytest.param(RUNS, "running", "running", "T2", (None, None), id="runs"),
        pytest.param(ENDED, "terminated", "Completed", "T0", (0, 0), id="ended"),
        pytest.param({"name": "new"}, "", "unknown", "", (None, None), id="not seen by kubelet yet"),
    ],
)
def test_a_container_s_state_is_read(status, state, described, started_at, exit_codes):
    assert pod_status.state(status) == state
    assert pod_status.is_running(status) is (state == "running")
    assert pod_status.describe(status) == described
    assert pod_status.started_at(status) == started_at
    ends = (pod_status.terminated(status), pod_status.last_terminated(status))
    assert tuple(end.get("exitCode") for end in ends) == exit_codes
    assert bool(pod_status.waiting(status)) is (state == "waiting")
    assert pod_status.restarts(status) == status.get("restartCount", 0)


class FakeApi:
    """Has one Pod; a patch of its ephemeral containers gives each of them the state that is prepared."""

    def __init__(self, state):
        self.pod, self.state = pod(), state

    def get(self, _path):
        return self.pod

    def call(self, method, path, body, *, media):
        assert (method, path) == ("PATCH", "/api/v1/namespaces/ns/pods/cats/ephemeralcontainers")
        assert media == "application/strategic-merge-patch+json"
        added = body["spec"]["ephemeralContainers"]
        statuses = [{"name": container["name"], "state": self.state} for container in added]
        self.pod = pod(ephemeralContainerStatuses=statuses)
        self.pod["spec"]["ephemeralContainers"] = added


def test_added_ephemeral_containers_run_within_the_restricted_profile():
    api = FakeApi({"running": {}})
    ephemeral.add(api, "ns", "cats", [ephemeral.container("guest", "image", target="back")])
    (added,) = api.pod["spec"]["ephemeralContainers"]
    assert added["targetContainerName"] == "back"
    assert added["securityContext"] == RESTRICTED


@pytest.mark.parametrize(
    ("waiting", "error", "message"),
    [
        pytest.param({"reason": "ErrImagePull", "message": "no such image"}, LabError, "no such image", id="no image"),
        pytest.param({"reason": "ContainerCreating"}, TimedOut, "guest ContainerCreating", id="too late"),
    ],
)
def test_an_ephemeral_container_that_does_not_start_is_an_error(waiting, error, message):
    with pytest.raises(error, match=message):
        ephemeral.add(FakeApi({"waiting": waiting}), "ns", "cats", [ephemeral.container("guest", "image")], timeout=0.1)


@pytest.mark.parametrize(
    ("names", "states", "chosen"),
    [
        pytest.param([], {}, ("lab-verify", False), id="the first"),
        pytest.param(["lab-verify"], {"lab-verify": "running"}, ("lab-verify", True), id="used again"),
        pytest.param(["lab-verify"], {}, ("lab-verify", True), id="just added"),
        pytest.param(["debugger-x"], {"debugger-x": "running"}, ("lab-verify", False), id="a person's own is not ours"),
        pytest.param(["lab-verify"], {"lab-verify": "terminated"}, ("lab-verify-2", False), id="it ended"),
        pytest.param(["lab-verify", "lab-verify-2"], {"lab-verify": "terminated", "lab-verify-2": "running"},
                     ("lab-verify-2", True), id="the second is used again"),
    ],
)  # fmt: skip
def test_an_ephemeral_container_of_the_same_image_is_used_again(names, states, chosen):
    existing = pod(ephemeralContainerStatuses=[{"name": name, "state": {state: {}}} for name, state in states.items()])
    existing["spec"]["ephemeralContainers"] = [{"name": name, "image": "back:1"} for name in names]
    assert ephemeral.choose(existing, "back:1") == chosen
    assert ephemeral.choose(existing, "back:2")[1] is False
