"""One cell: what was predicted, what was measured, why, and its exhibits as they were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lab.report import phrases
from lab.report.grids import label, route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from lab.experiments.results import Cell, Experiment, Measurement, Outcome
    from lab.experiments.texts import Language

STYLES: dict[Outcome, str] = {
    "answers": "bold green",
    "resolves": "green",
    "no-name": "yellow",
    "refused": "red",
    "timeout": "magenta",
    "reset": "red",
    "elsewhere": "cyan",
    "not-applicable": "dim",
    "unmeasured": "bold red",
}
DIFFERS = "bold reverse red"
_SHORT = 0.1
"""Seconds below which a time says nothing."""


def mark(cell: Cell | None) -> Text:
    """Return a cell's sign; nothing where it was not tried."""
    if cell is None:
        return Text()
    return Text(phrases.sign(cell), STYLES[cell.predicted.outcome] if cell.agrees else DIFFERS)


def tick(*, agrees: bool) -> Text:
    return Text("✓", "green") if agrees else Text("✗", "bold red")


def outcome(name: Outcome, language: Language) -> Text:
    return Text(f"{phrases.SIGNS[name]} {phrases.OUTCOMES[name].of(language)}", STYLES[name])


def lines(cell: Cell, experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    """Yield a cell: its route, both outcomes, why, and the exhibits."""
    head = mark(cell).append(f" {route(experiment, cell).short.of(language)}", "bold")
    if cell.variant:
        head.append(f" ({label(experiment.variants, cell.variant).short.of(language)})")
    yield Padding(head.append(f"  {cell.url}", "dim"), (1, 0, 0, 0))
    yield Padding(_outcomes(cell, language), (0, 0, 0, 2))
    yield Padding(Text(cell.because.of(language)), (0, 0, 0, 2))
    yield from _exhibits(cell, language)


def _exhibits(cell: Cell, language: Language) -> Iterator[RenderableType]:
    for number, exhibit in enumerate(cell.exhibits, start=1):
        head = Text.assemble((f"{number}. ", "bold"), exhibit.shows.of(language), (f"  [{exhibit.where}]", "dim"))
        yield Padding(head, (1, 0, 0, 2))
        yield Padding(Text(exhibit.text.rstrip("\n"), "cyan", overflow="fold"), (0, 0, 0, 6))
        if exhibit.command:
            yield Padding(Text(f"$ {exhibit.command}", "dim", overflow="fold"), (0, 0, 0, 5))


def _outcomes(cell: Cell, language: Language) -> Table:
    table = Table.grid(Column(style="dim"), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for title, result in (("predicted", cell.predicted), ("measured", cell.measured)):
        who = f" ({result.who})" if result.who else ""
        table.add_row(phrases.TEXTS[title].of(language), outcome(result.outcome, language).append(who))
    details = [*_details(cell.measured, language), " + ".join(cell.predicted.rules)]
    table.add_row("", Text(" · ".join(filter(None, details)), "dim"))
    return table


def _details(measured: Measurement, language: Language) -> Iterator[str]:
    yield measured.detail
    if measured.resolved:
        yield phrases.TEXTS["resolved-to"].format(addresses=", ".join(measured.resolved)).of(language)
    if measured.seconds >= _SHORT:
        yield phrases.seconds(measured.seconds).of(language)
