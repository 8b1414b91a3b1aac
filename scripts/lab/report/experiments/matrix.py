"""A matrix of signs that fits 100 columns, or fewer: words where they fit, else numbered columns with a key below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from lab.report.experiments import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from lab.experiments.results import Cell, Label, Outcome
    from lab.experiments.texts import Language
    from lab.report.experiments.grids import Grid

WIDTH = 100
NARROW = 3
"""A numbered column: a sign, or two with ≠ between them."""
ROWS = 27
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


def lines(grid: Grid, language: Language, width: int = WIDTH) -> Iterator[RenderableType]:
    """Yield what a grid looks like on so many columns: tables, and for numbered columns their key."""
    numbered = list(enumerate(grid.columns, start=1))
    style = _style(grid, language, width)
    size = len(grid.columns) if style.heads else max(1, (width - ROWS) // (NARROW + 1))
    for start in range(0, len(numbered), size):
        part = numbered[start : start + size]
        yield _table(grid, part, language, style)
        if not style.heads:
            yield _key(grid, part, language)


def legend(cells: Sequence[Cell], language: Language) -> Text:
    """Say what each sign that occurs stands for."""
    said = Text("  ")
    seen = {outcome for cell in cells for outcome in (cell.predicted.outcome, cell.measured.outcome)}
    for outcome in (each for each in words.SIGNS if each in seen):
        said.append(words.SIGNS[outcome], STYLES[outcome])
        said.append(f" {words.OUTCOMES[outcome].of(language)}  ")
    if not all(cell.agrees for cell in cells):
        said.append("●≠○", "bold reverse red")
        said.append(f" {words.DIFFERS.of(language)}")
    said.rstrip()
    return said


def mark(cell: Cell | None) -> Text:
    """Return a cell's sign; nothing where nobody tried."""
    if cell is None:
        return Text("")
    style = STYLES[cell.predicted.outcome] if cell.agrees else "bold reverse red"
    return Text(words.sign(cell), style)


@dataclass(frozen=True)
class _Style:
    """What fits: addresses as the columns' heads or only their numbers, words beside the signs or not."""

    heads: bool
    words: bool


def _style(grid: Grid, language: Language, width: int) -> _Style:
    for style in (_Style(heads=True, words=True), _Style(heads=True, words=False)):
        rows = max((len(row.short.of(language)) for row in grid.rows), default=0)
        columns = sum(_column_width(grid, column, language, style) + 3 for column in grid.columns)
        if min(rows, ROWS * 2) + columns <= width:
            return style
    return _Style(heads=False, words=False)


def _column_width(grid: Grid, column: Label, language: Language, style: _Style) -> int:
    found = (cell for (_, name), cell in grid.cells.items() if name == column.id)
    return max([len(column.short.of(language)), *(len(_marked(cell, language, style)) for cell in found)])


def _table(grid: Grid, part: Sequence[tuple[int, Label]], language: Language, style: _Style) -> Table:
    padding = (0, 2 if style.heads else 0, 0, 0)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=padding, show_edge=False)
    table.add_column("", overflow="fold", max_width=ROWS * 2 if style.heads else ROWS)
    for number, column in part:
        head = column.short.of(language) if style.heads else str(number)
        table.add_column(Text(head), no_wrap=True, min_width=NARROW)
    for row in grid.rows:
        found = [_marked(grid.cells.get((row.id, column.id)), language, style) for _, column in part]
        table.add_row(Text(row.short.of(language)), *found)
    return table


def _marked(cell: Cell | None, language: Language, style: _Style) -> Text:
    said = mark(cell)
    if style.words and cell is not None:
        said.append(f" {words.outcome(cell, language)}")
    return said


def _key(grid: Grid, part: Sequence[tuple[int, Label]], language: Language) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", width=4)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for number, column in part:
        table.add_row(str(number), Text(column.short.of(language)), Text(grid.url(column.id)))
    return table


def tick(*, agrees: bool) -> Text:
    """Return the mark of what is as predicted, or is not."""
    return Text("✓", "green") if agrees else Text("✗", "bold red")
