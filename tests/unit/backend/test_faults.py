"""Faults as one process sees them: what they may be given, what they do to requests, when they end."""

import logging
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
from service_runtime.lifecycle import Lifecycle, Phase
from service_runtime.responses import BadInput

PROBE = {"User-Agent": "kube-probe/1.37"}
LESSONS = {
    "readiness",
    "liveness",
    "startup",
    "limits-cpu",
    "limits-memory",
    "logs",
    "termination",
    "localhost",
}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def app(settings):
    app = create_app(msgspec.structs.replace(settings, faults="on"))
    here = app.extensions["context"]
    here.faults.clock = Clock()
    yield app
    here.faults.stop()


@pytest.fixture
def here(app):
    return app.extensions["context"]


@pytest.fixture
def ended(here):
    """The exit codes of a process that would have ended."""
    codes = []
    here.faults.effects = here.faults.effects | {"crash": lambda values: codes.append(values.code) or list}
    return codes


def statuses(client, paths):
    return {path: client.get(path).status_code for path in paths}


# What they may be given


def test_what_is_known_is_told_with_its_bounds_here(client):
    told = client.get("/faults").json
    assert (told["pod"], told["active"]) == ("back-7d9", [])
    assert {known["name"] for known in told["known"]} == set(CATALOGUE)
    assert {known["lesson"]["id"] for known in told["known"]} == LESSONS
    latency = next(known for known in told["known"] if known["name"] == "latency")
    assert latency["values"] == {
        "seconds": {"default": 30, "minimum": 1, "maximum": 300, "unit": "s"},
        "milliseconds": {"default": 1000, "minimum": 1, "maximum": 30000, "unit": "ms"},
    }


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=CATALOGUE)
def test_everything_is_said_in_both_languages(known):
    for text in (known.says, known.lesson.title):
        assert text.fr
        assert text.en
        assert text.fr != text.en


@pytest.mark.parametrize(
    ("usage", "cores", "mebibytes"),
    [
        pytest.param(Usage(2, Cpu(0.5), Memory(128 << 20)), 0.5, 144, id="limits"),
        pytest.param(Usage(2, Cpu(2.0), Memory(64 << 20)), 2.0, 80, id="two-cores"),
        pytest.param(Usage(1), 1.0, 256, id="no-limits"),
        pytest.param(Usage(None), 1.0, 256, id="no-cgroup"),
    ],
)
def test_cpu_and_memory_are_capped_by_the_container(usage, cores, mebibytes):
    caps = bounds.caps(usage)
    assert bounds.bounds("cpu", caps)["cores"].maximum == cores
    assert bounds.bounds("memory", caps)["mebibytes"].maximum == mebibytes


def test_a_default_is_within_the_cap():
    caps = bounds.caps(Usage(2, Cpu(0.05), Memory(16 << 20)))
    assert bounds.values("cpu", b"", caps).cores == 0.05
    assert bounds.values("memory", b"", caps).mebibytes == 32


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
    ],
)
def test_a_value_that_cannot_be_used_is_refused(client, here, name, body, words):
    here.faults.caps = lambda: bounds.caps(Usage(None))
    answer = client.post(f"/faults/{name}", data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert words in answer.json["detail"]
    assert here.faults.active() == []


def test_a_large_body_is_refused(client):
    assert client.post("/faults/latency", data=b" " * 5000 + b"{}", content_type="application/json").status_code == 413


# The switch


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/faults"),
        ("DELETE", "/faults"),
        ("POST", "/faults/crash"),
        ("POST", "/faults/nothing"),
        ("DELETE", "/faults/crash"),
    ],
)
def test_switched_off_there_is_nothing(settings, method, path):
    answer = create_app(settings).test_client().open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_switched_off_no_order_is_taken(settings):
    here = create_app(settings).extensions["context"]
    assert not here.shared.commands.send(here.settings.pod, msgspec.json.encode(Order("start", "readiness")))
    gevent.sleep(0)
    assert here.faults.active() == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_unknown_fault_is_not_found(client, method):
    answer = client.open("/faults/flood", method=method, json={})
    assert answer.status_code == 404
    assert "there are readiness, liveness" in answer.json["detail"]


