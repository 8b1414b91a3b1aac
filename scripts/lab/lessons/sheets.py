"""Pages to print: the hand-out of all lessons, and a class's table."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markdown_it import MarkdownIt

from lab.experiments.texts import Language, load
from lab.lessons import content
from lab.lessons.class_report import LearnerRow
from lab.lessons.definition import Lesson

_TEXTS = load("lessons").section("sheets")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("assets")),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


def handout(lessons: Sequence[Lesson], language: Language) -> str:
    """Return the lessons' texts as one HTML page to print, a lesson a page, without explanations and solutions."""
    bodies = [_MARKDOWN.render(content.before(lesson, language)) for lesson in lessons]
    return _render("handout.html.j2", language, bodies=bodies, lessons=lessons)


def class_table(lessons: Sequence[Lesson], rows: Sequence[LearnerRow], language: Language) -> str:
    """Return a class's progress as an HTML page."""
    marks = [[content.mark(row.of(lesson.id)) for lesson in lessons] for row in rows]
    return _render("class.html.j2", language, lessons=lessons, rows=list(zip(rows, marks, strict=True)))


def _render(name: str, language: Language, **values: object) -> str:
    texts = {key: _TEXTS[key].of(language) for key in _TEXTS}
    return _TEMPLATES.get_template(name).render(language=language, texts=texts, **values)
