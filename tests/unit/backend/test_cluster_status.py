"""GET /api/house: this Pod first, the others by name, and what is known while Redis is unavailable."""

import gevent
import msgspec
import pytest

from backend import cluster_status, create_app, restarts
from backend.cgroup import Memory
from backend.cluster_status import PodStatus, own_first
from backend.replicas.errors import Unavailable
from service_runtime.lifecycle import Phase
from service_runtime.responses import encode


@pytest.fixture
def context(app):
    return app.extensions["context"]


@pytest.fixture
def own(context):
    return context.cluster_status.own.read()


def test_a_pod_alone_shows_itself(client):
    house = client.get("/api/house").json
    assert house["answered_by"] == "back-7d9"
    assert house["store"] == {"kind": "memory", "ok": True, "reason": None, "url": None}
    assert house["census"] == {"visitors": 0, "waiting": 0, "chats": 0, "windows": []}
    (pod,) = house["pods"]
    assert (pod["pod"], pod["node"], pod["ips"]) == ("back-7d9", "worker", ["10.0.0.7", "fd00::7"])
    assert (pod["streams"], pod["listening"]) == (0, "0.0.0.0:3000")
    assert pod["container"].keys() == client.get("/whoami").json["container"].keys()


@pytest.mark.parametrize(("phase", "ready"), [(Phase.STARTING, False), (Phase.SERVING, True), (Phase.DRAINING, False)])
def test_the_phase_and_probes_are_shown(context, client, phase, ready):
    context.lifecycle.phase = phase
    client.get("/livez", headers={"User-Agent": "kube-probe/1.37"})
    (pod,) = client.get("/api/house").json["pods"]
    assert (pod["phase"], pod["ready"]) == (phase.value, ready)
    assert [(probe["kind"], probe["status"]) for probe in pod["probes"]] == [("livez", 200)]


def test_this_pod_is_first_and_the_others_come_by_name(own):
    reports = {name: encode(msgspec.structs.replace(own, pod=name)) for name in ("c", "back-7d9", "a")}
    assert [pod.pod for pod in own_first(own, reports)] == ["back-7d9", "a", "c"]


@pytest.mark.parametrize("report", [b"", b"{}", b"null", b"\xff"])
def test_a_report_that_cannot_be_read_is_left_out(own, report):
    assert own_first(own, {"a": report}) == [own]


@pytest.mark.parametrize("failing", ["check", "census", "pods"])
def test_with_redis_unavailable_this_pod_is_still_shown(context, client, monkeypatch, failing):
    """Whether the check says so, or only what comes after it."""

    def fail(*_arguments):
        raise Unavailable("connection refused")

    if failing == "check":
        monkeypatch.setattr(context.shared, "check", lambda: "connection refused")
    elif failing == "census":
        monkeypatch.setattr(context.shared, "census", fail)
    else:
        monkeypatch.setattr(context.shared.pods, "pods", fail)
    answer = client.get("/api/house")
    assert answer.status_code == 200
    assert answer.json["census"] is None
    assert answer.json["store"] == {"kind": "memory", "ok": False, "reason": "connection refused", "url": None}
    assert [pod["pod"] for pod in answer.json["pods"]] == ["back-7d9"]


def test_many_requests_at_once_cost_one_reading(context, client, monkeypatch):
    checks = []
    monkeypatch.setattr(context.shared, "check", lambda: checks.append(1))
    answers = {client.get("/api/house").data for _ in range(20)}
    assert (len(checks), len(answers)) == (1, 1)


def test_the_password_of_redis_is_not_shown(settings):
    app = create_app(msgspec.structs.replace(settings, redis_url="redis://:s3cret@redis:6379/0"))
    house = app.test_client().get("/api/house").json
    app.extensions["context"].shared.close()
    assert house["store"]["url"] == "redis://redis:6379/0"


@pytest.fixture
def reports(context, monkeypatch):
    """What this Pod reports to the others."""
    reports = []
    monkeypatch.setattr(cluster_status, "REPORT_SECONDS", 0.01)
    monkeypatch.setattr(context.shared.pods, "report", lambda pod, status: reports.append((pod, status)))
    return reports


@pytest.mark.parametrize("error", [ValueError("no such number"), OSError("no such file"), Unavailable("no route")])
def test_a_report_that_fails_is_not_the_last(context, reports, monkeypatch, error):
    whoami, failing = context.identity.whoami, iter([error])

    def fail_once(*arguments):
        for failure in failing:
            raise failure
        return whoami(*arguments)

    monkeypatch.setattr(context.identity, "whoami", fail_once)
    context.cluster_status.start()
    with gevent.Timeout(5):
        while not reports:
            gevent.sleep(0.01)
    assert reports[0][0] == "back-7d9"


def test_with_each_report_the_memory_in_use_is_recorded_for_the_next_start(context, reports):
    context.cluster_status.report()
    recorded = context.cluster_status.own.state_files.read(restarts.MEMORY_FILE, Memory)
    assert recorded
    assert recorded.limit_bytes == msgspec.json.decode(reports[0][1], type=PodStatus).container.memory.limit_bytes