# Other web sites


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain; application/json"],
)
def test_what_any_site_can_post_switches_nothing_on(client, here, kind):
    answer = client.post("/faults/readiness", data=b'{"seconds": 300}', content_type=kind)
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")
    assert answer.json["detail"] == "A fault is switched on with the header Content-Type: application/json."
    assert here.faults.active() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/faults/liveness"), ("DELETE", "/faults/readiness"), ("DELETE", "/faults")]
)
def test_a_page_of_another_site_switches_nothing(client, here, method, path, site):
    client.post("/faults/readiness", json={})
    answer = client.open(path, method=method, json={}, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert [fault.name for fault in here.faults.active()] == ["readiness"]


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_its_own_page_switches(client, site):
    headers = {"Sec-Fetch-Site": site, "Content-Type": "application/json; charset=utf-8"}
    assert client.post("/faults/readiness", data=b"{}", headers=headers).status_code == 202
    assert client.delete("/faults", headers={"Sec-Fetch-Site": site}).status_code == 204


# Probes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("readiness", {"/livez": 200, "/readyz": 503, "/startupz": 200}, id="readiness"),
        pytest.param("liveness", {"/livez": 503, "/readyz": 200, "/startupz": 200}, id="liveness"),
        pytest.param("startup", {"/livez": 200, "/readyz": 200, "/startupz": 200}, id="startup-waits"),
    ],
)
def test_a_probe_fails_until_the_time_is_over(client, here, name, expected):
    assert client.post(f"/faults/{name}", json={"seconds": 10}).status_code == 202
    assert statuses(client, expected) == expected
    here.faults.clock.now += 9.9
    assert statuses(client, expected) == expected
    here.faults.clock.now += 0.2
    assert set(statuses(client, expected).values()) == {200}


def test_a_fault_says_itself_why(client):
    client.post("/faults/readiness", json={})
    checks = client.get("/readyz").json["checks"]
    assert [check["reason"] for check in checks if not check["ok"]] == ["fault: readiness is told to fail"]


@pytest.mark.parametrize(("name", "path"), [("readiness", "/readyz"), ("liveness", "/livez")])
def test_so_many_probes_fail_and_no_more(client, name, path):
    client.post(f"/faults/{name}", json={"probes": 2})
    answers = [client.get(path, headers=PROBE).status_code for _ in range(4)]
    assert answers == [503, 503, 200, 200]


def test_only_probes_of_the_kubelet_and_of_that_kind_are_counted(client):
    client.post("/faults/readiness", json={"probes": 2})
    for path, headers in (("/readyz", {}), ("/livez", PROBE), ("/startupz", PROBE), ("/readyz", {})):
        client.get(path, headers=headers)
    assert client.get("/faults").json["active"][0]["left"] == 2
    client.get("/readyz", headers=PROBE)
    assert client.get("/faults").json["active"][0]["left"] == 1


def test_the_time_ends_a_fault_before_its_probes_do(client, here):
    client.post("/faults/readiness", json={"probes": 100, "seconds": 5})
    here.faults.clock.now += 5
    assert client.get("/readyz", headers=PROBE).status_code == 200


# Requests


@pytest.mark.parametrize("path", ["/version", "/api/cats", "/cats/tom.svg"])
def test_every_answer_fails_at_a_hundred_percent(client, path):
    client.post("/faults/errors", json={"percent": 100})
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.json["detail"].startswith("fault: ")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz", "/metrics", "/faults", "/api/house", "/whoami"])
def test_probes_and_the_panel_are_spared(client, path, monkeypatch):
    slept = []
    monkeypatch.setattr(gevent, "sleep", slept.append)
    client.post("/faults/errors", json={"percent": 100})
    client.post("/faults/latency", json={"milliseconds": 30000})
    assert client.get(path).status_code == 200
    assert client.delete("/faults").status_code == 204
    assert slept == []


