"""Faults as one process sees them: what they may be given, what they do to requests, when they end."""

import random
from datetime import datetime

import gevent
import msgspec
import pytest

from backend import create_app
from backend.cgroup import Cpu, Memory, Usage
from backend.faults import bounds, middleware
from backend.faults.catalogue import CATALOGUE
from backend.faults.effects import Effects
from backend.faults.manager import FaultManager
from backend.faults.orders import Order, take_order
from backend.state_files import StateFiles
from service_runtime.lifecycle import Lifecycle
from service_runtime.responses import BadInput

PROBE = {"User-Agent": "kube-probe/1.37"}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def settings(settings):
    return msgspec.structs.replace(settings, faults="on")


@pytest.fixture
def app(settings):
    app = create_app(settings)
    faults = app.extensions["context"].faults
    faults.clock = Clock()
    yield app
    faults.stop()


@pytest.fixture
def faults(app):
    return app.extensions["context"].faults


def statuses(client, paths):
    return {path: client.get(path).status_code for path in paths}


def names(faults):
    return [fault.name for fault in faults.active()]


# What they may be given


def test_what_there_is_is_listed_with_its_bounds_here(client):
    overview = client.get("/faults").json
    assert (overview["pod"], overview["active"]) == ("back-7d9", [])
    assert {known["name"] for known in overview["known"]} == set(CATALOGUE)
    latency = next(known for known in overview["known"] if known["name"] == "latency")
    assert latency["values"] == {
        "seconds": {"default": 30, "minimum": 1, "maximum": 300, "unit": "s"},
        "milliseconds": {"default": 1000, "minimum": 1, "maximum": 30000, "unit": "ms"},
    }


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=CATALOGUE)
def test_every_text_is_in_both_languages(fault):
    for text in (fault.says, fault.lesson.title):
        assert text.fr != text.en
        assert all((text.fr, text.en))


@pytest.mark.parametrize(
    ("usage", "cores", "mebibytes"),
    [
        pytest.param(Usage(2, Cpu(2.0), Memory(64 << 20)), 2.0, 80, id="limits"),
        pytest.param(Usage(2, Cpu(0.05), Memory(16 << 20)), 0.05, 32, id="less-than-the-defaults"),
        pytest.param(Usage(None), 1.0, 256, id="no-limits"),
    ],
)
def test_cpu_and_memory_are_capped_by_the_container(usage, cores, mebibytes):
    caps = bounds.caps(usage)
    assert bounds.values("cpu", b"", caps).cores == min(cores, 1.0)
    assert bounds.values("memory", b"", caps).mebibytes == mebibytes, "beyond the limit, as its text says"
    assert bounds.bounds("cpu", caps)["cores"].maximum == cores
    assert bounds.bounds("memory", caps)["mebibytes"].maximum == mebibytes


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        pytest.param("readiness", b'{"seconds": 301}', "<= 300", id="too-long"),
        pytest.param("readiness", b'{"seconds": 0}', ">= 1", id="no-time"),
        pytest.param("readiness", b'{"seconds": "5"}', "int", id="text"),
        pytest.param("readiness", b'{"second": 5}', "second", id="unknown-value"),
        pytest.param("cpu", b'{"cores": 1.5}', "cores is 1 cores at most in this container", id="cpu-cap"),
        pytest.param("memory", b'{"mebibytes": 257}', "mebibytes is 256 MiB at most", id="memory-cap"),
        pytest.param("errors", b'{"percent": 101}', "<= 100", id="percent"),
        pytest.param("crash", b'{"code": 256}', "<= 255", id="code"),
        pytest.param("crash", b'{"seconds": 5}', "seconds", id="crash-has-no-time"),
        pytest.param("latency", b"[]", "object", id="no-object"),
        pytest.param("latency", b"{", "truncated", id="no-json"),
        pytest.param("latency", b"\xff", "malformed", id="no-text"),
        pytest.param("loopback", b"{}", "needs gunicorn", id="an-effect-that-fails"),
    ],
)
def test_what_cannot_be_used_is_refused_and_leaves_nothing_on(client, faults, name, body, words):
    faults.caps = lambda: bounds.caps(Usage(None))
    answer = client.post(f"/faults/{name}", data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert words in answer.json["detail"]
    assert faults.active() == []


def test_a_large_body_is_refused(client):
    assert client.post("/faults/latency", data=b" " * 5000 + b"{}", content_type="application/json").status_code == 413


# The switch, and other web sites


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/faults"), ("DELETE", "/faults"), ("POST", "/faults/crash"), ("DELETE", "/faults/nothing")],
)
def test_switched_off_there_is_nothing(settings, method, path):
    answer = create_app(msgspec.structs.replace(settings, faults="off")).test_client().open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_switched_off_no_order_is_taken(settings):
    off = create_app(msgspec.structs.replace(settings, faults="off")).extensions["context"]
    assert not off.shared.commands.send("back-7d9", msgspec.json.encode(Order("start", "readiness")))
    gevent.sleep(0)
    assert off.faults.active() == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_unknown_fault_is_not_found(client, method):
    answer = client.open("/faults/flood", method=method, json={})
    assert answer.status_code == 404
    assert "there are readiness, liveness" in answer.json["detail"]


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain; application/json"],
)
def test_what_any_site_can_post_switches_nothing_on(client, faults, kind):
    answer = client.post("/faults/readiness", data=b'{"seconds": 300}', content_type=kind)
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")
    assert faults.active() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/faults/liveness"), ("DELETE", "/faults/readiness"), ("DELETE", "/faults")]
)
def test_a_page_of_another_site_switches_nothing(client, faults, method, path, site):
    client.post("/faults/readiness", json={})
    answer = client.open(path, method=method, json={}, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert names(faults) == ["readiness"]


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_its_own_page_switches(client, site):
    headers = {"Sec-Fetch-Site": site, "Content-Type": "application/json; charset=utf-8"}
    assert client.post("/faults/readiness", data=b"{}", headers=headers).status_code == 202
    assert client.delete("/faults", headers={"Sec-Fetch-Site": site}).status_code == 204


# Probes and requests


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("readiness", {"/livez": 200, "/readyz": 503, "/startupz": 200}, id="readiness"),
        pytest.param("liveness", {"/livez": 503, "/readyz": 200, "/startupz": 200}, id="liveness"),
        pytest.param("startup", {"/livez": 200, "/readyz": 200, "/startupz": 200}, id="startup-waits"),
    ],
)
def test_a_probe_fails_until_the_time_is_over(client, faults, name, expected):
    assert client.post(f"/faults/{name}", json={"seconds": 10}).status_code == 202
    assert statuses(client, expected) == expected
    faults.clock.now += 9.9
    assert statuses(client, expected) == expected
    faults.clock.now += 0.2
    assert set(statuses(client, expected).values()) == {200}


