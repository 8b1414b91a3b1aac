"""A timeline as lanes of text: stretches as lines, moments as signs, and the windows in which they were expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lab.report.experiments import matrix, words
from lab.report.experiments.grids import label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.findings import Expectation, Experiment, Language, Moment, Timeline

NAMES = 22
AXIS = matrix.WIDTH - NAMES - 2
_STRETCH = {"good": "━", "bad": "▒", "neutral": "─"}
_POINT = {"good": "●", "bad": "✗", "neutral": "◆"}
_STYLE = {"good": "green", "bad": "red", "neutral": "cyan"}


Numbered = tuple[int, "Expectation"]


def belonging(experiment: Experiment, timeline: Timeline) -> tuple[Numbered, ...]:
    """Return the expectations with a time that this timeline shows, each with its number in the table.

    They are those whose id begins with its own; else those of its subject, or of one of its lanes. All, where it is the
    only timeline.
    """
    timed = tuple(each for each in enumerate(experiment.expectations, start=1) if each[1].within)
    if len(experiment.timelines) == 1:
        return timed
    return tuple(each for each in timed if _shows(experiment, timeline, each[1]))


def _shows(experiment: Experiment, timeline: Timeline, one: Expectation) -> bool:
    if owner := _owner(experiment, one):
        return owner == timeline.id
    return one.subject in {timeline.id, *(lane.id for lane in timeline.lanes)}


def _owner(experiment: Experiment, one: Expectation) -> str:
    """Return the timeline whose id an expectation's begins with, such as `errors` for `errors-http`; else nothing."""
    return next((each.id for each in experiment.timelines if one.id.startswith(f"{each.id}-")), "")


def lines(timeline: Timeline, expected: Sequence[Numbered], language: Language) -> Iterator[RenderableType]:
    """Yield the lanes, one line each, the time below them, and what happened in order."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=NAMES, no_wrap=True, overflow="ellipsis")
    table.add_column(width=AXIS, no_wrap=True)
    for lane in timeline.lanes:
        found = [one for one in timeline.moments if one.lane == lane.id]
        table.add_row(Text(lane.short.of(language)), _lane(found, timeline.seconds))
    for number, one in expected:
        table.add_row(Text(f"{number}. {one.asks.of(language)}", "dim"), _window(one, timeline.seconds))
    table.add_row("", Text(_axis(timeline.seconds, language), "dim"))
    yield table
    yield Text(_KEY[language], "dim")
    yield Padding(_moments(timeline, language), (1, 0, 0, 0))


def told(timeline: Timeline) -> Iterator[Moment]:
    """Yield moments in order, without those that only repeat the last one of their lane."""
    last: dict[str, Moment] = {}
    for one in sorted(timeline.moments, key=lambda moment: moment.at):
        before = last.get(one.lane)
        if before is None or before.says != one.says:
            yield one
        last[one.lane] = one


_KEY = {
    "en": "  ━ well  ▒ ill  ─ else   ● well  ✗ ill  ◆ else   [░░◆░░] expected in that window, seen at ◆",
    "fr": "  ━ bien  ▒ mal  ─ autre   ● bien  ✗ mal  ◆ autre   [░░◆░░] attendu dans cette fenêtre, observé à ◆",
}


def _column(at: float, seconds: float) -> int:
    return max(0, min(AXIS - 1, round(at / max(seconds, 0.001) * (AXIS - 1))))


def _lane(moments: Sequence[Moment], seconds: float) -> Text:
    signs, styles = [" "] * AXIS, [""] * AXIS
    for one in sorted(moments, key=lambda moment: moment.until is None):
        first = _column(one.at, seconds)
        last = first if one.until is None else _column(one.until, seconds)
        sign = (_POINT if one.until is None else _STRETCH)[one.state]
        for at in range(first, last + 1):
            signs[at], styles[at] = sign, _STYLE[one.state]
    return Text.assemble(*zip(signs, styles, strict=True))


def _window(one: Expectation, seconds: float) -> Text:
    signs = [" "] * AXIS
    if one.within:
        first, last = (_column(each, seconds) for each in one.within)
        signs[first : last + 1] = "░" * (last - first + 1)
        signs[first], signs[last] = "[", "]"
    if one.at is not None:
        signs[_column(one.at, seconds)] = "◆" if one.agrees else "✗"
    return Text("".join(signs), "" if one.agrees else "bold red")


def _axis(seconds: float, language: Language) -> str:
    marks = [" "] * AXIS
    for step in range(5):
        said = words.seconds(seconds * step / 4, language)
        at = min(_column(seconds * step / 4, seconds), AXIS - len(said))
        marks[at : at + len(said)] = said
    return "".join(marks)


def _moments(timeline: Timeline, language: Language) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", width=8)
    table.add_column(width=1)
    table.add_column(overflow="fold", max_width=NAMES)
    table.add_column(overflow="fold")
    for one in told(timeline):
        lane = label(timeline.lanes, one.lane).short.of(language)
        sign = Text(_POINT[one.state], _STYLE[one.state])
        at = words.seconds(one.at, language)
        table.add_row(at, sign, Text(lane, "dim"), Text(one.says.of(language)))
    return table
