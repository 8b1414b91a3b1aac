"""What the experiment on `kubectl top` concludes from counters and figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.errors import LabError
from lab.experiments.timed import cgroups, loads, recorder, top, top_judged
from lab.experiments.timed.loads import Line
from lab.experiments.timed.top_judged import BUSY, CACHE, NAMES, STARVED, VOLUME, Evidence, Shown

MIB = 1 << 20
CPU = {BUSY: 0.15, CACHE: 0.002, VOLUME: 0.002, STARVED: 0.1}
MEMORY = {BUSY: 26 * MIB, CACHE: 8 * MIB, VOLUME: 19 * MIB, STARVED: 6 * MIB}


def files(name, at):
    cache = 24 * MIB if name == CACHE else 0
    throttled = int(at * 9) if name == STARVED else 0
    return {
        "memory.max": "max",
        "memory.current": str(MEMORY[name] + cache),
        "memory.stat": f"inactive_file {cache}\nanon 0",
        "memory.events": "oom_kill 0",
        "cpu.max": "max 100000",
        "cpu.weight": "1",
        "cpu.stat": f"usage_usec {int(CPU[name] * at * 1e6)}\nnr_periods {int(at * 10)}\nnr_throttled {throttled}\n"
        "throttled_usec 0",
    }


def seen(**changed):
    """Return 30 s of four Pods, ready after 2 s, and the figures of the seconds from 12 to 22."""
    logs = {
        name: (
            Line(1.0, "began", {}),
            Line(2.0, "ready", {}),
            *(Line(float(at), "cgroup", {"files": files(name, at)}) for at in range(1, 31)),
        )
        for name in NAMES
    }
    shown = [Shown(name, 24.0, 22.0, 12.0, CPU[name], MEMORY[name], {"cpu": "1n", "memory": "1Ki"}) for name in NAMES]
    changes = dict.fromkeys(changed.pop("pods", ()), changed)
    return Evidence(10, logs, [replace(one, **changes.get(one.pod, {})) for one in shown], "POD", 0.0, 30.0)


def wrong(evidence):
    return {one.id for one in top_judged.expectations(evidence) if not one.agrees}


def test_all_goes_as_it_must():
    assert wrong(seen()) == set()
    assert len(top_judged.expectations(seen())) == 1 + 2 * len(NAMES) + 4


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"pods": [BUSY], "cpu": 0.3}, {f"cpu-{BUSY}"}, id="twice the CPU"),
        pytest.param({"pods": [BUSY], "memory": 40 * MIB}, {f"memory-{BUSY}"}, id="more memory"),
        pytest.param(
            {"pods": [CACHE], "memory": 32 * MIB}, {f"memory-{CACHE}", "hidden-cache"}, id="the page cache is counted"
        ),
        pytest.param(
            {"pods": [VOLUME], "memory": 7 * MIB}, {f"memory-{VOLUME}", "counted-volume"}, id="the volume is not"
        ),
        pytest.param({"pods": [BUSY], "seen": 90.0}, {"top-known"}, id="known very late"),
        pytest.param({"pods": [BUSY], "seen": 5.0}, {"top-known"}, id="known before it could be"),
        pytest.param({"pods": [STARVED], "raw": {"cpu": "1", "memory": "1", "limit": "1"}}, {"top-fields"}, id="more"),
        pytest.param(
            {"pods": [STARVED], "since": 1.0},
            {f"cpu-{STARVED}", f"memory-{STARVED}", "top-fields"},
            id="a window that began before it was ready",
        ),
        pytest.param(
            {"pods": [STARVED], "since": 21.1},
            {f"cpu-{STARVED}", f"memory-{STARVED}", "top-fields"},
            id="a window too short to be judged",
        ),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(changed, expected):
    assert wrong(seen(**changed)) == expected


@pytest.mark.parametrize("name", [CACHE, VOLUME])
def test_a_window_over_which_no_cgroup_was_read_is_a_disagreement(name):
    """They use hardly any CPU: nothing counted would be near enough to what top shows."""
    evidence = seen()
    ended = {**evidence.logs, name: [one for one in evidence.logs[name] if one.at < 20]}
    found = wrong(replace(evidence, logs=ended))
    assert {f"cpu-{name}", f"memory-{name}"} <= found


def test_a_window_too_short_to_be_judged_is_waited_out(monkeypatch):
    """Of a window of 0.9 s, CPU is any figure; metrics-server begins with one now and then."""
    evidence = seen()
    short = [replace(one, since=21.1, cpu=0.009) if one.pod == STARVED else one for one in evidence.shown]
    later = [replace(one, until=32.0, since=22.0) for one in evidence.shown]
    answers = iter([short, later])
    monkeypatch.setattr(top, "_metrics", lambda *_: next(answers))
    monkeypatch.setattr(top, "_EVERY", 0)
    found = top._watch(None, recorder.Recorder(), "top", evidence.logs)
    judged = top_judged.latest(found, STARVED, evidence.logs[STARVED])
    assert (judged.since, judged.cpu) == (22.0, CPU[STARVED])
    assert len(found) == 2 * len(NAMES)


def test_orders_outlast_the_watches_of_an_experiment():
    assert loads.Order().seconds >= recorder.LONGEST


def test_a_container_that_is_not_throttled_is_a_disagreement():
    evidence = seen()
    calm = {**evidence.logs, STARVED: evidence.logs[STARVED][:3]}
    assert "hidden-throttling" in wrong(replace(evidence, logs=calm))


def test_use_is_read_between_two_readings():
    samples = [(float(at), cgroups.read(files(BUSY, at))) for at in (0, 10, 20)]
    assert top_judged.used(samples, 4.0, 16.0) == pytest.approx(0.15)
    assert top_judged.used(samples, 4.0, 21.0) is None
    assert top_judged.used(samples, 4.0, 4.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("10.539s", 10.539, id="s"),
        pytest.param("539ms", 0.539, id="ms"),
        pytest.param("1m10.5s", 70.5, id="m"),
    ],
)
def test_times_as_go_writes_them(text, seconds):
    assert top.duration(text) == pytest.approx(seconds)


class Asked:
    """An API that has this Deployment of metrics-server."""

    def __init__(self, found):
        self.found = found

    def get(self, _path):
        return self.found


def deployed(*args):
    return Asked({"spec": {"template": {"spec": {"containers": [{"args": list(args)}]}}}})


@pytest.mark.parametrize(
    ("args", "seconds"),
    [
        pytest.param(["--secure-port=10250", "--metric-resolution=10s"], 10, id="told"),
        pytest.param(["--metric-resolution=1m30s"], 90, id="minutes"),
        pytest.param([], 60, id="its own default"),
    ],
)
def test_how_often_metrics_server_looks(args, seconds):
    assert top.resolution(deployed(*args)) == seconds


def test_without_metrics_server_one_line_says_so():
    with pytest.raises(LabError, match="no metrics-server"):
        top.resolution(Asked(None))
