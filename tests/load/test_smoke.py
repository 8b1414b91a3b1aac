"""Visitors chat on a real cluster while one of its backends is killed: no message is lost."""

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


def test_when_a_backend_is_killed_no_message_is_lost(cluster, url):
    killed = []

    def kill(over):
        assert not over.wait(3)
        killed.append(scaled.kill(cluster.settings, scaled.BACK, random.Random(1)))

    result = loads.play(url, PLAN, kill)
    assert result.wrong == 0, result.note
    assert (result.verdict["failed"], result.verdict["broken"]) == (0, 0), result.note
    assert result.verdict["accepted"] > 0.8 * PLAN.rate * PLAN.seconds, "hardly any visitors were paired"
    assert killed
    # A client may be told to move before its connection to the dead Pod is given up.
    disconnected = {request for request in result.retried if request.startswith("the stream: ")} - {"the stream: move"}
    assert disconnected, f"no stream broke: was it the right Pod, and killed without SIGTERM? {result.retried}"
