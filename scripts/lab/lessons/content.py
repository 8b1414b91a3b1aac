"""What every view shows of a lesson, as Markdown and lines. Pure."""

from collections.abc import Sequence

from lab.experiments.texts import Language, load
from lab.lessons.definition import Lesson
from lab.lessons.document import SECTIONS
from lab.lessons.learner import Evidence
from lab.lessons.progress import LessonProgress

_TEXTS = load("lessons").section("view")


def row(lesson: Lesson, entry: LessonProgress | None, language: Language) -> str:
    """Return a lesson's line in the list, its state by a sign."""
    minutes = _TEXTS["minutes"].format(count=lesson.declared.minutes).of(language)
    return f"{mark(entry)} {lesson.number:>2}  {lesson.title.of(language)}  ({minutes})"


def mark(entry: LessonProgress | None) -> str:
    """Return the sign of how far a lesson is: passed, started, or neither."""
    if entry is None or not entry.started:
        return "○"
    return "✓" if entry.passed else "◐"


def before(lesson: Lesson, language: Language) -> str:
    """Return what a learner reads before passing."""
    document = lesson.documents[language]
    goal, steps, *_ = SECTIONS[language]
    parts = (f"# {lesson.number}. {document.title}", document.why, f"## {goal}", document.goal, f"## {steps}")
    return "\n\n".join((*parts, document.steps)) + "\n\n"


def after(lesson: Lesson, evidence: Sequence[Evidence], language: Language) -> str:
    """Return what is read after passing: the explanation with this cluster's evidence, and the question."""
    document = lesson.documents[language]
    *_, explanation, question = SECTIONS[language]
    parts = (f"## {explanation}", with_evidence(document.explanation, evidence), f"## {question}", document.question)
    return "\n\n".join(parts) + "\n"


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
            printed = left.pop(0)
            lines += [*(f"$ {part}" for part in printed.command.splitlines()), *printed.output.splitlines()]
        elif not inside:
            lines.append(line)
    return "\n".join(lines)
