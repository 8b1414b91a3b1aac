"""What was to happen beside what did: expectations, timelines as lanes of text, and the course's claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lab.report.experiments import lanes, matrix, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from lab.experiments.results import Claim, Expectation, Experiment
    from lab.experiments.texts import Language

_VERDICT_STYLES = {"true": "green", "nuance": "yellow", "false": "bold red", "unknown": "dim"}


def lines(experiment: Experiment, language: Language, width: int = matrix.WIDTH) -> Iterator[RenderableType]:
    """Yield the timelines, then the expectations, then the claims, whichever there are."""
    for one in experiment.timelines:
        title = one.title.of(language) if one.title != experiment.title else ""
        yield Text(f"\n{title}" if title else "", "bold")
        yield from lanes.lines(one, lanes.belonging(experiment, one), language, width)
    if experiment.expectations:
        yield Padding(Text(words.EXPECTED.of(language), "bold"), (1, 0, 0, 0))
        yield _table(experiment, language)
        yield from _reasons(experiment, language)
    if experiment.claims:
        yield Padding(Text(words.CLAIMS.of(language), "bold"), (1, 0, 0, 0))
        for claim in experiment.claims:
            yield Padding(_claim(claim, language), (1, 0, 0, 0))


def _table(experiment: Experiment, language: Language) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in ("", "#", words.ASKED, words.PREDICTED, words.MEASURED, words.WHEN):
        table.add_column(column if isinstance(column, str) else column.of(language), overflow="fold")
    for number, one in enumerate(experiment.expectations, start=1):
        table.add_row(*_row(one, number, experiment, language))
    return table


def _row(one: Expectation, number: int, experiment: Experiment, language: Language) -> tuple[Text, ...]:
    measured = Text(one.measured.of(language), "" if one.agrees else "bold reverse red")
    if not one.agrees:
        measured = Text("≠ ", "bold red").append_text(measured)
    asked = Text(f"{subject} ", "cyan") if (subject := words.subject(one, experiment)) else Text()
    return (
        matrix.tick(agrees=one.agrees),
        Text(str(number)),
        asked.append(one.asks.of(language), ""),
        Text(one.predicted.of(language)),
        measured,
        Text(words.when(one, language)),
    )


def _reasons(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    """Yield the reasons, few and long, once each, below the table."""
    reasons: dict[str, list[int]] = {}
    for number, one in enumerate(experiment.expectations, start=1):
        reasons.setdefault(one.because.of(language), []).append(number)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", overflow="fold", max_width=12)
    table.add_column(overflow="fold")
    for reason, numbers in reasons.items():
        table.add_row(Text(", ".join(map(str, numbers)), "dim"), Text(reason))
    yield Padding(table, (1, 0, 0, 2))


def _claim(claim: Claim, language: Language) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    style = _VERDICT_STYLES[claim.verdict]
    said = Text(claim.says.of(language), "bold")
    said.append(f"\n{words.VERDICTS[claim.verdict].of(language)}{words.colon(language)}", style)
    said.append(claim.because.of(language))
    if not claim.agrees:
        said.append(f"\n≠ {words.UNFORESEEN.of(language)}", "bold red")
    if claim.shown_by:
        said.append(f"\n{', '.join(claim.shown_by)}", "dim")
    table.add_row(Text(words.VERDICT_SIGNS[claim.verdict], style), said)
    return table
