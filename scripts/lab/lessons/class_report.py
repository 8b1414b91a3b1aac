"""A class's progress, from the files that its learners hand in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.errors import BadInput
from lab.lessons import progress
from lab.lessons.progress import LessonProgress, Progress

_NOTHING = LessonProgress()


@dataclass(frozen=True)
class LearnerRow:
    """One learner: how far each lesson is, and how much help it took."""

    learner: str
    lessons: dict[str, LessonProgress]

    def of(self, lesson: str) -> LessonProgress:
        return self.lessons.get(lesson, _NOTHING)

    @property
    def passed(self) -> int:
        return sum(bool(entry.passed) for entry in self.lessons.values())

    @property
    def hints(self) -> int:
        return sum(sum(entry.hints.values()) for entry in self.lessons.values())

    @property
    def solutions(self) -> int:
        return sum(entry.solution_seen for entry in self.lessons.values())


def collect(paths: Iterable[Path]) -> tuple[LearnerRow, ...]:
    """Read progress files, and those in folders, by the learners' names; a file without a name has its own.

    Raises BadInput where there are none, or for a file that is none.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    if not files:
        raise BadInput("there is no progress file there", "learners hand theirs in by `lab lesson hand-in FOLDER`")
    rows = [_row(file, progress.load(file)) for file in files]
    return tuple(sorted(rows, key=lambda row: row.learner.casefold()))


def hand_in(own: Path, folder: Path, name: str) -> Path:
    """Copy a learner's progress into a folder under their name; raises BadInput where there is nothing yet."""
    whole = progress.load(own)
    name = name or whole.learner
    if not name:
        raise BadInput("the progress file has no name yet", "say it once: lab lesson hand-in FOLDER --name Ada")
    if not whole.lessons:
        raise BadInput("no lesson is started yet", "such as: lab lesson start first-pod")
    whole.learner = name
    progress.save(own, whole)
    target = folder / f"{_file_name(name)}.json"
    progress.save(target, whole)
    return target


def document(rows: Sequence[LearnerRow]) -> list[dict[str, object]]:
    """Return the rows for programs."""
    return [
        {
            "learner": row.learner,
            "passed": sorted(name for name, entry in row.lessons.items() if entry.passed),
            "started": sorted(name for name, entry in row.lessons.items() if entry.started and not entry.passed),
            "hints": row.hints,
            "solutions": row.solutions,
        }
        for row in rows
    ]


def _row(file: Path, whole: Progress) -> LearnerRow:
    return LearnerRow(whole.learner or file.stem, whole.lessons)


def _file_name(name: str) -> str:
    """Return a name as a file may have it: its letters and digits, the rest as hyphens."""
    return "-".join("".join(char if char.isalnum() else " " for char in name).split()) or "learner"