@pytest.mark.parametrize("percent", [1, 15, 50, 85, 99])
def test_the_share_of_errors_is_the_one_asked_for(percent):
    """Within five standard deviations of the seeded draw, so that 15 is not 85."""
    draw, many = random.Random(percent), 20_000
    failed = sum(middleware.hit(percent, draw.random()) for _ in range(many))
    deviation = (many * percent / 100 * (1 - percent / 100)) ** 0.5
    assert abs(failed - many * percent / 100) < 5 * deviation


@pytest.mark.parametrize(
    ("percent", "drawn", "expected"), [(100, 0.999999, True), (1, 0.0, True), (1, 0.01, False), (15, 0.5, False)]
)
def test_the_ends_of_the_scale(percent, drawn, expected):
    assert middleware.hit(percent, drawn) is expected


def test_errors_on_the_wire_are_as_many_as_asked_for(client):
    client.post("/faults/errors", json={"percent": 15})
    failed = sum(client.get("/version").status_code == 500 for _ in range(1000))
    assert 90 < failed < 210


def test_answers_are_late_by_what_was_asked(client, monkeypatch):
    slept = []
    monkeypatch.setattr(gevent, "sleep", slept.append)
    client.post("/faults/latency", json={"milliseconds": 250})
    assert client.get("/version").status_code == 200
    client.delete("/faults/latency")
    client.get("/version")
    assert slept == [0.25]


# Beginning and end


def test_a_fault_tells_its_lesson_and_its_end(client):
    fault = client.post("/faults/readiness", json={"seconds": 60, "probes": 3}).json["fault"]
    assert fault["lesson"]["id"] == "readiness"
    assert (fault["values"], fault["left"]) == ({"seconds": 60, "probes": 3}, 3)
    since, until = (msgspec.convert(fault[key], type=datetime) for key in ("since", "until"))
    assert (until - since).total_seconds() == 60


def test_it_is_shown_in_the_house(client):
    client.post("/faults/readiness", json={})
    (pod,) = client.get("/api/house").json["pods"]
    assert [fault["name"] for fault in pod["faults"]] == ["readiness"]
    assert pod["ready"] is False


def test_one_is_switched_off_and_the_other_goes_on(client):
    client.post("/faults/readiness", json={})
    client.post("/faults/liveness", json={})
    assert client.delete("/faults/readiness").status_code == 204
    assert statuses(client, ["/readyz", "/livez"]) == {"/readyz": 200, "/livez": 503}


def test_all_are_switched_off(client):
    client.post("/faults/readiness", json={})
    client.post("/faults/liveness", json={})
    assert client.delete("/faults").status_code == 204
    assert client.get("/faults").json["active"] == []


def test_what_is_not_on_can_be_switched_off(client):
    assert client.delete("/faults/cpu").status_code == 204


def undone(state_files, clock=None):
    done = []
    effects = {"cpu": lambda values: lambda: done.append(values.cores)}
    return FaultManager(state_files, effects, lambda: bounds.caps(Usage(None)), clock or Clock()), done


def test_the_same_again_begins_anew(tmp_path):
    faults, done = undone(StateFiles(tmp_path, "a"))
    faults.start("cpu", CATALOGUE["cpu"].values(cores=0.5))
    faults.clock.now += 20
    faults.start("cpu", CATALOGUE["cpu"].values(cores=0.75))
    assert done == [0.5]
    faults.clock.now += 29
    assert faults.on("cpu").values.cores == 0.75
    faults.clock.now += 1
    assert faults.on("cpu") is None
    assert done == [0.5, 0.75]