@pytest.mark.parametrize(("name", "path"), [("readiness", "/readyz"), ("liveness", "/livez")])
def test_so_many_probes_fail_and_no_more(client, name, path):
    client.post(f"/faults/{name}", json={"probes": 2})
    answers = [client.get(path, headers=PROBE) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 200, 200]
    checks = answers[0].json["checks"]
    assert [check["reason"] for check in checks if not check["ok"]] == [f"fault: {name} is told to fail"]


def test_only_probes_of_the_kubelet_and_of_that_kind_are_counted(client):
    client.post("/faults/readiness", json={"probes": 2})
    for path, headers in (("/readyz", {}), ("/livez", PROBE), ("/startupz", PROBE), ("/readyz", {})):
        client.get(path, headers=headers)
    assert client.get("/faults").json["active"][0]["left"] == 2
    client.get("/readyz", headers=PROBE)
    assert client.get("/faults").json["active"][0]["left"] == 1


@pytest.mark.parametrize("path", ["/version", "/api/cats", "/cats/tom.svg"])
def test_every_answer_fails_at_a_hundred_percent(client, path):
    client.post("/faults/errors", json={"percent": 100})
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.json["detail"].startswith("fault: ")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz", "/metrics", "/faults", "/api/house", "/whoami"])
def test_probes_and_the_panel_are_spared(client, path, monkeypatch):
    delays = []
    monkeypatch.setattr(gevent, "sleep", delays.append)
    client.post("/faults/errors", json={"percent": 100})
    client.post("/faults/latency", json={"milliseconds": 30000})
    assert client.get(path).status_code == 200
    assert client.delete("/faults").status_code == 204
    assert delays == []


def test_errors_are_as_many_as_ordered(client, monkeypatch):
    """Within five standard deviations of a seeded draw, so that 15 is not 85."""
    monkeypatch.setattr(middleware, "random", random.Random(15))
    client.post("/faults/errors", json={"percent": 15})
    failed = sum(client.get("/version").status_code == 500 for _ in range(1000))
    assert 90 < failed < 210


