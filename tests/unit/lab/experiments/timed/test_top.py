"""What the experiment on `kubectl top` makes of counters and figures."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from lab.errors import LabError, TimedOut
from lab.experiments.timed import top
from lab.experiments.timed.metrics_api import Usage, duration, latest_usage, read_period, read_usages
from lab.experiments.timed.recorder import Recorder
from lab.experiments.timed.top import BUSY, CACHE, PODS, STARVED, TOP, VOLUME
from lab.steps import Event, Report

MIB = 1 << 20
CPU = {BUSY: 0.15, CACHE: 0.002, VOLUME: 0.002, STARVED: 0.1}
MEMORY = {BUSY: 26 * MIB, CACHE: 8 * MIB, VOLUME: 19 * MIB, STARVED: 6 * MIB}


def report(cgroup, name, at):
    cache = 24 * MIB if name == CACHE else 0
    throttled = int(at * 9) if name == STARVED else 0
    event, body = cgroup(
        used=MEMORY[name] + cache, cache=cache, cpu=CPU[name] * at, periods=int(at * 10), throttled=throttled
    )
    return event, {"at": float(at), **body}


@pytest.fixture
def story(story, cgroup):
    """30 s of four Pods, ready after 2 s, and the figures of the seconds from 12 to 22."""
    for name in PODS:
        reports = [report(cgroup, name, at) for at in range(3, 31)]
        story.log(name, name, ("began", {}), ("ready", {}), *reports)
    raw = {"cpu": "1n", "memory": "1Ki"}
    usages = [Usage(name, 24.0, 12.0, 22.0, CPU[name], MEMORY[name], raw) for name in PODS]
    story.data |= {"period": 10.0, "usages": usages, "table": "POD"}
    return story


def change(story, name, **fields):
    story.data["usages"] = [replace(each, **fields) if each.pod == name else each for each in story.data["usages"]]


@pytest.mark.parametrize(
    ("name", "fields", "ids"),
    [
        pytest.param(BUSY, {}, set(), id="all as predicted"),
        pytest.param(BUSY, {"cpu": 0.3}, {f"cpu-{BUSY}"}, id="twice the CPU"),
        pytest.param(CACHE, {"memory": 32 * MIB}, {f"memory-{CACHE}", "hidden-cache"}, id="the page cache is counted"),
        pytest.param(BUSY, {"at": 5.0}, {"top-known"}, id="known before it could be"),
        pytest.param(
            STARVED,
            {"since": 1.0},
            {f"cpu-{STARVED}", f"memory-{STARVED}", "top-fields"},
            id="began before it was ready",
        ),
        pytest.param(
            STARVED, {"since": 21.1}, {f"cpu-{STARVED}", f"memory-{STARVED}", "top-fields"}, id="too short a window"
        ),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(story, name, fields, ids):
    change(story, name, **fields)
    assert story.disagreements(TOP) == ids


@pytest.mark.parametrize("name", [CACHE, VOLUME])
def test_a_window_over_which_no_cgroup_was_read_is_a_disagreement(story, cgroup, name):
    """They use hardly any CPU: nothing counted would be near enough to what top shows."""
    story.log(name, name, ("began", {}), ("ready", {}), *(report(cgroup, name, at) for at in range(3, 20)))
    assert {f"cpu-{name}", f"memory-{name}"} <= story.disagreements(TOP)


def test_a_container_that_is_not_throttled_is_a_disagreement(story, cgroup):
    story.log(STARVED, STARVED, ("began", {}), ("ready", {}), *(report(cgroup, BUSY, at) for at in range(3, 31)))
    assert "hidden-throttling" in story.disagreements(TOP)


def test_a_window_too_short_to_be_judged_is_waited_out(story):
    """Of a window of 0.9 s, CPU is any figure; metrics-server begins with one now and then."""

    def metrics(name, end, window):
        usage = {"cpu": "100m", "memory": "6Mi"}
        return {"metadata": {"name": name}, "timestamp": end, "window": window, "containers": [{"usage": usage}]}

    answers = iter(
        [
            [metrics(name, "1970-01-01T00:00:22Z", "0.9s" if name == STARVED else "10s") for name in PODS],
            [metrics(name, "1970-01-01T00:00:32Z", "10s") for name in PODS],
        ]
    )
    api = SimpleNamespace(items=lambda _: next(answers))
    read_usages(SimpleNamespace(api=api, data=story.data, recorder=Recorder(), namespace="top"), PODS)
    assert latest_usage(story.record(), STARVED).since == 22.0
    assert len(story.data["usages"]) == 2 * len(PODS)


def test_what_came_is_kept_where_top_itself_is_not_available(story, monkeypatch):
    """One "Metrics API not available" must not lose what was measured."""

    def late(_context, _pods):
        raise TimedOut("`kubectl top` to know the Pods", 75, "3 figures")

    notes = []
    refused = SimpleNamespace(stdout="", stderr="error: Metrics API not available")
    monkeypatch.setattr(top, "read_usages", late)
    monkeypatch.setattr(top, "keep_log", lambda *_: None)
    monkeypatch.setattr(top.client, "kubectl", lambda *_, **__: refused)
    progress = Report(notes.append, Event("progress", "top"))
    story.data["period"] = 10.0
    top.read_top(SimpleNamespace(data=story.data, settings=None, namespace="top", report=progress))
    assert story.data["table"] == refused.stderr
    assert "3 figures" in notes[-1].detail


@pytest.mark.parametrize(("text", "seconds"), [("10.539s", 10.539), ("539ms", 0.539), ("1m10.5s", 70.5)])
def test_times_as_go_writes_them(text, seconds):
    assert duration(text) == pytest.approx(seconds)


def period(deployment):
    context = SimpleNamespace(api=SimpleNamespace(get=lambda _: deployment), data={})
    read_period(context)
    return context.data["period"]


@pytest.mark.parametrize(
    ("args", "seconds"),
    [(["--secure-port=10250", "--metric-resolution=10s"], 10), (["--metric-resolution=1m30s"], 90), ([], 60)],
)
def test_how_often_metrics_server_scrapes(args, seconds):
    assert period({"spec": {"template": {"spec": {"containers": [{"args": args}]}}}}) == seconds


def test_without_metrics_server_one_line_says_so():
    with pytest.raises(LabError, match="no metrics-server"):
        period(None)