def test_it_is_undone_in_time_though_nobody_asks(tmp_path, monkeypatch):
    faults, done = undone(StateFiles(tmp_path, "a"))
    monkeypatch.setattr("backend.faults.manager.length", lambda *_: 0.01)
    faults.start("cpu", CATALOGUE["cpu"].values())
    gevent.sleep(0.05)
    assert (done, bool(faults)) == ([1.0], False)


def test_an_effect_that_fails_leaves_nothing_on(client, here):
    answer = client.post("/faults/loopback", json={})
    assert answer.status_code == 400
    assert "needs gunicorn" in answer.json["detail"]
    assert here.faults.active() == []


def test_a_crash_is_given_its_code(client, ended):
    assert client.post("/faults/crash", json={"code": 42}).json["fault"]["until"] is None
    assert ended == [42]


def slow_effects(tmp_path):
    """Faults whose one effect takes its time to begin and to end, and who is under it now."""
    under, most = [], []

    def effect(values):
        gevent.sleep(0.01)
        under.append(values.cores)
        most.append(len(under))

        def undo():
            gevent.sleep(0.01)
            under.remove(values.cores)

        return undo

    return (
        FaultManager(StateFiles(tmp_path, "a"), {"cpu": effect}, lambda: bounds.caps(Usage(None)), Clock()),
        under,
        most,
    )


def test_an_end_that_comes_during_the_beginning_is_not_lost(tmp_path):
    faults, under, _ = slow_effects(tmp_path)
    beginning = gevent.spawn(faults.start, "cpu", CATALOGUE["cpu"].values())
    gevent.sleep(0)
    faults.stop()
    beginning.join()
    assert (under, faults.active()) == ([], [])


def test_many_who_begin_at_once_leave_one(tmp_path):
    faults, under, most = slow_effects(tmp_path)
    chosen = [CATALOGUE["cpu"].values(cores=cores / 10) for cores in range(1, 6)]
    gevent.joinall([gevent.spawn(faults.start, "cpu", values) for values in chosen])
    assert (len(under), max(most)) == (1, 1)
    faults.stop()
    assert under == []


def test_a_fault_whose_time_is_up_does_not_end_its_successor(tmp_path):
    faults, _, _ = slow_effects(tmp_path)
    faults.start("cpu", CATALOGUE["cpu"].values(cores=0.1))
    faults.clock.now += 30
    again = gevent.spawn(faults.start, "cpu", CATALOGUE["cpu"].values(cores=0.2))
    gevent.sleep(0)
    looking = gevent.spawn(faults.active)
    gevent.joinall([again, looking])
    assert [fault.values["cores"] for fault in faults.active()] == [0.2]
    faults.stop()


# Memory


def test_memory_is_noted_at_each_step(tmp_path):
    """So that the next life knows, when the kernel kills during the next step."""
    used = iter(range(1, 1000))
    state_files = StateFiles(tmp_path, "a")
    undo = Effects(state_files, lambda: Memory(100, 0, next(used)), Lifecycle()).take(
        CATALOGUE["memory"].values(seconds=1, mebibytes=1)
    )
    with gevent.Timeout(5):
        while ((state_files.read("memory", Memory) or Memory()).working_set_bytes or 0) < 40:
            gevent.sleep(0.01)
    undo()


# A slow start


def test_the_next_start_is_slow_and_the_one_after_is_not(settings, client):
    fault = client.post("/faults/startup", json={"seconds": 20}).json["fault"]
    assert fault["until"] is None
    again = create_app(msgspec.structs.replace(settings, faults="on"))
    slow = again.test_client()
    assert statuses(slow, ["/livez", "/readyz", "/startupz"]) == {"/livez": 200, "/readyz": 503, "/startupz": 503}
    (pod,) = slow.get("/api/house").json["pods"]
    assert (pod["phase"], pod["faults"][0]["name"], pod["faults"][0]["until"] is None) == ("starting", "startup", False)
    faults = again.extensions["context"].faults
    faults.clock = lambda: faults._running["startup"].ends
    assert statuses(slow, ["/readyz", "/startupz"]) == {"/readyz": 200, "/startupz": 200}
    third = create_app(msgspec.structs.replace(settings, faults="on")).test_client()
    assert third.get("/startupz").status_code == 200


