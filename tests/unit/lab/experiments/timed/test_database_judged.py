"""What the experiment on the course's database concludes from what it saw."""

from __future__ import annotations

import pytest

from lab.errors import LabError, TimedOut
from lab.experiments.timed import database, database_judged, database_raised, database_server
from lab.experiments.timed.database_evidence import GREEDY, LESSON, SMALL, Answer, Evidence, Start
from lab.experiments.timed.recorder import Observation

MIB = 1 << 20
LOG = """2026-11-22T23:22:31.500000000Z This is MariaDB 10.11.19 from Debian, standing in for MySQL
2026-11-22T23:22:33.044114940Z 2026-11-22 23:22:33 0 [Note] mariadbd: ready for connections."""
OFFICIAL = "2026-11-22T23:22:31.500000000Z [Entrypoint]: Entrypoint script for MySQL Server 9 started."
KILLED = {"reason": "OOMKilled", "exitCode": 137}
RESTS = {"allocatedResources": {"memory": "64Mi", "cpu": "250m"}}
FULL = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}

NO_TABLE = "ERROR 1146 (42S02) at line 1: Table 'lab.cats' doesn't exist\ncommand terminated with exit code 1"
PLAIN = '422 Invalid: Pod "small" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.x`'
CLASS = (
    '422 Invalid: Pod "small" is invalid: spec: Invalid value: "Burstable": '
    "Pod QOS Class may not change as a result of resizing"
)


def files(limit=128 * MIB, quota=50_000, anonymous=30 * MIB):
    return {
        "memory.max": str(limit),
        "memory.current": str(60 * MIB),
        "memory.stat": f"inactive_file 0\nanon {anonymous}",
        "memory.events": "oom_kill 0",
        "cpu.max": f"{quota} 100000",
        "cpu.weight": "10",
        "cpu.stat": "usage_usec 400000\nnr_periods 9\nnr_throttled 3\nthrottled_usec 10",
    }


def pod(uid="a", of="1", ended=None, qos="Burstable"):
    status = {"name": "db", "containerID": of, "state": {"running": {}}, "lastState": {"terminated": ended or {}}}
    return {"metadata": {"uid": uid}, "status": {"qosClass": qos, "containerStatuses": [status]}}


def seen():
    found = Evidence("v2", database.lesson(), database.small())
    found.starts = {name: Start(LOG, files(), 1.5) for name in (SMALL, LESSON)}
    found.answers = {
        "small-query": Answer(ok=False, text="Lost connection"),
        "small-lost": Answer(ok=False, text=NO_TABLE),
        "raised-query": Answer(ok=True, text="42000000"),
        "raised-kept": Answer(ok=True, text="1"),
        "lesson-query": Answer(ok=True, text="42000000"),
        "lesson-many": Answer(ok=False, text="Lost connection"),
    }
    found.pods = {
        "killed": pod(ended=KILLED),
        "raised": pod(ended=KILLED),
        "lesson": pod(ended=KILLED),
        "replaced": pod(uid="b", qos="Guaranteed"),
    }
    found.refused = {"plain": PLAIN, "class": CLASS}
    found.raised, found.resized, found.done = files(), 10.0, 11.0
    found.seen = (
        Observation(1.0, "Pod", LESSON, "ADDED", {"status": {"containerStatuses": [{"name": "db", **RESTS}]}}),
        Observation(1.0, "Pod", GREEDY, "ADDED", {"status": {"phase": "Pending", "conditions": [FULL]}}),
    )
    return found


def judged(evidence):
    return (*database_judged.expectations(evidence), *database_raised.expectations(evidence))


def wrong(evidence):
    return {one.id for one in judged(evidence) if not one.agrees}


def test_all_goes_as_it_must():
    assert wrong(seen()) == set()
    assert len(judged(seen())) == 21


def test_the_lesson_is_what_the_course_prints():
    resources = database.lesson()["spec"]["containers"][0]["resources"]
    assert resources == {
        "requests": {"memory": "64Mi", "cpu": "250m"},
        "limits": {"memory": "128Mi", "cpu": "500m"},
    }
    assert database.small()["spec"]["containers"][0]["resources"]["limits"] == resources["requests"]


