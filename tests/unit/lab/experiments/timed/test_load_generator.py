"""The program that uses CPU and memory as ordered, run here as in a container, and what is read of its log."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from lab.errors import LabError
from lab.experiments.timed.load_generator import Log, Order, WaitForReport, container
from lab.experiments.timed.recorder import Recorder


def run(**order):
    command = container("c", Order(**{"seconds": 0, "every": 60, **order}))["command"]
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, timeout=30, check=True)
    return Log.parse(done.stdout)


def test_it_reports_what_it_does_and_ends_by_itself():
    log = run(take=1, burn=0.05)
    assert [line.event for line in log.lines if line.event != "cgroup"] == ["began", "ready", "worked", "ended"]
    worked = log.last("worked").body
    assert 0.05 <= worked["cpu"] <= worked["wall"] + 0.02
    assert log.last("ended").body["held"] == 1


def test_it_reports_its_cgroup_as_it_takes_memory():
    """Once by the clock and once at the end, and once for every second mebibyte."""
    assert sum(line.event == "cgroup" for line in run(take=8).lines) == 2 + 4


def test_its_second_start_takes_nothing(tmp_path):
    once = str(tmp_path / "done")
    assert [run(take=1, once=once).last("ended").body["held"] for _ in range(2)] == [1, 0]


def test_it_writes_a_file(tmp_path):
    path = tmp_path / "file"
    assert run(file=2, path=str(path)).last("wrote").body["mebibytes"] == 2
    assert path.stat().st_size == 2 << 20


def test_it_reports_how_its_child_ended():
    assert run(child=1).last("child ended").body["signal"] == 0


def test_it_uses_a_share_of_a_core_for_as_long_as_ordered():
    log = run(cores=0.3, seconds=1)
    began, ended = (log.last(event).at for event in ("began", "ended"))
    assert ended - began >= 0.9


@pytest.mark.parametrize(
    ("text", "events"),
    [
        pytest.param(
            '{"at": 1, "event": "began"}\nWarning: no JSON\n{"at": 2, "event": "rea', ["began"], id="cut short"
        ),
        pytest.param("", [], id="empty"),
    ],
)
def test_what_is_no_whole_report_is_left_out(text, events):
    assert [line.event for line in Log.parse(text).lines] == events


def test_a_pod_that_somebody_deletes_ends_the_wait_for_its_report():
    recorder = Recorder()
    recorder.add("Pod", "cats", "DELETED")
    context = SimpleNamespace(
        recorder=recorder, api=SimpleNamespace(text=lambda *_, **__: ""), namespace="top", data={}, pod_path=str
    )
    with pytest.raises(LabError, match='"cats" not found'):
        WaitForReport("cats", "c", "ready")(context)
