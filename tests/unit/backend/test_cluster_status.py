"""GET /api/house: this Pod first, the others by name, and what is known when the shared memory is away."""

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
def here(app):
    return app.extensions["context"]


def test_a_pod_alone_tells_of_itself(client):
    house = client.get("/api/house").json
    assert house["answered_by"] == "back-7d9"
    assert house["store"] == {"kind": "memory", "ok": True, "reason": None, "url": None}
    assert house["census"] == {"visitors": 0, "waiting": 0, "chats": 0, "windows": []}
    (pod,) = house["pods"]
    assert (pod["pod"], pod["node"], pod["ips"]) == ("back-7d9", "worker", ["10.0.0.7", "fd00::7"])
    assert (pod["ready"], pod["phase"], pod["streams"], pod["listening"]) == (True, "serving", 0, "0.0.0.0:3000")
    assert pod["container"] == client.get("/whoami").json["container"] | {"cpu": pod["container"]["cpu"]} | {
        "memory": pod["container"]["memory"]
    }


@pytest.mark.parametrize(("phase", "ready"), [(Phase.STARTING, False), (Phase.SERVING, True), (Phase.DRAINING, False)])
def test_the_phase_is_told(here, client, phase, ready):
    here.lifecycle.phase = phase
    (pod,) = client.get("/api/house").json["pods"]
    assert (pod["phase"], pod["ready"]) == (phase.value, ready)


def test_probes_are_shown(client):
    client.get("/livez", headers={"User-Agent": "kube-probe/1.37"})
    (pod,) = client.get("/api/house").json["pods"]
    assert [(probe["kind"], probe["status"]) for probe in pod["probes"]] == [("livez", 200)]


def status(here, name):
    return msgspec.structs.replace(here.cluster_status.own.read(), pod=name)


def test_the_others_come_by_name(here):
    own = status(here, "b")
    told = {name: encode(status(here, name)) for name in ("c", "b", "a")}
    assert [pod.pod for pod in own_first(own, told)] == ["b", "a", "c"]


@pytest.mark.parametrize("report", [b"", b"{}", b"null", b"\xff"])
def test_a_report_that_cannot_be_read_is_left_out(here, report):
    own = status(here, "b")
    assert own_first(own, {"a": report}) == [own]


def test_a_report_can_be_read_as_it_was_written(here):
    own = status(here, "b")
    assert msgspec.json.decode(encode(own), type=PodStatus) == own


@pytest.mark.parametrize("broken", ["check", "census", "pods"])
def test_with_the_store_away_this_pod_is_still_told(here, client, monkeypatch, broken):
    """Whether it is seen at once or only while counting."""

    def away(*_arguments):
        if broken == "check":
            return "connection refused"
        raise Unavailable("connection refused")

    owner, method = {"check": (here.shared, "check"), "census": (here.shared.census, "take")}.get(
        broken, (here.shared.pods, "pods")
    )
    monkeypatch.setattr(owner, method, away)
    answer = client.get("/api/house")
    assert answer.status_code == 200
    assert answer.json["census"] is None
    assert answer.json["store"] == {"kind": "memory", "ok": False, "reason": "connection refused", "url": None}
    assert [pod["pod"] for pod in answer.json["pods"]] == ["back-7d9"]


def test_many_who_ask_at_once_cost_one_count(here, client, monkeypatch):
    counted = []
    monkeypatch.setattr(here.shared, "check", lambda: counted.append(1))
    answers = {client.get("/api/house").data for _ in range(20)}
    assert (len(counted), len(answers)) == (1, 1)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("redis://redis:6379/0", "redis://redis:6379/0", id="no-password"),
        pytest.param("redis://:s3cret@redis:6379/0", "redis://redis:6379/0", id="password"),
        pytest.param("rediss://cat:p@ss@redis:6379", "rediss://redis:6379", id="at-sign-in-it"),
        pytest.param("redis://h:6379/0?password=s3cret", "redis://h:6379/0", id="in-the-options"),
        pytest.param(
            "redis://cat@h:6379/0?client_name=a&password=s3cret#s3", "redis://h:6379/0", id="user-and-options"
        ),
        pytest.param("unix:///run/redis.sock?password=s3cret", "unix:///run/redis.sock", id="socket"),
    ],
)
def test_a_password_is_not_shown(settings, url, shown):
    app = create_app(msgspec.structs.replace(settings, redis_url=url))
    told = app.test_client().get("/api/house").json
    app.extensions["context"].shared.close()
    assert told["store"]["url"] == shown


@pytest.fixture
def reports(here, monkeypatch):
    """What this Pod has told the others."""
    told = []
    monkeypatch.setattr(cluster_status, "REPORT_SECONDS", 0.01)
    monkeypatch.setattr(here.shared.pods, "report", lambda pod, status: told.append((pod, status)))
    return told


def reported(reports):
    with gevent.Timeout(5):
        while not reports:
            gevent.sleep(0.01)


@pytest.mark.parametrize("error", [ValueError("no such number"), OSError("no such file"), Unavailable("no route")])
def test_a_report_that_fails_is_not_the_last(here, reports, monkeypatch, error):
    whoami, failing = here.identity.whoami, iter([error])

    def fail_once(*arguments):
        for failure in failing:
            raise failure
        return whoami(*arguments)

    monkeypatch.setattr(here.identity, "whoami", fail_once)
    here.cluster_status.start()
    reported(reports)
    assert reports[0][0] == "back-7d9"


def test_with_each_report_the_memory_in_use_is_kept_for_the_next_life(here, reports):
    here.cluster_status.report()
    kept = here.cluster_status.own.state_files.read(restarts.MEMORY_FILE, Memory)
    assert kept
    assert kept.limit_bytes == msgspec.json.decode(reports[0][1], type=PodStatus).container.memory.limit_bytes
