"""A matrix of signs that fits 100 columns, or fewer: words where they fit, else numbered columns with a key below."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from lab.report import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.experiments.results import Cell, Label, Outcome
    from lab.experiments.texts import Language
    from lab.report.grids import Grid

WIDTH = 100
NARROW = 3
"""A numbered column: a sign, or two with ≠ between them."""
ROW_NAMES = 27
"""Columns for the rows' names; twice as many where the columns have names too."""
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


def mark(cell: Cell | None) -> Text:
    """Return a cell's sign; nothing where it was not tried."""
    if cell is None:
        return Text()
    return Text(phrases.sign(cell), STYLES[cell.predicted.outcome] if cell.agrees else DIFFERS)


def tick(*, agrees: bool, shown: bool = True) -> Text:
    if not shown:
        return Text("?", "yellow")
    return Text("✓", "green") if agrees else Text("✗", "bold red")


def outcome(name: Outcome, language: Language) -> Text:
    return Text(f"{phrases.SIGNS[name]} {phrases.OUTCOMES[name].of(language)}", STYLES[name])


def lines(grid: Grid, language: Language, width: int = WIDTH) -> Iterator[RenderableType]:
    """Yield the table with words beside the signs or without, or tables of numbered columns, each with its key."""
    numbered = list(enumerate(grid.columns, start=1))
    for words in (True, False):
        table = _table(grid, numbered, language, names=True, words=words)
        if Console(width=sys.maxsize).measure(table).maximum <= width:
            yield table
            return
    size = max(1, (width - ROW_NAMES) // (NARROW + 1))
    for start in range(0, len(numbered), size):
        part = numbered[start : start + size]
        yield _table(grid, part, language, names=False, words=False)
        yield _key(grid, part, language)


def legend(cells: Sequence[Cell], language: Language) -> Text:
    occur = {outcome for cell in cells for outcome in (cell.predicted.outcome, cell.measured.outcome)}
    text = Text("  ")
    for outcome, sign in phrases.SIGNS.items():
        if outcome in occur:
            text.append(sign, STYLES[outcome]).append(f" {phrases.OUTCOMES[outcome].of(language)}  ")
    if not all(cell.agrees for cell in cells):
        text.append("●≠○", DIFFERS).append(f" {phrases.TEXTS['differs'].of(language)}")
    text.rstrip()
    return text


def _table(grid: Grid, part: Sequence[tuple[int, Label]], language: Language, *, names: bool, words: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2 if names else 0, 0, 0), show_edge=False)
    table.add_column("", overflow="fold", max_width=ROW_NAMES * 2 if names else ROW_NAMES)
    for number, column in part:
        head = column.short.of(language) if names else str(number)
        table.add_column(Text(head), no_wrap=True, min_width=NARROW)
    for row in grid.rows:
        cells = (grid.cells.get((row.id, column.id)) for _, column in part)
        table.add_row(Text(row.short.of(language)), *(_content(cell, language, words=words) for cell in cells))
    return table


def _content(cell: Cell | None, language: Language, *, words: bool) -> Text:
    text = mark(cell)
    return text.append(f" {phrases.outcome(cell, language)}") if words and cell is not None else text


def _key(grid: Grid, part: Sequence[tuple[int, Label]], language: Language) -> Table:
    table = Table.grid(
        Column(justify="right", width=4),
        Column(overflow="fold"),
        Column(overflow="fold", style="dim"),
        padding=(0, 2, 0, 0),
    )
    for number, column in part:
        table.add_row(str(number), Text(column.short.of(language)), Text(grid.url(column.id)))
    return table
