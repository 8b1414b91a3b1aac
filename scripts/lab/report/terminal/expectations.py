"""What was expected beside what happened: timelines as tracks of text, and a table of expectations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lab.experiments.results import differs
from lab.report import phrases, timelines
from lab.report.grids import label
from lab.report.phrases import TEXTS
from lab.report.terminal.matrix import DIFFERS, tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.experiments.results import Expectation, Experiment, Moment, Timeline
    from lab.experiments.texts import Language
    from lab.report.timelines import Numbered

_NAMES = 22
"""Columns for the names of the tracks."""
_STRETCH = {"good": "━", "bad": "▒", "neutral": "─"}
_POINT = {"good": "●", "bad": "✗", "neutral": "◆"}
_STYLE = {"good": "green", "bad": "red", "neutral": "cyan"}


@dataclass(frozen=True)
class _Scale:
    seconds: float
    columns: int

    def column(self, at: float) -> int:
        return round(timelines.fraction(at, self.seconds) * (self.columns - 1))


def lines(experiment: Experiment, language: Language, width: int) -> Iterator[RenderableType]:
    for timeline in experiment.timelines:
        title = timeline.title.of(language) if timeline.title != experiment.title else ""
        yield Text(f"\n{title}" if title else "", "bold")
        yield from _timeline(timeline, timelines.expectations(experiment, timeline), language, width)
    if experiment.expectations:
        yield Padding(Text(TEXTS["expected"].of(language), "bold"), (1, 0, 0, 0))
        yield _table(experiment, language)
        yield _reasons(experiment, language)


def _timeline(
    timeline: Timeline, expectations: Sequence[Numbered], language: Language, width: int
) -> Iterator[RenderableType]:
    """Yield the tracks on so many columns, the time below them, and what happened in order."""
    scale = _Scale(timeline.seconds, width - _NAMES - 2)
    table = Table.grid(
        Column(width=_NAMES, overflow="fold"), Column(width=scale.columns, no_wrap=True), padding=(0, 2, 0, 0)
    )
    for track in timeline.lanes:
        moments = [moment for moment in timeline.moments if moment.lane == track.id]
        table.add_row(Text(track.short.of(language)), _track(moments, scale))
    for number, expectation in expectations:
        table.add_row(Text(f"{number}. {expectation.asks.of(language)}", "dim"), _window(expectation, scale))
    table.add_row("", Text(_axis(scale, language), "dim"))
    yield table
    yield Text(f"  {TEXTS['timeline-key'].of(language)}", "dim")
    yield Padding(_moments(timeline, language), (1, 0, 0, 0))


def _track(moments: Sequence[Moment], scale: _Scale) -> Text:
    signs, styles = [" "] * scale.columns, [""] * scale.columns
    for moment in sorted(moments, key=lambda moment: moment.until is None):
        first = scale.column(moment.at)
        last = first if moment.until is None else scale.column(moment.until)
        sign = (_POINT if moment.until is None else _STRETCH)[moment.state]
        for column in range(first, last + 1):
            signs[column], styles[column] = sign, _STYLE[moment.state]
    return Text.assemble(*zip(signs, styles, strict=True))


def _window(expectation: Expectation, scale: _Scale) -> Text:
    signs = [" "] * scale.columns
    if expectation.within:
        first, last = map(scale.column, expectation.within)
        signs[first : last + 1] = "░" * (last - first + 1)
        signs[first] = "["
        signs[last] = "]" if expectation.within[1] <= scale.seconds else "→"
    if expectation.at is not None:
        signs[scale.column(expectation.at)] = "✗" if differs(expectation) else "◆"
    return Text("".join(signs), "bold red" if differs(expectation) else "")


def _axis(scale: _Scale, language: Language) -> str:
    marks = [" "] * scale.columns
    for quarter in range(5):
        time = scale.seconds * quarter / 4
        text = phrases.seconds(time).of(language)
        start = min(scale.column(time), scale.columns - len(text))
        marks[start : start + len(text)] = text
    return "".join(marks)


def _moments(timeline: Timeline, language: Language) -> Table:
    table = Table.grid(
        Column(justify="right", width=8),
        Column(width=1),
        Column(overflow="fold", max_width=_NAMES),
        Column(overflow="fold"),
        padding=(0, 2, 0, 0),
    )
    for moment in timelines.changes(timeline):
        track = label(timeline.lanes, moment.lane).short.of(language)
        sign = Text(_POINT[moment.state], _STYLE[moment.state])
        at = phrases.seconds(moment.at).of(language)
        table.add_row(at, sign, Text(track, "dim"), Text(moment.says.of(language)))
    return table


def _table(experiment: Experiment, language: Language) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    heads = [TEXTS[column].of(language) for column in ("question", "predicted", "measured", "when")]
    for head in ("", "#", *heads):
        table.add_column(head, overflow="fold")
    for number, expectation in enumerate(experiment.expectations, start=1):
        subject = phrases.subject(expectation, experiment)
        table.add_row(*_row(expectation, number, subject, language))
    return table


def _row(expectation: Expectation, number: int, subject: str, language: Language) -> tuple[Text, ...]:
    is_wrong = differs(expectation)
    measured = Text(expectation.measured.of(language), DIFFERS if is_wrong else "")
    return (
        tick(agrees=expectation.agrees, shown=expectation.shown),
        Text(str(number)),
        Text.assemble((f"{subject} " if subject else "", "cyan"), expectation.asks.of(language)),
        Text(expectation.predicted.of(language)),
        Text.assemble(("≠ ", "bold red"), measured) if is_wrong else measured,
        Text(phrases.when(expectation).of(language)),
    )


def _reasons(experiment: Experiment, language: Language) -> RenderableType:
    """Return the reasons, few and long, once each, with the numbers of their expectations."""
    reasons: dict[str, list[str]] = {}
    for number, expectation in enumerate(experiment.expectations, start=1):
        reasons.setdefault(expectation.because.of(language), []).append(str(number))
    table = Table.grid(
        Column(justify="right", overflow="fold", max_width=12), Column(overflow="fold"), padding=(0, 2, 0, 0)
    )
    for reason, numbers in reasons.items():
        table.add_row(Text(", ".join(numbers), "dim"), Text(reason))
    return Padding(table, (1, 0, 0, 2))
