"""Lessons on a cluster: each start fails, its solution passes, its wrong fixes are refused, every hint is reached."""

import json
import os
import sys
from pathlib import Path

import pytest

from lab import shell
from lab.lessons import definition

pytestmark = pytest.mark.cluster
PROGRAM = Path(sys.prefix) / "bin" / "lab"
EVERY_CHANGE = ("first-pod", "backend", "selector")
"""One that the text leads through, one with a port-forward and a terminal, one to mend."""
ALONE = "worth-it"
"""It restarts the node."""


@pytest.mark.timeout(400)
def test_three_lessons_hold(cluster):
    cluster.lab("lesson", "prove", *EVERY_CHANGE, "--at-once", "3", timeout=380)


@pytest.mark.nightly
@pytest.mark.timeout(2500)
def test_every_lesson_holds_twice(cluster):
    others = [lesson.id for lesson in definition.lessons() if lesson.id != ALONE]
    cluster.lab("lesson", "prove", *others, "--times", "2", "--at-once", "5", timeout=2000)
    cluster.lab("lesson", "prove", ALONE, timeout=400)


def test_a_learner_goes_through_a_lesson(cluster, tmp_path):
    """Start, check, hint, the lesson's own commands in the learner's kubectl, check, reset: as JSON, for scripts."""
    env = {**cluster.env, "LAB_PROGRESS": str(tmp_path / "progress.json")}

    def lab(*args):
        done = shell.run([PROGRAM, "lesson", *args, "--json"], timeout=120, check=False, env=env, cwd=tmp_path)
        return json.loads(done.stdout)

    def kubectl(*args):
        path = f"{cluster.settings.programs}{os.pathsep}{os.environ['PATH']}"
        context = cluster.settings.context
        return shell.run(["kubectl", "--context", context, *args], timeout=90, env={**env, "PATH": path}).stdout

    try:
        assert lab("start", "first-pod")["namespace"] == "lesson-first-pod"
        assert not lab("check")["passed"]
        assert lab("hint")["hint"]["condition"] == "runs"
        kubectl("run", "cat", "--image=busybox", "--", "sleep", "3600")
        kubectl("wait", "--for=condition=Ready", "pod/cat", "--timeout=60s")
        assert [verdict["outcome"] for verdict in lab("check")["verdicts"]] == ["pass", "fail"]
        manifest = kubectl("run", "cat", "--image=busybox", "--dry-run=client", "-o", "yaml", "--", "sleep", "3600")
        (tmp_path / "cat.yaml").write_text(manifest)
        kubectl("replace", "--force", "-f", str(tmp_path / "cat.yaml"))
        kubectl("apply", "-f", str(tmp_path / "cat.yaml"))
        kubectl("wait", "--for=condition=Ready", "pod/cat", "--timeout=60s")
        passed = lab("check")
        assert passed["passed"]
        assert "cat" in passed["evidence"][0]["output"]
        lab("reset")
        assert not lab("check")["passed"]
        entry = next(each for each in lab("list")["lessons"] if each["id"] == "first-pod")
        assert entry["passed"]
    finally:
        kubectl("delete", "namespace", "lesson-first-pod", "--wait=false")
        kubectl("config", "set-context", cluster.settings.context, "--namespace=")
