"""How experiments in processes of their own are stopped: all at once, and within one deadline."""

from __future__ import annotations

import multiprocessing
import signal
import time
from types import SimpleNamespace

import pytest

from lab.experiments import beside


def _works(ready, *, heeds):
    if not heeds:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.send(None)
    time.sleep(60)


@pytest.fixture
def running():
    """Start processes, of which some heed SIGTERM; they are ended after the test, however it went."""
    started = []

    def start(*, heeds):
        ours, theirs = multiprocessing.get_context("fork").Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=_works, args=(theirs,), kwargs={"heeds": heeds})
        process.start()
        started.append(process)
        ours.recv()
        return SimpleNamespace(process=process, ours=ours)

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.mark.parametrize(
    ("heeds", "codes"),
    [
        pytest.param([True, True], [-signal.SIGTERM] * 2, id="they heed"),
        pytest.param([False, False, True], [-signal.SIGKILL, -signal.SIGKILL, -signal.SIGTERM], id="two do not"),
    ],
)
def test_all_are_asked_at_once_and_killed_after_one_deadline(monkeypatch, running, heeds, codes):
    monkeypatch.setattr(beside, "PATIENCE", 1.0)
    children = [running(heeds=one) for one in heeds]
    began = time.monotonic()
    beside.stop(*children)
    assert [one.process.exitcode for one in children] == codes
    assert time.monotonic() - began < 1.9
    assert all(one.ours.closed for one in children)


def test_one_that_has_ended_is_left_as_it_is(running):
    child = running(heeds=True)
    child.process.terminate()
    child.process.join()
    beside.stop(child)
    assert child.ours.closed
