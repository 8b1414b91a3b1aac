"""How experiments in processes of their own are stopped: all at once, and within one deadline."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from lab.experiments import parallel


def _sleeps(ready, *, heeds):
    if not heeds:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.send(None)
    time.sleep(60)


@pytest.fixture
def children():
    """Start processes, of which some heed SIGTERM; they are ended after the test, however it went."""
    started = []

    def start(*heeds):
        for heed in heeds:
            connection, other_end = multiprocessing.get_context("fork").Pipe(duplex=False)
            process = multiprocessing.get_context("fork").Process(
                target=_sleeps, args=(other_end,), kwargs={"heeds": heed}
            )
            process.start()
            started.append(SimpleNamespace(process=process, connection=connection))
            connection.recv()
        return started

    yield start
    for child in started:
        child.process.kill()
        child.process.join()


@pytest.mark.parametrize(
    ("heeds", "codes"),
    [
        pytest.param([True, True], [-signal.SIGTERM] * 2, id="they heed"),
        pytest.param([False, False, True], [-signal.SIGKILL, -signal.SIGKILL, -signal.SIGTERM], id="two do not"),
    ],
)
def test_all_are_asked_at_once_and_killed_after_one_deadline(monkeypatch, children, heeds, codes):
    monkeypatch.setattr(parallel, "STOP_SECONDS", 1.0)
    started = children(*heeds)
    parallel.stop(*started)
    assert [child.process.exitcode for child in started] == codes
    assert all(child.connection.closed for child in started)


STAND_IN = """
import sys, time
from multiprocessing import util
from pathlib import Path
from lab.experiments import catalog
from lab.kubernetes import client
from lab.experiments.results import ClusterVersions, Experiment
from lab.experiments.texts import Text

client.api = lambda _settings: None
here, nothing = Path(__file__).parent, Text("", "")
names = ["one", "two", "three"]
for name in names:
    catalog.CATALOGUE[name] = catalog.Entry(name, 1, name)
    sys.modules[f"lab.experiments.{name}"] = sys.modules["stand_in"]

def run(_settings, _api, _image, report):
    mine = here / f"made-{time.monotonic_ns()}"
    mine.mkdir()
    util.Finalize(None, time.sleep, (0.3,), exitpriority=1)
    try:
        report("here")
        time.sleep(float((here / "seconds").read_text()))
    finally:
        time.sleep(0.1)
        mine.rmdir()
    versions = ClusterVersions(*[""] * len(ClusterVersions.__struct_fields__))
    return Experiment("one", nothing, nothing, versions, "", 0, True)
"""
"""Experiments that make a directory each and take it away; their processes take a moment to end after that."""
START = """
import stand_in
from lab.experiments import catalog, parallel

parallel._PRELOADED, parallel._EXIT_SECONDS = ["stand_in"], 0
try:
    every = [catalog.find(name) for name in stand_in.names]
    parallel.run_all(every, None, "", lambda event: print(event.kind, flush=True))
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.fixture
def group(tmp_path):
    """Start experiments that take so many seconds in a process group of their own, as a terminal does."""
    started = []

    def start(seconds):
        (tmp_path / "stand_in.py").write_text(STAND_IN)
        (tmp_path / "seconds").write_text(str(seconds))
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        process = subprocess.Popen(
            [sys.executable, "-c", START],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_a_terminal_sends_to_the_whole_group_ends_all_without_a_word(tmp_path, group, number):
    process = group(60)
    assert [process.stdout.readline() for _ in range(3)] == ["progress\n"] * 3
    for pid in _others(process.pid):  # first, so that each has time to be wrong about it
        os.kill(pid, number)
    time.sleep(0.6)
    os.kill(process.pid, signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 130
    assert not list(tmp_path.glob("made-*"))


def _others(group):
    output = subprocess.run(("ps", "-A", "-o", "pid=,pgid="), capture_output=True, text=True, check=True).stdout
    pairs = [map(int, line.split()) for line in output.splitlines()]
    others = [pid for pid, of in pairs if of == group and pid != group]
    assert len(others) >= 4, "three, and the process that they were forked from"
    return others


def test_what_ends_by_itself_and_is_stopped_at_once_says_nothing(tmp_path, group):
    process = group(0)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not list(tmp_path.glob("made-*"))


@pytest.mark.parametrize(
    ("agrees", "kind", "text"),
    [
        pytest.param(True, "done", "1 facts, all as predicted", id="yes"),
        pytest.param(False, "differs", "1 facts, 1 disagree", id="no"),
    ],
)
def test_a_result_is_ticked_off_where_all_is_as_predicted(monkeypatch, agrees, kind, text):
    fact = SimpleNamespace(id="cpu-starved", agrees=agrees, shown=True)
    result = SimpleNamespace(cells=(), flips=(), expectations=(fact,), claims=())
    child = SimpleNamespace(
        entry=SimpleNamespace(id="top", seconds=1),
        began=0,
        receive=lambda: parallel.Message(result=result),
        connection=None,
        process=SimpleNamespace(join=lambda _: None),
    )
    monkeypatch.setattr(parallel, "Child", lambda *_: child)
    monkeypatch.setattr(parallel, "wait", lambda *_, **__: [None])
    monkeypatch.setattr(parallel, "stop", lambda *_: None)
    events = []
    assert parallel.run_all([child.entry], None, "", events.append).experiments == {"top": result}
    assert [(event.kind, event.detail) for event in events] == [(kind, text)]