@pytest.mark.parametrize(
    ("field", "key", "value", "expected"),
    [
        pytest.param("pods", "killed", pod(), {"small-query"}, id="not killed"),
        pytest.param("answers", "small-lost", Answer(ok=True, text="1"), {"small-lost"}, id="nothing lost"),
        pytest.param("answers", "small-lost", Answer(ok=False, text="error: no"), {"small-lost"}, id="not asked"),
        pytest.param("answers", "raised-query", Answer(ok=False, text="no"), {"raised-query"}, id="killed again"),
        pytest.param("answers", "raised-kept", Answer(ok=False, text="no"), {"raised-kept"}, id="lost by the resize"),
        pytest.param("pods", "raised", pod(of="2"), {"raised-same"}, id="restarted by the resize"),
        pytest.param("refused", "class", "", {"resize-class"}, id="a class that changed"),
        pytest.param("refused", "plain", "403 Forbidden: no", {"plain-edit"}, id="refused otherwise"),
        pytest.param("refused", "plain", CLASS, {"plain-edit"}, id="refused for another reason"),
        pytest.param("refused", "class", PLAIN, {"resize-class"}, id="a resize refused for another reason"),
        pytest.param("pods", "replaced", {}, {"replaced-pod", "replaced-class"}, id="no Pod at all"),
        pytest.param("pods", "raised", {}, {"raised-same", "replaced-pod"}, id="no Pod after the resize"),
        pytest.param("pods", "lesson", pod(), {"lesson-many"}, id="it stood 112 MB"),
        pytest.param(
            "answers", "lesson-query", Answer(ok=False, text="no"), {"lesson-query"}, id="it did not stand 42"
        ),
        pytest.param("pods", "replaced", pod(), {"replaced-pod", "replaced-class"}, id="the same Pod"),
        pytest.param("starts", LESSON, Start(LOG, files(anonymous=90 * MIB), 1.5), {"idle"}, id="large at rest"),
        pytest.param("starts", SMALL, Start(LOG, files(), 0.1), {f"start-time-{SMALL}"}, id="faster than its limit"),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(field, key, value, expected):
    evidence = seen()
    getattr(evidence, field)[key] = value
    assert wrong(evidence) == expected


@pytest.mark.parametrize(
    ("field", "key", "value", "id_"),
    [
        pytest.param("answers", "small-lost", Answer(ok=False, text="error: gone"), "small-lost", id="a query"),
        pytest.param("refused", "class", "error: gone", "resize-class", id="a resize"),
    ],
)
def test_another_failure_than_the_predicted_one_is_told_in_its_words(field, key, value, id_):
    evidence = seen()
    getattr(evidence, field)[key] = value
    (one,) = [one for one in judged(evidence) if one.id == id_]
    assert one.measured.en == "error: gone"


def test_limits_that_stay_as_they_were_are_a_disagreement():
    evidence = seen()
    evidence.raised = files(limit=64 * MIB, quota=25_000)
    assert wrong(evidence) == {"raised-memory", "raised-cpu", "raised-when"}


def test_a_scheduler_that_finds_room_is_a_disagreement():
    evidence = seen()
    evidence.seen = evidence.seen[:1]
    assert wrong(evidence) == {"no-room"}


def test_the_published_mysql_is_killed_as_it_starts_and_asked_no_more():
    evidence = seen()
    evidence.starts = {name: Start(OFFICIAL, {}, None) for name in (SMALL, LESSON)}
    assert wrong(evidence) == set()
    assert {one.id for one in judged(evidence)} == {f"starts-{SMALL}", f"starts-{LESSON}", "allocated", "no-room"}


def served(monkeypatch, log="", files=(), *, killed=False, answer=None):
    """Return a database whose cgroup and log are these; the last files are had again and again."""
    status = {"name": "db", "state": {"terminated": KILLED} if killed else {"running": {}}}
    told = list(files)
    for name, found in {
        "pod": lambda _: {"status": {"containerStatuses": [status]}},
        "_log": lambda _: log,
        "files": lambda _: (told.pop(0) if len(told) > 1 else told[0]) if told else {},
        "ask": lambda *_: answer,
    }.items():
        monkeypatch.setattr(database_server.Server, name, found)
    monkeypatch.setattr(database_server, "_START", 0)
    monkeypatch.setattr(database_server, "_QUERY", 1)
    return database_server.Server(None, None, "database", SMALL)


def test_a_cgroup_that_cannot_be_read_once_is_read_again(monkeypatch):
    assert served(monkeypatch, LOG, [{}, files()]).started().files == files()


@pytest.mark.parametrize(
    ("log", "killed"),
    [
        pytest.param(LOG, False, id="no cgroup"),
        pytest.param("", True, id="killed, and no word of it"),
        pytest.param("", False, id="no word yet"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(monkeypatch, log, killed):
    with pytest.raises(TimedOut, match=SMALL):
        served(monkeypatch, log, killed=killed).started()


def test_a_database_that_is_killed_as_it_starts_has_no_cgroup(monkeypatch):
    assert served(monkeypatch, OFFICIAL, killed=True).started() == Start(OFFICIAL, {}, None)


def test_what_was_not_written_cannot_be_lost(monkeypatch):
    server = served(monkeypatch, answer=Answer(ok=False, text="ERROR 2002: no socket"))
    with pytest.raises(LabError, match="no socket"):
        database._write(server)


def test_the_time_of_a_start_is_read_off_its_log():
    assert database_server.between(LOG) == pytest.approx(1.544, abs=0.001)
    assert database_server.between(OFFICIAL) is None
    assert database_server.between("") is None