def test_a_slow_start_can_be_called_off(settings, client):
    client.post("/faults/startup", json={})
    client.delete("/faults/startup")
    again = create_app(msgspec.structs.replace(settings, faults="on")).test_client()
    assert again.get("/startupz").status_code == 200


def test_the_others_do_not_outlive_the_process(settings, client):
    client.post("/faults/readiness", json={"seconds": 300})
    again = create_app(msgspec.structs.replace(settings, faults="on")).test_client()
    assert again.get("/faults").json["active"] == []


# Another Pod


@pytest.fixture
def orders(here, monkeypatch):
    """Where another Pod, back-x2k, would take orders."""
    taken = []
    monkeypatch.setattr(
        here.shared.commands, "send", lambda pod, command: pod == "back-x2k" and not taken.append(command)
    )
    return taken


def test_a_fault_is_passed_on(client, here, orders):
    answer = client.post("/faults/readiness?pod=back-x2k", json={"seconds": 7})
    assert (answer.status_code, answer.json["pod"]) == (202, "back-x2k")
    assert answer.json["fault"] is None, "whether it begins there is not known yet"
    assert here.faults.active() == []
    take_order(here.faults, orders[0])
    gevent.sleep(0)
    assert [(fault.name, fault.values["seconds"]) for fault in here.faults.active()] == [("readiness", 7)]


@pytest.mark.parametrize("error", [BadInput("it needs gunicorn"), OSError("no such address")])
def test_a_fault_that_cannot_begin_where_it_was_passed_on_is_logged_there(here, caplog, error, monkeypatch):
    def fail(_values):
        raise error

    monkeypatch.setattr(logging.getLogger("backend"), "propagate", True)
    here.faults.effects = here.faults.effects | {"cpu": fail}
    take_order(here.faults, msgspec.json.encode(Order("start", "cpu")))
    gevent.sleep(0)
    assert f"fault: cpu was ordered and cannot begin: {error}" in caplog.messages
    assert here.faults.active() == []


@pytest.mark.parametrize(("path", "left"), [("/faults/readiness", ["liveness"]), ("/faults", [])])
def test_the_end_of_a_fault_is_passed_on(client, here, orders, path, left):
    client.post("/faults/readiness", json={})
    client.post("/faults/liveness", json={})
    assert client.delete(f"{path}?pod=back-x2k").status_code == 204
    take_order(here.faults, orders[0])
    gevent.sleep(0)
    assert [fault.name for fault in here.faults.active()] == left


def test_its_own_name_is_this_pod(client, here, orders):
    assert client.post("/faults/readiness?pod=back-7d9", json={}).status_code == 202
    assert [fault.name for fault in here.faults.active()] == ["readiness"]
    assert orders == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_pod_that_nobody_knows_is_not_found(client, orders, method):
    answer = client.open("/faults/readiness?pod=back-nobody", method=method, json={})
    assert answer.status_code == 404
    assert "'back-nobody'" in answer.json["detail"]
    assert orders == []


@pytest.mark.parametrize(
    "command",
    [
        b"",
        b"{",
        b'{"do":"dance"}',
        b'{"do":"start","name":"flood"}',
        b'{"do":"start"}',
        b'{"do":"start","name":"cpu","values":{"cores":999}}',
    ],
)
def test_an_order_that_cannot_be_used_changes_nothing(here, command):
    take_order(here.faults, command)
    gevent.sleep(0)
    assert here.faults.active() == []


def test_draining_is_told_although_the_start_was_slow(settings, client):
    client.post("/faults/startup", json={})
    again = create_app(msgspec.structs.replace(settings, faults="on"))
    again.extensions["context"].lifecycle.drain()
    (pod,) = again.test_client().get("/api/house").json["pods"]
    assert pod["phase"] == Phase.DRAINING.value
