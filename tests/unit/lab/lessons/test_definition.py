"""A lesson's folder is read strictly, and what is wrong in it is named."""

import re

import pytest

from lab.errors import BadInput
from lab.lessons import definition

from .conftest import document


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_lesson_is_found_by_id_number_and_folder(lesson, monkeypatch):
    monkeypatch.setattr(definition, "lessons", lambda: (lesson,))
    for name in ("sample", "5", "05", "05-sample"):
        assert definition.find(name) is lesson
    with pytest.raises(BadInput) as raised:
        definition.find("simple")
    assert raised.value.hint == "use one of: 5 sample"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param("minutes: 5", "minutes: 5\nminute: 6", "unknown field `minute`", id="unknown key"),
        pytest.param(
            "{en: A Pod runs., fr: Un Pod tourne.}", "{en: A Pod runs.}", "missing required field `fr`", id="no French"
        ),
        pytest.param("length(pods[?ready])", "length(pods[?ready)", "is no JMESPath", id="expression"),
        pytest.param("- condition: runs", "- condition: walks", "a hint is for the condition 'walks'", id="hint"),
        pytest.param("title: {en: Sample", "title: {en: Simple", "text.en.md has the title 'Sample'", id="title"),
    ],
)
def test_what_is_wrong_in_the_declaration(folder, old, new, problem):
    rewrite(folder / "lesson.yaml", old, new)
    with pytest.raises(BadInput, match=f"lesson 05-sample: .*{re.escape(problem)}"):
        definition.read(folder)


def test_both_languages_have_the_same_commands(folder):
    (folder / "text.fr.md").write_text(document("fr", "```bash\necho un chat\n```"))
    with pytest.raises(BadInput, match="the commands differ between the languages"):
        definition.read(folder)


def test_two_wrong_fixes_at_least(folder):
    (folder / "wrong" / "two.sh").unlink()
    with pytest.raises(BadInput, match="has 1 wrong fixes"):
        definition.read(folder)


def test_the_courses_lessons_are_whole():
    lessons = definition.lessons()
    assert [lesson.number for lesson in lessons] == sorted({lesson.number for lesson in lessons})
    assert len({lesson.id for lesson in lessons}) == len(lessons)
    assert all(lesson.declared.hints for lesson in lessons)
