"""What a learner does, and what of it stays in the progress file."""

import json

import pytest

from lab.errors import BadInput
from lab.lessons import definition, progress


def test_hints_come_step_by_step(learner):
    given = learner.hint(learner.checker.check())
    assert (given.steps, given.more) == (("Look around.",), True)
    given = learner.hint(learner.checker.check())
    assert (given.steps, given.more) == (("Look around.", "Compare."), False)
    assert learner.hint(learner.checker.check()).steps == given.steps


def test_no_hint_where_all_holds(learner, cluster):
    cluster.pod("cat")
    assert learner.hint(learner.checker.check()) is None


def test_a_pass_is_kept(learner, cluster):
    cluster.pod("cat")
    list(learner.check())
    passed = learner.progress.passed
    cluster.state["pods"].clear()
    assert not list(learner.check())[-1].holds
    assert (learner.progress.passed, learner.progress.checks) == (passed, 2)


def test_a_start_goes_on_where_it_was_left(learner, cluster):
    cluster.is_started = False
    assert learner.start()
    cluster.is_started = True
    assert not learner.start()
    assert cluster.asked == ["start", "choose_namespace"] * 2
    assert learner.progress.started


def test_only_the_first_predictions_count(learner):
    learner.predicted(1, 3)
    learner.predicted(3, 3)
    assert (learner.progress.predicted, learner.progress.predictions) == (1, 3)


def test_the_solution_is_the_texts_own_steps_where_there_is_no_other(learner):
    assert learner.solution() == "echo a cat"
    assert learner.progress.solution_seen


def test_the_solution_has_its_files(learner, folder):
    (folder / "solution.sh").write_text('kubectl apply -f "$LESSON/solution/pod.yaml"\n')
    (folder / "solution").mkdir()
    (folder / "solution" / "pod.yaml").write_text("kind: Pod\n")
    assert learner.solution() == 'kubectl apply -f "$LESSON/solution/pod.yaml"\n\n# pod.yaml\nkind: Pod'


def test_evidence_is_what_the_commands_print_here(make_learner, folder):
    for path in folder.glob("text.*.md"):
        path.write_text(path.read_text().replace("So.", "```bash evidence\necho 4\necho 5 >&2\n```"))
    evidence = make_learner(definition.read(folder)).evidence()
    assert [(each.command, each.output) for each in evidence] == [("echo 4", "4"), ("echo 5 >&2", "5")]


def test_evidence_that_fails_says_why(make_learner, folder):
    for path in folder.glob("text.*.md"):
        path.write_text(path.read_text().replace("So.", "```bash evidence\necho gone >&2; exit 3\n```"))
    (evidence,) = make_learner(definition.read(folder)).evidence()
    assert "ended with 3: gone" in evidence.output


def test_the_progress_file_can_be_read_by_a_person(learner):
    learner.start()
    content = json.loads(learner.progress_file.read_text())
    assert set(content) == {"version", "learner", "lessons"}
    assert set(content["lessons"]["sample"]) == {"started", "opened"}


def test_a_broken_progress_file_is_not_written_over(tmp_path):
    path = tmp_path / "progress.json"
    path.write_text("{")
    with pytest.raises(BadInput, match="is no progress file"):
        progress.load(path)
    assert path.read_text() == "{"


def test_the_latest_lesson_is_the_one_meant():
    whole = progress.Progress()
    with pytest.raises(BadInput, match="no lesson is started yet"):
        progress.latest(whole)
    whole.of("first").opened, whole.of("second").opened = "2026-11-27T10:00:00Z", "2026-11-27T09:00:00Z"
    assert progress.latest(whole) == "first"


@pytest.mark.parametrize(
    ("env", "path"),
    [
        ({"LAB_PROGRESS": "/srv/class/ada.json"}, "/srv/class/ada.json"),
        ({"XDG_STATE_HOME": "/srv/state"}, "/srv/state/chatroulette-lab/progress.json"),
    ],
)
def test_where_the_progress_file_is(env, path):
    assert str(progress.file(env)) == path
