"""One cell before the judge: what was predicted, what was measured, why, and its exhibits as they were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lab.report.experiments import matrix, words
from lab.report.experiments.grids import label, route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.experiments.results import Cell, Exhibit, Experiment
    from lab.experiments.texts import Language


def cell_lines(cell: Cell, experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    """Yield a cell: its route, both outcomes, why, and the exhibits."""
    said = matrix.mark(cell)
    said.append(f" {route(experiment, cell).short.of(language)}", "bold")
    if cell.variant:
        said.append(f" ({label(experiment.variants, cell.variant).short.of(language)})")
    said.append(f"  {cell.url}", "dim")
    yield Padding(said, (1, 0, 0, 0))
    yield Padding(_outcomes(cell, language), (0, 0, 0, 2))
    yield Padding(Text(cell.because.of(language)), (0, 0, 0, 2))
    yield from exhibits(cell.exhibits, language)


def exhibits(found: Sequence[Exhibit], language: Language) -> Iterator[RenderableType]:
    """Yield exhibits: what each shows, its own text, and the command that shows the same."""
    for number, one in enumerate(found, start=1):
        said = Text(f"{number}. ", "bold")
        said.append(one.shows.of(language))
        said.append(f"  [{one.where}]", "dim")
        yield Padding(said, (1, 0, 0, 2))
        yield Padding(Text(one.text.rstrip("\n"), "cyan", overflow="fold"), (0, 0, 0, 6))
        if one.command:
            yield Padding(Text(f"$ {one.command}", "dim", overflow="fold"), (0, 0, 0, 5))


def _outcomes(cell: Cell, language: Language) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for title, found in ((words.PREDICTED, cell.predicted), (words.MEASURED, cell.measured)):
        said = Text(f"{words.SIGNS[found.outcome]} {words.OUTCOMES[found.outcome].of(language)}")
        said.stylize(matrix.STYLES[found.outcome])
        if found.who:
            said.append(f" ({found.who})")
        table.add_row(title.of(language), said)
    table.add_row("", Text(_seen(cell, language), "dim"))
    return table


def _seen(cell: Cell, language: Language) -> str:
    seen = cell.measured
    to = {"en": "resolved to", "fr": "résolu en"}[language]
    resolved = f"{to} {', '.join(seen.resolved)}" if seen.resolved else ""
    took = words.seconds(seen.seconds, language) if seen.seconds >= 0.1 else ""  # noqa: PLR2004 - shorter says nothing
    rules = " + ".join(cell.predicted.rules)
    return " · ".join(each for each in (seen.detail, resolved, took, rules) if each)
