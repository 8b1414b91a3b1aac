"""The commands of a lesson's text."""

import pytest

from lab.lessons.document import Block, parse

from .conftest import document


def blocks(steps):
    return parse(document("en", steps), "en").blocks


def test_blocks_are_found_with_how_they_are_run():
    steps = (
        "```bash\nls\n\nid\n```\ntext\n```bash fails\nfalse\n```\n```yaml\na: b\n```\n```bash background\nsleep 9\n```"
    )
    assert blocks(steps) == (Block("", ("ls", "id")), Block("fails", ("false",)), Block("background", ("sleep 9",)))


def test_what_is_typed_belongs_to_the_terminal():
    assert blocks("```bash tty\nsh\n```\n```input\nls\nexit\n```") == (Block("tty", ("sh",), ("ls", "exit")),)


def test_a_command_may_have_several_lines():
    steps = "```bash\ncat > pod.yaml <<'EOF'\nkind: Pod\nEOF\nkubectl apply \\\n  -f pod.yaml\n```"
    assert blocks(steps) == (Block("", ("cat > pod.yaml <<'EOF'\nkind: Pod\nEOF", "kubectl apply \\\n  -f pod.yaml")),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(document("en", "```bash sometimes\nls\n```"), "a block is bash sometimes", id="unknown"),
        pytest.param(document("en", "```input\nls\n```"), "an input block follows a block of bash tty", id="input"),
        pytest.param(document("en", "```bash evidence\nls\n```"), "evidence belongs to Explanation", id="early"),
        pytest.param(document("en", explanation="```bash\nls\n```"), "only evidence is run there", id="late"),
        pytest.param(document("en").replace("## Goal", "## Aim"), "needs a title and the sections", id="section"),
    ],
)
def test_what_no_proof_would_run_is_refused(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse(text, "en")
