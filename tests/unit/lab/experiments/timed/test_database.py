"""What the experiment on the course's database makes of what it observed."""

import itertools
from types import SimpleNamespace

import pytest

from lab.errors import LabError, TimedOut
from lab.experiments.timed import database
from lab.experiments.timed.database import DATABASE
from lab.experiments.timed.database_checks import GREEDY, LESSON, SMALL
from lab.experiments.timed.database_server import Answer, Database, Start

MIB = 1 << 20
LOG = """2026-11-22T23:22:31.500000000Z This is MariaDB 10.11.19 from Debian, standing in for MySQL
2026-11-22T23:22:33.044114940Z 2026-11-22 23:22:33 0 [Note] mariadbd: ready for connections."""
OFFICIAL = "2026-11-22T23:22:31.500000000Z [Entrypoint]: Entrypoint script for MySQL Server 9 started."
KILLED = {"lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
FULL = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}
NO_TABLE = "ERROR 1146 (42S02) at line 1: Table 'lab.cats' doesn't exist"
PLAIN = '422 Invalid: Pod "small" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.x`'
CLASS = (
    '422 Invalid: Pod "small" is invalid: spec: Invalid value: "Burstable": '
    "Pod QOS Class may not change as a result of resizing"
)
LOST, ROW = Answer(ok=False, text="Lost connection"), Answer(ok=True, text="1")


def small(story, at, uid="a", qos="Burstable", **db):
    status = {"name": "db", "containerID": "1", "state": {"running": {}}, **db}
    story.body(at, SMALL, {"metadata": {"uid": uid}, "status": {"qosClass": qos, "containerStatuses": [status]}})


@pytest.fixture
def story(story, runs, files):
    resized = files(limit=128 * MIB, quota=50_000, used=30 * MIB, cpu=0.4)
    small(story, 1.0, **KILLED)
    story.step(5.0, "resize")
    story.step(15.0, "replace")
    small(story, 16.0, uid="b", qos="Guaranteed")
    allocated = {"allocatedResources": {"memory": "64Mi", "cpu": "250m"}}
    story.pod(1.0, LESSON, db={**runs, **KILLED, **allocated})
    story.body(1.0, GREEDY, {"status": {"phase": "Pending", "conditions": [FULL]}})
    story.data |= {
        "starts": {name: Start(LOG, resized) for name in (SMALL, LESSON)},
        "answers": {
            **dict.fromkeys(("small-query", "lesson-many"), LOST),
            **dict.fromkeys(("raised-query", "raised-kept", "lesson-query"), ROW),
            "small-lost": Answer(ok=False, text=NO_TABLE),
        },
        "refusals": {"plain": PLAIN, "class": CLASS},
        "resized": resized,
        "resized at": 6.0,
    }
    return story


@pytest.mark.parametrize(
    ("kind", "key", "value", "ids"),
    [
        pytest.param("answers", "small-lost", LOST, {"small-lost"}, id="not asked"),
        pytest.param("refusals", "plain", "403 Forbidden: no", {"plain-edit"}, id="refused otherwise"),
        pytest.param("refusals", "plain", CLASS, {"plain-edit"}, id="an edit refused for another reason"),
        pytest.param("refusals", "class", PLAIN, {"resize-class"}, id="a resize refused for another reason"),
    ],
)
def test_what_goes_otherwise_is_a_disagreement(story, kind, key, value, ids):
    story.data[kind][key] = value
    assert story.disagreements(DATABASE) == ids


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda _: None, set(), id="all as predicted"),
        pytest.param(lambda story: small(story, 7.0, containerID="2"), {"raised-same"}, id="restarted by the resize"),
        pytest.param(lambda story: small(story, 17.0), {"replaced-pod", "replaced-class"}, id="the same Pod"),
    ],
)
def test_a_pod_that_changes_otherwise_is_a_disagreement(story, change, ids):
    change(story)
    assert story.disagreements(DATABASE) == ids


def test_a_start_that_is_faster_than_its_limit_or_large_at_rest_is_a_disagreement(story, files):
    story.data["starts"][SMALL] = Start(LOG, files(cpu=2.0))
    story.data["starts"][LESSON] = Start(LOG, files(used=90 * MIB))
    assert story.disagreements(DATABASE) == {f"start-time-{SMALL}", "idle"}


def test_limits_that_stay_as_they_were_are_a_disagreement(story, files):
    story.data["resized"] = files(limit=64 * MIB, quota=25_000)
    assert story.disagreements(DATABASE) == {"raised-memory", "raised-cpu", "raised-when"}


@pytest.mark.parametrize(("kind", "key", "id_"), [("answers", "small-lost", ""), ("refusals", "class", "resize-class")])
def test_another_failure_than_the_predicted_one_is_told_in_its_words(story, kind, key, id_):
    story.data[kind][key] = "error: gone" if kind == "refusals" else Answer(ok=False, text="error: gone")
    (measured,) = (each.measured for each in DATABASE.judge(story.record()) if each.id == (id_ or key))
    assert measured.en == "error: gone"


def test_the_published_mysql_is_killed_as_it_starts_and_asked_no_more(story):
    story.data["starts"] = {name: Start(OFFICIAL, {}) for name in (SMALL, LESSON)}
    judged = DATABASE.judge(story.record())
    assert all(each.agrees for each in judged)
    assert {each.id for each in judged} == {f"starts-{SMALL}", f"starts-{LESSON}", "allocated", "no-room"}


@pytest.fixture
def served(monkeypatch):
    """Make a database with this log, whose cgroup is read as one of these after another; the last again and again."""

    def make(log="", *contents, killed=False):
        status = {"name": "db", "state": {"terminated": {"exitCode": 1}} if killed else {"running": {}}}
        pod = {"status": {"containerStatuses": [status]}}
        api = SimpleNamespace(get=lambda _: pod, text=lambda *_, **__: log)
        read = itertools.chain(contents, itertools.repeat(contents[-1] if contents else {}))
        monkeypatch.setattr(Database, "read_files", lambda _: next(read))
        return Database(SimpleNamespace(api=api, pod_path=str), SMALL)

    return make


def test_a_cgroup_that_cannot_be_read_once_is_read_again(served, files):
    assert served(LOG, {}, files()).wait_until_started().files == files()


@pytest.mark.parametrize(
    ("log", "killed"),
    [pytest.param(LOG, False, id="no cgroup"), pytest.param("", True, id="killed, and no word of it")],
)
def test_what_cannot_be_read_is_said_in_words(served, log, killed):
    with pytest.raises(TimedOut, match=SMALL):
        served(log, killed=killed).wait_until_started(timeout=0.9)


def test_a_database_that_is_killed_as_it_starts_has_no_cgroup(served):
    assert served(OFFICIAL, killed=True).wait_until_started() == Start(OFFICIAL, {})


def test_what_was_not_written_cannot_be_lost(monkeypatch):
    monkeypatch.setattr(Database, "query", lambda *_: Answer(ok=False, text="ERROR 2002: no socket"))
    with pytest.raises(LabError, match="no socket"):
        database.write_table(None)


@pytest.mark.parametrize(("log", "seconds"), [(LOG, pytest.approx(1.544, abs=0.001)), (OFFICIAL, None), ("", None)])
def test_the_time_of_a_start_is_read_off_its_log(log, seconds):
    assert Start(log, {}).seconds == seconds