def test_answers_are_late_by_what_was_ordered(client, monkeypatch):
    delays = []
    monkeypatch.setattr(gevent, "sleep", delays.append)
    client.post("/faults/latency", json={"milliseconds": 250})
    assert client.get("/version").status_code == 200
    client.delete("/faults/latency")
    client.get("/version")
    assert delays == [0.25]


# Beginning and end


def test_a_fault_has_its_lesson_and_its_end(client):
    fault = client.post("/faults/readiness", json={"seconds": 60, "probes": 3}).json["fault"]
    assert fault["lesson"]["id"] == "readiness"
    assert (fault["values"], fault["left"]) == ({"seconds": 60, "probes": 3}, 3)
    since, until = (msgspec.convert(fault[key], type=datetime) for key in ("since", "until"))
    assert (until - since).total_seconds() == 60
    (pod,) = client.get("/api/house").json["pods"]
    assert ([shown["name"] for shown in pod["faults"]], pod["ready"]) == (["readiness"], False)


def test_faults_are_switched_off_one_or_all(client, faults):
    for name in ("readiness", "liveness", "latency"):
        client.post(f"/faults/{name}", json={})
    assert client.delete("/faults/readiness").status_code == 204
    assert client.delete("/faults/cpu").status_code == 204, "it was not on"
    assert names(faults) == ["liveness", "latency"]
    assert client.delete("/faults").status_code == 204
    assert names(faults) == []


@pytest.fixture
def burns():
    """What is burnt now, and how many burnt at once."""
    return [], []


@pytest.fixture
def burner(tmp_path, burns):
    """Faults whose one effect takes its time to begin and to end."""
    now, together = burns

    def effect(values):
        gevent.sleep(0.01)
        now.append(values.cores)
        together.append(len(now))

        def undo():
            gevent.sleep(0.01)
            now.remove(values.cores)

        return undo

    return FaultManager(StateFiles(tmp_path, "a"), {"cpu": effect}, lambda: bounds.caps(Usage(None)), Clock())


def test_the_same_again_begins_anew(burner, burns):
    burner.start("cpu", CATALOGUE["cpu"].values(cores=0.5))
    burner.clock.now += 20
    burner.start("cpu", CATALOGUE["cpu"].values(cores=0.75))
    burner.clock.now += 29
    assert burns[0] == [0.75]
    assert burner.on("cpu").values.cores == 0.75
    burner.clock.now += 1
    assert burner.on("cpu") is None
    assert burns[0] == []


def test_it_is_undone_in_time_though_nobody_asks(burner, burns):
    burner.start("cpu", CATALOGUE["cpu"].values(seconds=0.01))
    with gevent.Timeout(5):
        while burner or burns[0]:
            gevent.sleep(0.01)


def test_an_end_that_comes_during_the_beginning_is_not_lost(burner, burns):
    beginning = gevent.spawn(burner.start, "cpu", CATALOGUE["cpu"].values())
    gevent.sleep(0)
    burner.stop()
    beginning.join()
    assert (burns[0], burner.active()) == ([], [])


def test_many_who_begin_at_once_leave_one(burner, burns):
    chosen = [CATALOGUE["cpu"].values(cores=cores / 10) for cores in range(1, 6)]
    gevent.joinall([gevent.spawn(burner.start, "cpu", values) for values in chosen])
    assert (len(burns[0]), max(burns[1])) == (1, 1)
    burner.stop()
    assert burns[0] == []


def test_a_fault_whose_time_is_up_does_not_end_its_successor(burner):
    burner.start("cpu", CATALOGUE["cpu"].values(cores=0.1))
    burner.clock.now += 30
    again = gevent.spawn(burner.start, "cpu", CATALOGUE["cpu"].values(cores=0.2))
    gevent.sleep(0)
    gevent.joinall([again, gevent.spawn(burner.active)])
    assert [fault.values["cores"] for fault in burner.active()] == [0.2]
    burner.stop()


def test_memory_is_recorded_at_each_step(tmp_path):
    """So that the next container knows, when the kernel kills during the next step."""
    used = iter(range(1, 1000))
    state_files = StateFiles(tmp_path, "a")
    effects = Effects(state_files, lambda: Memory(100, 0, next(used)), Lifecycle())
    undo = effects.take_memory(CATALOGUE["memory"].values(seconds=1, mebibytes=1))
    with gevent.Timeout(5):
        while ((state_files.read("memory", Memory) or Memory()).working_set_bytes or 0) < 40:
            gevent.sleep(0.01)
    undo()


