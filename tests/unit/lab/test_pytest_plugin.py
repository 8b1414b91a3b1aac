"""Which test runs use a cluster, and that the last one takes away only what a run made."""

import os
import subprocess
import sys

import pytest

from chatroulette_lab.pytest_users import Users


class FakeCluster:
    name = "fake"

    def __init__(self, *, there=False, broken=False):
        self.there, self.broken, self.calls = there, broken, []

    def exists(self):
        return self.there

    def up(self):
        self.calls.append("up")
        self.there = True
        if self.broken:
            raise AssertionError("came up only in part")

    def down(self):
        self.calls.append("down")
        self.there = False


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_CACHE", str(tmp_path))


@pytest.fixture
def other_run():
    """The process of another run."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def own():
    return Users.this_process()


def test_what_the_run_made_is_taken_away():
    cluster = FakeCluster()
    Users(cluster).join(own())
    Users(cluster).leave(own())
    assert cluster.calls == ["up", "down"]


def test_what_was_there_stays():
    cluster = FakeCluster(there=True)
    Users(cluster).join(own())
    Users(cluster).leave(own())
    assert cluster.calls == ["up"]


def test_another_run_keeps_it(other_run):
    cluster = FakeCluster()
    Users(cluster).join(own())
    Users(cluster).join(str(other_run.pid))
    Users(cluster).leave(own())
    assert cluster.calls == ["up"]
    Users(cluster).leave(str(other_run.pid))
    assert cluster.calls == ["up", "down"]


def test_a_run_that_died_does_not_count(other_run):
    cluster = FakeCluster()
    Users(cluster).join(str(other_run.pid))
    other_run.kill()
    other_run.wait()
    Users(cluster).join(own())
    Users(cluster).leave(own())
    assert cluster.calls == ["up", "up", "down"]


def test_one_that_came_up_in_part_is_taken_away():
    cluster = FakeCluster(broken=True)
    with pytest.raises(AssertionError, match="in part"):
        Users(cluster).join(own())
    Users(cluster).leave(own())
    assert cluster.calls == ["up", "down"]


def test_a_run_that_never_joined_takes_nothing_away_and_writes_nothing(tmp_path):
    cluster = FakeCluster(there=True)
    Users(cluster).leave(own())
    assert cluster.calls == []
    assert not list(tmp_path.iterdir())


def test_a_failed_setup_names_its_cause_and_what_is_on_the_cluster(tmp_path):
    """Nothing answers: the reason stands in the setup's error, and the dump says that it cannot be read."""
    (tmp_path / "test_one.py").write_text("def test_one(kind_cluster): ...\n")
    env = {**os.environ, "LAB_CLUSTER": "Not_A_Name", "LAB_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=junit.xml", "test_one.py"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "LAB_CLUSTER is 'Not_A_Name'" in done.stdout
    assert "cluster kind-Not_A_Name" in done.stdout
    assert 'name="kind_cluster_dump"' in (tmp_path / "junit.xml").read_text()
