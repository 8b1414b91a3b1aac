"""What the benchmarks read: a load's verdict, the kubelet's figures, Lighthouse's report."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import loads
import meters
import page
import pytest
import scaled

from lab.errors import LabError

COUNTS = dict.fromkeys((*loads.WRONG, "missed", "failed", "broken", "retried"), 0)


def played(retried=None, **counts) -> loads.Played:
    verdict = {**COUNTS, **counts, "examples": ["lost: one", "lost: two", "lost: three", "lost: four"]}
    return loads.Played(verdict, {"cores": 0.2, "late_p99": 5.0}, retried or {})


@pytest.mark.parametrize("kind", loads.WRONG)
def test_every_wrong_message_counts(kind):
    assert played(**{kind: 2}, failed=7, broken=7, retried=7).wrong == 2


def test_the_note_has_everything_and_some_examples():
    counts, own, *examples = played(lost=4, out_of_order=1, missed=2).note.splitlines()
    assert counts == "lost 4, doubled 0, out of order 1, strange 0, missed 2, failed 0, broken 0, retried 0"
    assert own == "generator: 0.20 cores, 5 ms late"
    assert examples == ["lost: one", "lost: two", "lost: three"]


def test_a_stream_that_comes_back_is_no_failed_request():
    seen = {"the stream: move": 7, "GET /events: 502 no": 2, "POST /api/visitors/…/messages: 503 no": 1}
    assert sum(played(seen).requests_retried().values()) == 3


def test_the_load_gets_its_plan():
    words = loads.Plan(visitors=9, rate=2, seconds=3, going_on=0.5).words
    assert {"--visitors=9", "--rate=2", "--seconds=3", "--going-on=0.5", "--dropping=0.0", "--seed=1"} == set(words)


def container(name, mebibytes, cpu, second):
    at = f"2026-01-02T03:04:{second:02}Z"
    memory, used = {"workingSetBytes": mebibytes * 2**20}, {"time": at, "usageCoreNanoSeconds": cpu * 10**9}
    return {"name": name, "memory": memory, "cpu": used}


def test_the_kubelet_is_read():
    """Of two replicas the larger one counts; a container that has just begun has no figures."""
    mine, other = {"podRef": {"namespace": "mine"}}, {"podRef": {"namespace": "other"}}
    pods = [
        {**mine, "containers": [container("back", 90, 5, 7), {"name": "lab-verify", "cpu": {}}]},
        {**mine, "containers": [container("back", 80, 3, 7)]},
        {**other, "containers": [container("back", 999, 9, 7)]},
        {**mine},
    ]
    seen = meters.read_summary({"pods": pods}, "mine")
    assert {name: (use.mebibytes, use.cpu_seconds) for name, use in seen.items()} == {"back": (90, 5)}


def test_a_meter_tells_the_most_memory_and_the_cores():
    meter = meters.Meter(dict, 1)
    meter.seen["back"] = [meters.Use(50, 1.0, 10), meters.Use(90, 2.0, 12), meters.Use(60, 3.0, 14)]
    assert (meter.mebibytes("back"), meter.cores("back")) == (90, 0.5)


def test_waiting_for_a_disk_is_idle_too():
    before, after = [100, 0, 100, 1000, 50, 0, 0, 0], [110, 5, 105, 1060, 70, 0, 0, 0]
    assert meters.in_use(before, after) == pytest.approx(0.2)


def test_what_was_accepted_has_a_least():
    assert loads.accepted("it", {"accepted": 20}, 20).reached()
    assert not loads.accepted("it", {"accepted": 19}, 20).reached()


def pod(*, ready=True, **meta):
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {"metadata": {"name": "a", **meta}, "status": {"conditions": conditions}}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(pod(), True, id="ready"),
        pytest.param(pod(ready=False), False, id="not ready"),
        pytest.param(pod(deletionTimestamp="2026-01-02T03:04:05Z"), False, id="on its way out"),
        pytest.param({"metadata": {}, "status": {}}, False, id="just made"),
    ],
)
def test_only_a_ready_pod_is_killed(one, expected):
    assert scaled.is_ready(one) is expected


def test_running_containers_are_killed_by_their_number():
    statuses = [
        {"containerID": "containerd://abc", "state": {"running": {}}},
        {"containerID": "containerd://old", "state": {"terminated": {}}},
        {"state": {"waiting": {}}},
    ]
    assert scaled.containers({"status": {"containerStatuses": statuses}}) == ["abc"]


class Scene:
    """Two Pods of each service and a Redis, and what was done to them."""

    def __init__(self, monkeypatch):
        self.done, self.redis = [], 1
        self.settings = SimpleNamespace(node="the-node")
        monkeypatch.setattr(scaled, "kubectl", self.kubectl)
        monkeypatch.setattr(scaled.docker, "docker", self.docker)

    def docker(self, *words):
        self.done.append(words)

    def kubectl(self, _settings, *words):
        if words[0] == "delete":
            self.done.append(words)
            self.redis += words[2] == "redis-0"
            return ""
        name = words[3].rpartition("=")[2]
        one = pod(uid=f"{name}-{self.redis}")
        one["metadata"]["name"] = f"{name}-x"
        one["status"]["containerStatuses"] = [{"containerID": "containerd://abc", "state": {"running": {}}}]
        return json.dumps({"items": [one]})


def test_a_pod_dies_before_it_is_deleted(monkeypatch):
    """Else it would get SIGTERM and two seconds, in which it says goodbye to its visitors."""
    scene = Scene(monkeypatch)
    assert scaled.kill(scene.settings, scaled.BACK, random.Random(1)) == f"{scaled.BACK}-x"
    died, deleted = scene.done
    assert (died[:2], died[-1]) == (("exec", "the-node"), "abc")
    assert "kill -9" in died[-3]
    assert deleted[:3] == ("delete", "pod", f"{scaled.BACK}-x")


@pytest.mark.parametrize(("kills", "restarted"), [(0, False), (2, False), (3, True), (5, True)])
def test_what_was_done_is_told_as_it_was(monkeypatch, kills, restarted):
    scene, waits = Scene(monkeypatch), []
    over = SimpleNamespace(wait=lambda seconds: waits.append(seconds) or len(waits) > kills)
    done = scaled.kill_in_turn(scene.settings, over, 10, 1)
    assert done.killed == [f"{(scaled.BACK, scaled.FRONT)[number % 2]}-x" for number in range(kills)]
    assert done.redis_restarted is restarted
    assert waits == pytest.approx([10.0 * number for number in range(1, kills + 2)], abs=1)


def report(performance, blocking):
    categories = {name: {"score": 1.0, "auditRefs": []} for name in page.CATEGORIES}
    audit = {"id": "blocking", "weight": 30}
    categories["performance"] = {"score": performance, "auditRefs": [audit, {"id": "info", "weight": 0}]}
    audits = {"blocking": {"score": blocking, "title": "Blocking", "displayValue": "400 ms"}, "info": {"score": 0}}
    return {"categories": categories, "audits": audits}


def test_the_least_category_counts_and_what_cost_points_is_named():
    figure = page.figure("it", [report(0.97, 1), report(0.9, 0.5), report(0.99, 0.5)])
    assert figure.ours.values == (97, 90, 99)
    assert figure.reached()
    assert figure.note == "performance 99, accessibility 100, best-practices 100, seo 100\nBlocking 400 ms"


def test_a_category_without_a_score_is_missed():
    assert not page.figure("it", [report(None, 1)]).reached()


def test_a_page_that_lighthouse_could_not_see_is_no_figure():
    with pytest.raises(LabError, match="NO_FCP"):
        page.figure("it", [{"runtimeError": {"message": "NO_FCP"}}])
