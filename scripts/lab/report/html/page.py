"""The report: experiments as one HTML file, in both languages, that asks nothing of anybody else.

Tables, reasons and verdicts are in its markup; a script adds the exhibits of every cell, and the path of its packet.
"""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from lab.experiments.results import Experiment, differs, not_shown
from lab.experiments.texts import Language, Text, same
from lab.report import phrases, timelines
from lab.report.grids import grids, label, mechanisms, route
from lab.report.html import diagram, timeline
from lab.report.html.data import cell_ids, packed, reasons

_TEMPLATES = Path(__file__).parent / "templates"
_WORD_JOINER = "\u2060"
"""The character between which and its neighbours no line ends."""
_MANY_PODS = 9
"""So many Pods fill a screen."""
_WIDE = 9
"""From so many columns on, heads stand upright and a print lies on its side."""


def render(experiments: Sequence[Experiment], language: Language) -> str:
    """Return the page; `language` is the one that it opens in."""
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            language=language,
            experiments=experiments,
            data=packed(experiments),
            style=_file("report.css"),
            script=_file("report.js"),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"unbroken": unbroken, "both": both, "tspans": tspans}
    environment.globals |= {"phrases": phrases, "texts": phrases.TEXTS, "same": same, "label": label, "route": route}
    environment.globals |= {"grids": grids, "mechanisms": mechanisms, "reasons": reasons, "cell_ids": cell_ids}
    environment.globals |= {"timelines": timelines, "timeline_marks": timeline, "diagram_layout": diagram.layout}
    environment.globals |= {"differs": differs, "not_shown": not_shown}
    environment.globals |= {"many_pods": _MANY_PODS, "wide": _WIDE}
    return environment


def both(text: Text) -> Markup:
    """Return a text in both languages, of which the page shows one; once where they are the same."""
    if text.en == text.fr:
        return _with_code(text.en)
    spans = '<span lang="en">{}</span><span lang="fr">{}</span>'
    return Markup(spans).format(_with_code(text.en), _with_code(text.fr))  # noqa: S704 - the text is escaped


def unbroken(text: Markup) -> Markup:
    """Keep a program's option, such as `--target`, on one line."""
    return text.replace("--", f"-{_WORD_JOINER}-{_WORD_JOINER}")


def tspans(text: Text) -> Markup:
    """Return the same inside an SVG's text."""
    if text.en == text.fr:
        return escape(text.en)
    return Markup('<tspan lang="en">{}</tspan><tspan lang="fr">{}</tspan>').format(text.en, text.fr)


def _with_code(text: str) -> Markup:
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def _file(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text("utf-8"))  # noqa: S704 - the package's own file