# A slow start


def test_the_next_start_is_slow_and_the_one_after_is_not(settings, client):
    client.post("/faults/readiness", json={"seconds": 300})
    assert client.post("/faults/startup", json={"seconds": 20}).json["fault"]["until"] is None
    second = create_app(settings)
    slow, clock = second.test_client(), Clock()
    clock.now = second.extensions["context"].faults.clock()
    second.extensions["context"].faults.clock = clock
    assert statuses(slow, ["/livez", "/readyz", "/startupz"]) == {"/livez": 200, "/readyz": 503, "/startupz": 503}
    (pod,) = slow.get("/api/house").json["pods"]
    assert (pod["phase"], [fault["name"] for fault in pod["faults"]]) == ("starting", ["startup"])
    clock.now += 20
    assert statuses(slow, ["/readyz", "/startupz"]) == {"/readyz": 200, "/startupz": 200}
    third = create_app(settings).test_client()
    assert third.get("/startupz").status_code == 200


def test_a_slow_start_can_be_called_off(settings, client):
    client.post("/faults/startup", json={})
    client.delete("/faults/startup")
    assert create_app(settings).test_client().get("/startupz").status_code == 200


def test_draining_shows_although_the_start_was_slow(settings, client):
    client.post("/faults/startup", json={})
    again = create_app(settings)
    again.extensions["lifecycle"].drain()
    (pod,) = again.test_client().get("/api/house").json["pods"]
    assert pod["phase"] == "draining"


# Another Pod


@pytest.fixture
def orders(app, monkeypatch):
    """What another Pod, back-x2k, receives."""
    received = []
    commands = app.extensions["context"].shared.commands
    monkeypatch.setattr(commands, "send", lambda pod, command: pod == "back-x2k" and not received.append(command))
    return received


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("POST /faults/latency", ["readiness", "liveness", "latency"]),
        ("DELETE /faults/readiness", ["liveness"]),
        ("DELETE /faults", []),
    ],
)
def test_an_order_is_passed_on(client, faults, orders, call, expected):
    method, path = call.split()
    for name in ("readiness", "liveness"):
        client.post(f"/faults/{name}", json={})
    answer = client.open(f"{path}?pod=back-x2k", method=method, json={"seconds": 7})
    assert answer.status_code == {"POST": 202, "DELETE": 204}[method]
    assert names(faults) == ["readiness", "liveness"]
    assert answer.get_json(silent=True) in (None, {"pod": "back-x2k", "fault": None}), "what it does is not known yet"
    take_order(faults, orders[0])
    gevent.sleep(0)
    assert names(faults) == expected
    assert all(fault.values["seconds"] == 7 for fault in faults.active() if fault.name == "latency")


@pytest.mark.parametrize("error", [BadInput("it needs gunicorn"), OSError("no such address")])
def test_a_fault_that_cannot_begin_where_it_was_passed_on_is_logged_there(faults, caplog, error):
    def fail(_values):
        raise error

    faults.effects = faults.effects | {"cpu": fail}
    take_order(faults, msgspec.json.encode(Order("start", "cpu")))
    gevent.sleep(0)
    assert f"fault: cpu was ordered and cannot begin: {error}" in caplog.messages
    assert faults.active() == []


def test_its_own_name_is_this_pod(client, faults, orders):
    assert client.post("/faults/readiness?pod=back-7d9", json={}).status_code == 202
    assert (names(faults), orders) == (["readiness"], [])


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_pod_that_is_not_there_is_not_found(client, orders, method):
    answer = client.open("/faults/readiness?pod=back-nobody", method=method, json={})
    assert answer.status_code == 404
    assert "'back-nobody'" in answer.json["detail"]
    assert orders == []


@pytest.mark.parametrize(
    "command",
    [
        *(b"", b"{", b'{"do":"dance"}', b'{"do":"start","name":"flood"}', b'{"do":"start"}'),
        b'{"do":"start","name":"cpu","values":{"cores":999}}',
    ],
)
def test_an_order_that_cannot_be_used_changes_nothing(faults, command):
    take_order(faults, command)
    gevent.sleep(0)
    assert faults.active() == []
