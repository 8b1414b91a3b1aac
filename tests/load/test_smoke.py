"""Visitors chat on a real cluster while one of its backends is killed: nobody loses a word."""

from __future__ import annotations

import random

import loads
import pytest
import scaled

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]
PLAN = loads.Plan(visitors=60, rate=20, seconds=15, dropping=0.0)


@pytest.fixture
def url(cluster):
    cluster.lab("deploy", "--shape", "scale")
    yield f"http://127.0.0.1:{cluster.settings.front_port}"
    cluster.lab("undeploy")


def test_a_backend_is_killed_and_nobody_loses_a_word(cluster, url):
    killed = []

    def beside(over):
        assert not over.wait(3)
        killed.append(scaled.kill(cluster.settings, scaled.BACK, random.Random(1)))

    played = loads.play(url, PLAN, beside)
    assert played.wrong == 0, played.note
    assert (played.verdict["failed"], played.verdict["broken"]) == (0, 0), played.note
    assert played.verdict["accepted"] > 0.8 * PLAN.rate * PLAN.seconds, "hardly anybody met somebody"
    assert killed
    # A client that comes again before its first line was given up may be told to move: that is no goodbye of the dead.
    broken = {what for what in played.retried if what.startswith("the stream: ")} - {"the stream: move"}
    assert broken, f"nobody was cut off: was it the right Pod, and did it die without a word? {played.retried}"
