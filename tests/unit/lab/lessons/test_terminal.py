"""The commands of a text are run as a learner runs them."""

from types import SimpleNamespace

import pytest

from lab.errors import CommandFailed
from lab.lessons.document import Block
from lab.lessons.terminal import StepFailed, Terminal


@pytest.fixture
def terminal(tmp_path):
    return Terminal(SimpleNamespace(folder=tmp_path, environment=lambda: {"NAMESPACE": "lesson-sample"}))


def run(terminal, *blocks):
    with terminal.typed(blocks):
        pass


def test_commands_run_in_the_work_folder_with_the_namespace(terminal, tmp_path):
    run(terminal, Block("", ("NAME=cat", "echo $NAME $NAMESPACE > file")))
    assert (tmp_path / "file").read_text() == "cat lesson-sample\n"


def test_a_command_that_fails_ends_the_text(terminal):
    with pytest.raises(CommandFailed):
        run(terminal, Block("", ("false", "true")))


def test_each_command_of_a_failing_block_must_fail(terminal):
    run(terminal, Block("fails", ("false", "exit 3")))
    with pytest.raises(StepFailed, match="`true` succeeded, and the text says that it fails"):
        run(terminal, Block("fails", ("false", "true")))


def test_what_runs_in_the_background_ends_with_the_text(terminal, tmp_path):
    command = "sh -c 'echo up; trap \"echo ended > ended; exit\" TERM; while :; do sleep 0.1; done'"
    with terminal.typed((Block("background", (command,)),)):
        assert not (tmp_path / "ended").exists()
    assert (tmp_path / "ended").read_text() == "ended\n"


def test_what_ends_at_once_is_no_background(terminal):
    with pytest.raises(StepFailed, match="ended with 4"):
        run(terminal, Block("background", ("sh -c 'exit 4'",)))


def test_lines_are_typed_at_a_prompt(terminal, tmp_path):
    shell = "PS1='# ' sh -i"
    run(terminal, Block("tty", (shell,), ("tty > where", "echo miaou > file", "exit")))
    assert (tmp_path / "file").read_text() == "miaou\n"
    assert (tmp_path / "where").read_text().startswith("/dev/")


def test_a_terminals_program_must_end_well(terminal):
    with pytest.raises(StepFailed, match="ended with 7"):
        run(terminal, Block("tty", ("PS1='# ' sh -i",), ("exit 7",)))
