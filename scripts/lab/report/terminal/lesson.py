"""Lessons on a terminal: the text, the verdicts, hints, and the explanation with this cluster's evidence."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from lab.experiments.texts import Language, load
from lab.lessons import content
from lab.lessons.check import Outcome, Result
from lab.lessons.class_report import LearnerRow
from lab.lessons.definition import Lesson
from lab.lessons.learner import Evidence, HintGiven
from lab.lessons.progress import LessonProgress

_TEXTS = load("lessons").section("view")
_SHEETS = load("lessons").section("sheets")
MARKS: Mapping[Outcome, str] = {"pass": "[green]✓[/]", "fail": "[red]✗[/]", "unknown": "[yellow]?[/]"}


def catalogue(
    lessons: Iterable[Lesson], done: Mapping[str, LessonProgress], language: Language, console: Console
) -> None:
    for lesson in lessons:
        console.print(escape(content.row(lesson, done.get(lesson.id), language)))


def class_table(rows: Sequence[LearnerRow], language: Language, console: Console) -> None:
    """Print a line a learner: what is passed, and how much help it took."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for key in ("learner", "passed", "hints", "solutions"):
        table.add_column(_SHEETS[key].of(language))
    for row in rows:
        table.add_row(escape(row.learner), *map(str, (row.passed, row.hints, row.solutions)))
    console.print(table)


def text(lesson: Lesson, language: Language, console: Console) -> None:
    """Print what the learner reads before passing."""
    _markdown(content.before(lesson, language), console)


def verdicts(result: Result, language: Language, console: Console) -> None:
    """Print a line a condition, and below it what was seen where it does not hold."""
    for verdict in result.verdicts:
        console.print(f"{MARKS[verdict.outcome]} {escape(verdict.sentence)}")
        label = _TEXTS["unknown" if verdict.outcome == "unknown" else "seen"].of(language)
        console.print(f"  [dim]{label}[/] {escape(verdict.seen)}", soft_wrap=True)


def hint(given: HintGiven, language: Language, console: Console) -> None:
    for step in given.steps:
        console.print(f"→ {escape(step)}")
    if given.more:
        console.print(f"  [dim]{_TEXTS['more-hints'].of(language)}[/]")


def explanation(lesson: Lesson, evidence: Sequence[Evidence], language: Language, console: Console) -> None:
    """Print the explanation with the evidence, and the question to think about."""
    _markdown(content.after(lesson, evidence, language), console)


def _markdown(text: str, console: Console) -> None:
    console.print(Markdown(text, code_theme="bw" if console.no_color else "ansi_dark"))
