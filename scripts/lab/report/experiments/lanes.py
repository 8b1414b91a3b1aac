"""A timeline as lanes of text: stretches as lines, moments as signs, and the windows in which they were expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lab.report.experiments import matrix, words
from lab.report.experiments.grids import label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.experiments.results import Expectation, Experiment, Moment, Timeline
    from lab.experiments.texts import Language

NAMES = 22
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


def lines(
    timeline: Timeline, expected: Sequence[Numbered], language: Language, width: int = matrix.WIDTH
) -> Iterator[RenderableType]:
    """Yield the lanes on so many columns, the time below them, and what happened in order."""
    scale = Scale(timeline.seconds, width - NAMES - 2)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=NAMES, overflow="fold")
    table.add_column(width=scale.columns, no_wrap=True)
    for lane in timeline.lanes:
        found = [one for one in timeline.moments if one.lane == lane.id]
        table.add_row(Text(lane.short.of(language)), _lane(found, scale))
    for number, one in expected:
        table.add_row(Text(f"{number}. {one.asks.of(language)}", "dim"), _window(one, scale))
    table.add_row("", Text(_axis(scale, language), "dim"))
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
    "en": "  ━ ● well  ▒ ✗ ill  ─ ◆ else   [░░◆░░] expected in that window (→ or later), seen at ◆",
    "fr": "  ━ ● bien  ▒ ✗ mal  ─ ◆ autre   [░░◆░░] attendu dans cette fenêtre (→ ou après), observé à ◆",
}


@dataclass(frozen=True)
class Scale:
    """So many seconds drawn on so many columns."""

    seconds: float
    columns: int

    def column(self, at: float) -> int:
        """Return where a time stands."""
        return max(0, min(self.columns - 1, round(at / max(self.seconds, 0.001) * (self.columns - 1))))


def _lane(moments: Sequence[Moment], scale: Scale) -> Text:
    signs, styles = [" "] * scale.columns, [""] * scale.columns
    for one in sorted(moments, key=lambda moment: moment.until is None):
        first = scale.column(one.at)
        last = first if one.until is None else scale.column(one.until)
        sign = (_POINT if one.until is None else _STRETCH)[one.state]
        for at in range(first, last + 1):
            signs[at], styles[at] = sign, _STYLE[one.state]
    return Text.assemble(*zip(signs, styles, strict=True))


def _window(one: Expectation, scale: Scale) -> Text:
    signs = [" "] * scale.columns
    if one.within:
        first, last = map(scale.column, one.within)
        signs[first : last + 1] = "░" * (last - first + 1)
        signs[first] = "["
        signs[last] = "]" if one.within[1] <= scale.seconds else "→"
    if one.at is not None:
        signs[scale.column(one.at)] = "◆" if one.agrees else "✗"
    return Text("".join(signs), "" if one.agrees else "bold red")


def _axis(scale: Scale, language: Language) -> str:
    marks = [" "] * scale.columns
    for step in range(5):
        said = words.seconds(scale.seconds * step / 4, language)
        at = min(scale.column(scale.seconds * step / 4), scale.columns - len(said))
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
