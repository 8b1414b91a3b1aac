"""What would make a published figure wrong."""

import sys
from pathlib import Path

import pytest

from lab.errors import LabError

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import loads
import meters
import page
import services
from figures import Bound, figure


@pytest.mark.parametrize(
    ("bound", "reached"),
    [(Bound("most", 4.9), False), (Bound("least", 5), True), (Bound("times the floor", 1.7), True)],
)
def test_the_median_is_what_counts(bound, reached):
    assert figure("it", "s", (4.0, 30.0, 5.0), bound, beside={"floor": (2.0, 4.0), "other": 10.0}).reached() is reached


def test_every_wrong_message_counts():
    assert loads.Result({"lost": 1, "doubled": 2, "out_of_order": 3, "strange": 4}, {}, {}).wrong == 10


def test_a_load_that_failed_is_no_figure():
    with pytest.raises(LabError, match="Non-2xx"):
        services.rate("  Non-2xx or 3xx responses: 12\nRequests/sec:   4051.17\n")


def test_a_page_that_lighthouse_could_not_load_is_no_figure():
    with pytest.raises(LabError, match="NO_FCP"):
        page.lighthouse_figure("it", [{"runtimeError": {"message": "NO_FCP"}}])


def test_a_stream_that_reconnects_is_no_failed_request():
    retried = {"the stream: move": 7, "GET /events: 502 no": 2, "POST /api/visitors/…/messages: 503 no": 1}
    assert sum(loads.Result({}, {}, retried).requests_retried().values()) == 3


def test_the_least_lighthouse_category_counts_and_one_without_a_score_is_missed():
    def report(score):
        categories = {name: {"score": 1.0, "auditRefs": []} for name in page.CATEGORIES}
        return {"categories": categories | {"performance": {"score": score, "auditRefs": []}}, "audits": {}}

    assert page.lighthouse_figure("it", [report(0.97), report(0.9), report(None)]).values == (97, 90, 0)


def test_of_replicas_the_larger_counts():
    def pod(namespace, mebibytes):
        cpu = {"time": "2026-01-02T03:04:05Z", "usageCoreNanoSeconds": 10**9}
        container = {"name": "back", "memory": {"workingSetBytes": mebibytes * 2**20}, "cpu": cpu}
        return {"podRef": {"namespace": namespace}, "containers": [container, {"name": "new", "cpu": {}}]}

    uses = meters.read_summary({"pods": [pod("own", 90), pod("own", 80), pod("other", 999)]}, "own")
    assert {name: (use.mebibytes, use.cpu_seconds) for name, use in uses.items()} == {"back": (90, 1)}
