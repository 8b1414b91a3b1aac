"""What was expected beside what happened: expectations, timelines, and the course's claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lab.report import phrases, timelines
from lab.report.phrases import TEXTS
from lab.report.terminal import timeline
from lab.report.terminal.cell import DIFFERS, tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from lab.experiments.results import Claim, Expectation, Experiment
    from lab.experiments.texts import Language

_VERDICT_STYLES = {"true": "green", "nuance": "yellow", "false": "bold red", "unknown": "dim"}


def lines(experiment: Experiment, language: Language, width: int) -> Iterator[RenderableType]:
    """Yield the timelines, then the expectations, then the claims, whichever there are."""
    for each in experiment.timelines:
        title = each.title.of(language) if each.title != experiment.title else ""
        yield Text(f"\n{title}" if title else "", "bold")
        yield from timeline.lines(each, timelines.expectations(experiment, each), language, width)
    if experiment.expectations:
        yield Padding(Text(TEXTS["expected"].of(language), "bold"), (1, 0, 0, 0))
        yield _table(experiment, language)
        yield _reasons(experiment, language)
    if experiment.claims:
        yield Padding(Text(TEXTS["claims"].of(language), "bold"), (1, 0, 0, 0))
        yield from (Padding(_claim(claim, language), (1, 0, 0, 0)) for claim in experiment.claims)


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
    measured = Text(expectation.measured.of(language), "" if expectation.agrees else DIFFERS)
    return (
        tick(agrees=expectation.agrees),
        Text(str(number)),
        Text.assemble((f"{subject} " if subject else "", "cyan"), expectation.asks.of(language)),
        Text(expectation.predicted.of(language)),
        measured if expectation.agrees else Text.assemble(("≠ ", "bold red"), measured),
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


def _claim(claim: Claim, language: Language) -> Table:
    style = _VERDICT_STYLES[claim.verdict]
    verdict = f"\n{phrases.VERDICTS[claim.verdict].of(language)}{TEXTS['colon'].of(language)}"
    text = Text.assemble((claim.says.of(language), "bold"), (verdict, style), claim.because.of(language))
    if not claim.agrees:
        text.append(f"\n≠ {TEXTS['unforeseen'].of(language)}", "bold red")
    if claim.shown_by:
        text.append(f"\n{', '.join(claim.shown_by)}", "dim")
    table = Table.grid(Column(width=1), Column(overflow="fold"), padding=(0, 1, 0, 0))
    table.add_row(Text(phrases.VERDICT_SIGNS[claim.verdict], style), text)
    return table
