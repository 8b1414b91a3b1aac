"""The program that uses CPU and memory as ordered, run here as in a container, and what is read of its log."""

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
