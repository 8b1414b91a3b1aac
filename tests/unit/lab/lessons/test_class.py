"""What a trainer gets: a class's table, the hand-out, a new lesson's folder."""

import json

import pytest

from lab.errors import BadInput
from lab.lessons import class_report, definition, progress, sheets, template_folder


@pytest.fixture
def handed_in(tmp_path):
    """A folder of two learners, one of whom passed a lesson with two hints."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, passed in (("Zoë", "2026-11-27T10:00:00Z"), ("ada", "")):
        whole = progress.Progress()
        entry = whole.of("sample")
        entry.started, entry.passed, entry.hints = "2026-11-27T09:00:00Z", passed, {"0": 2}
        progress.save(tmp_path / "own.json", whole)
        class_report.hand_in(tmp_path / "own.json", folder, name)
    return folder


def test_a_class_is_a_row_a_learner(handed_in):
    rows = class_report.collect([handed_in])
    assert [(row.learner, row.passed, row.hints) for row in rows] == [("ada", 0, 2), ("Zoë", 1, 2)]
    assert class_report.document(rows)[1]["passed"] == ["sample"]


def test_the_name_is_kept_for_the_next_time(handed_in, tmp_path):
    assert class_report.hand_in(tmp_path / "own.json", handed_in, "") == handed_in / "ada.json"


def test_nothing_is_handed_in_without_a_name(tmp_path):
    own = tmp_path / "own.json"
    progress.save(own, progress.Progress())
    with pytest.raises(BadInput, match="the progress file has no name yet"):
        class_report.hand_in(own, tmp_path, "")


def test_a_name_cannot_leave_the_folder(tmp_path):
    whole = progress.Progress()
    whole.of("sample")
    progress.save(tmp_path / "own.json", whole)
    assert class_report.hand_in(tmp_path / "own.json", tmp_path, "../../Eve").name == "Eve.json"


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(BadInput, match="there is no progress file there"):
        class_report.collect([tmp_path])


def test_a_file_that_is_no_progress_is_named(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"cat": 1}))
    with pytest.raises(BadInput, match=r"x\.json is no progress file"):
        class_report.collect([tmp_path])


def test_the_table_and_the_hand_out_are_pages_of_one_language(lesson, handed_in):
    table = sheets.class_table((lesson,), class_report.collect([handed_in]), "fr")
    assert '<html lang="fr">' in table
    assert "Zoë" in table
    page = sheets.handout((lesson,), "en")
    assert "<h1>5. Sample</h1>" in page
    assert "So." not in page  # the explanation is for afterwards


def test_a_new_lesson_is_whole(folder):
    made = template_folder.make("try-out", folder.parent)
    assert made.name == "06-try-out"
    assert definition.read(made).id == "try-out"


@pytest.mark.parametrize("name", ["Sample", "a", "../x", "sample"])
def test_a_name_that_cannot_be(folder, name):
    with pytest.raises(BadInput):
        template_folder.make(name, folder.parent)
    assert [path.name for path in folder.parent.iterdir()] == ["05-sample"]
