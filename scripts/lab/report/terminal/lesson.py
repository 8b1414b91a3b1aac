"""Lessons on a terminal: the text, the verdicts, hints, and the explanation with this cluster's evidence."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from lab.experiments.texts import Language, load
from lab.lessons.check import Outcome, Result
from lab.lessons.definition import Lesson
from lab.lessons.document import SECTIONS
from lab.lessons.learner import Evidence, HintGiven
from lab.lessons.progress import LessonProgress

_TEXTS = load("lessons").section("view")
MARKS: Mapping[Outcome, str] = {"pass": "[green]✓[/]", "fail": "[red]✗[/]", "unknown": "[yellow]?[/]"}


def catalogue(
    lessons: Iterable[Lesson], done: Mapping[str, LessonProgress], language: Language, console: Console
) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for lesson in lessons:
        entry = done.get(lesson.id, LessonProgress())
        mark = "[green]✓[/]" if entry.passed else "[yellow]…[/]" if entry.started else " "
        minutes = _TEXTS["minutes"].format(count=lesson.declared.minutes).of(language)
        table.add_row(mark, f"{lesson.number}", lesson.id, escape(lesson.title.of(language)), minutes)
    console.print(table)


def text(lesson: Lesson, language: Language, console: Console) -> None:
    """Print what the learner reads before passing."""
    document = lesson.documents[language]
    goal, steps, *_ = SECTIONS[language]
    parts = (document.why, f"## {goal}", document.goal, f"## {steps}", document.steps)
    whole = "\n\n".join((f"# {lesson.number}. {document.title}", *parts))
    console.print(Markdown(whole, code_theme="bw" if console.no_color else "ansi_dark"))


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
    document = lesson.documents[language]
    *_, heading, question = SECTIONS[language]
    whole = f"## {heading}\n\n{with_evidence(document.explanation, evidence)}\n\n## {question}\n\n{document.question}"
    console.print(Markdown(whole, code_theme="bw" if console.no_color else "ansi_dark"))


def with_evidence(markdown: str, evidence: Sequence[Evidence]) -> str:
    """Put what each command printed below it; the blocks are those of ``bash evidence``, in order."""
    left = list(evidence)
    lines: list[str] = []
    inside = False
    for line in markdown.splitlines():
        if line.startswith("```bash evidence"):
            inside = True
            lines.append("```text")
        elif inside and line.startswith("```"):
            inside = False
            lines.append(line)
        elif inside and left and left[0].command.splitlines()[0] == line:
            shown = left.pop(0)
            lines += [*(f"$ {part}" for part in shown.command.splitlines()), *shown.output.splitlines()]
        elif not inside:
            lines.append(line)
    return "\n".join(lines)
