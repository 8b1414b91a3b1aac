"""The program that takes CPU and memory to order, run here as in a container, and what is read of its words."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lab.experiments.timed import effort, loads


def run(**order):
    words = json.dumps({"seconds": 0, "every": 60, **order})
    done = subprocess.run(
        [sys.executable, "-I", "-c", loads.SOURCE, words], capture_output=True, text=True, timeout=30, check=True
    )
    return loads.understood(done.stdout)


def test_it_says_what_it_does_and_ends_by_itself():
    lines = run(take=1, burn=0.05)
    assert [one.says for one in lines if one.says != "cgroup"] == ["began", "ready", "worked", "ended"]
    worked = loads.said(lines, "worked").body
    assert 0.05 <= worked["cpu"] <= worked["wall"] + 0.02
    assert loads.said(lines, "ended").body["held"] == 1


def test_it_says_its_cgroup_as_it_takes_memory():
    """Twice by the clock and at the end, and once for every second mebibyte."""
    assert sum(one.says == "cgroup" for one in run(take=8)) == 2 + 4


def test_its_second_start_does_nothing(tmp_path):
    once = str(tmp_path / "done")
    held = [loads.said(run(take=1, once=once), "ended").body["held"] for _ in range(2)]
    assert held == [1, 0]


def test_it_writes_a_file(tmp_path):
    path = tmp_path / "file"
    assert loads.said(run(file=2, path=str(path)), "wrote").body["mebibytes"] == 2
    assert path.stat().st_size == 2 * effort.MEBIBYTE


def test_it_tells_how_its_child_ended():
    assert loads.said(run(child=1), "child ended").body["signal"] == 0


def test_it_uses_the_share_of_a_core_that_it_should():
    lines = run(cores=0.3, seconds=1)
    began, ended = (loads.said(lines, what).at for what in ("began", "ended"))
    assert ended - began == pytest.approx(1, abs=0.5)


def test_a_line_that_was_cut_short_is_left_out():
    text = '{"at": 1, "says": "began"}\nWarning: no JSON\n{"at": 2, "says": "rea'
    assert [one.says for one in loads.understood(text)] == ["began"]
    assert loads.understood("") == ()


def test_an_order_reaches_the_container_whole():
    made = loads.container("image", "c", loads.Order(take=3, once="/tmp/x"), {})
    assert json.loads(made["command"][-1]) | {"take": 3, "once": "/tmp/x"} == json.loads(made["command"][-1])
