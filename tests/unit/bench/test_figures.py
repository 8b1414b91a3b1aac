"""What would make a published figure wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.errors import LabError

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import loads
import meters
import page
import scaled
import services
from figures import Bound, figure


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        (None, None),
        (Bound("most", 5), True),
        (Bound("most", 4.9), False),
        (Bound("least", 5), True),
        (Bound("least", 5.1), False),
        (Bound("times the floor", 1.7), True),
        (Bound("times the floor", 1.6), False),
    ],
)
def test_the_median_is_what_counts(bound, reached):
    row = figure("it", "s", (4.0, 30.0, 5.0), bound, beside={"floor": (2.0, 4.0), "other": 10.0})
    assert row.reached() is reached
    assert [other["ratio"] for other in row.data()["beside"]] == [5 / 3, 0.5]


@pytest.mark.parametrize("kind", loads.WRONG)
def test_every_wrong_message_counts(kind):
    verdict = {**dict.fromkeys((*loads.WRONG, "failed", "broken", "retried"), 7), **dict.fromkeys(loads.WRONG, 0)}
    assert loads.Result({**verdict, kind: 2}, {}, {}).wrong == 2


def test_a_stream_that_reconnects_is_no_failed_request():
    retried = {"the stream: move": 7, "GET /events: 502 no": 2, "POST /api/visitors/…/messages: 503 no": 1}
    assert sum(loads.Result({}, {}, retried).requests_retried().values()) == 3


@pytest.mark.parametrize(
    "output",
    [
        "  Non-2xx or 3xx responses: 12\nRequests/sec:   4051.17\n",
        "  Socket errors: connect 0, read 3, write 0\nRequests/sec:   4051.17\n",
        "unable to connect to 127.0.0.1:1 Connection refused\n",
    ],
)
def test_a_load_that_failed_is_no_figure(output):
    assert services.rate("Running 8s test\nRequests/sec:   4051.17\nTransfer/sec:  1MB\n") == 4051.17
    with pytest.raises(LabError, match="wrk"):
        services.rate(output)


@pytest.mark.parametrize(("usage", "expected"), [("44.25MiB / 1GiB", 44.25), ("1.5GiB / 3GiB", 1536), ("512KiB", 0.5)])
def test_docker_stats_is_read(usage, expected):
    assert services.mebibytes(usage) == expected


def test_memory_is_the_most_and_processor_time_a_rate():
    meter = meters.Meter(dict, 1)
    meter.readings["back"] = [meters.Use(50, 1.0, 10), meters.Use(90, 2.0, 12), meters.Use(60, 3.0, 14)]
    assert (meter.mebibytes("back"), meter.cores("back")) == (90, 0.5)


def test_of_replicas_the_larger_counts():
    def pod(namespace, mebibytes):
        cpu = {"time": "2026-01-02T03:04:05Z", "usageCoreNanoSeconds": 10**9}
        container = {"name": "back", "memory": {"workingSetBytes": mebibytes * 2**20}, "cpu": cpu}
        return {"podRef": {"namespace": namespace}, "containers": [container, {"name": "new", "cpu": {}}]}

    uses = meters.read_summary({"pods": [pod("mine", 90), pod("mine", 80), pod("other", 999)]}, "mine")
    assert {name: (use.mebibytes, use.cpu_seconds) for name, use in uses.items()} == {"back": (90, 1)}


@pytest.mark.parametrize(("kills", "restarted"), [(2, False), (3, True)])
def test_redis_has_restarted_where_it_is_another_pod(monkeypatch, kills, restarted):
    deleted, waits = [], []

    def kubectl(_settings, *words):
        deleted.extend(words[2:3] if words[0] == "delete" else [])
        uid = f"redis-{'redis-0' in deleted}"
        pod = {"metadata": {"name": "x", "uid": uid}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        return json.dumps({"items": [pod]})

    monkeypatch.setattr(scaled, "kubectl", kubectl)
    over = SimpleNamespace(wait=lambda seconds: waits.append(seconds) or len(waits) > kills)
    done = scaled.kill_in_turn(SimpleNamespace(node="node"), over, 10, 1)
    assert (len(done.killed), done.redis_restarted) == (kills, restarted)


def test_the_least_category_counts_and_one_without_a_score_is_missed():
    def report(score):
        categories = {name: {"score": 1.0, "auditRefs": []} for name in page.CATEGORIES}
        return {"categories": categories | {"performance": {"score": score, "auditRefs": []}}, "audits": {}}

    assert page.lighthouse_figure("it", [report(0.97), report(0.9), report(None)]).ours.values == (97, 90, 0)


def test_a_page_that_lighthouse_could_not_see_is_no_figure():
    with pytest.raises(LabError, match="NO_FCP"):
        page.lighthouse_figure("it", [{"runtimeError": {"message": "NO_FCP"}}])
