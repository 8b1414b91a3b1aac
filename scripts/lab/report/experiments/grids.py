"""Which tables an experiment's cells make: vantage points by addresses, one a variant, or variants as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.results import Label
from lab.experiments.texts import Text
from lab.report.experiments import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lab.experiments.results import Cell, Experiment

NOWHERE = "not-applicable"
NO_WORDS = Text(en="", fr="")


@dataclass(frozen=True)
class Grid:
    """One table: labelled rows and columns, and the cell of each pair (row, column) that was tried."""

    title: Text
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    cells: Mapping[tuple[str, str], Cell]
    variant: str = ""

    def url(self, column: str) -> str:
        """Return what one types for that column, where it is the same in all its cells; else nothing."""
        urls = {cell.url for (_, name), cell in self.cells.items() if name == column}
        return urls.pop() if len(urls) == 1 else ""


@dataclass(frozen=True)
class Mechanism:
    """A rule that decided cells: its first cell stands for the rest."""

    id: str
    cells: tuple[Cell, ...]

    @property
    def example(self) -> Cell:
        """Return the cell that shows it best: as predicted, with the most exhibits, the first of equals."""
        return max(self.cells, key=lambda cell: (cell.agrees, len(cell.exhibits)))


def mechanisms(found: Iterable[Cell]) -> tuple[Mechanism, ...]:
    """Group cells by what decided them, the most frequent first."""
    by: dict[str, list[Cell]] = {}
    for cell in found:
        by.setdefault(cell.mechanism, []).append(cell)
    return tuple(Mechanism(name, tuple(group)) for name, group in sorted(by.items(), key=lambda each: -len(each[1])))


def grids(experiment: Experiment) -> tuple[Grid, ...]:
    """Return the tables: a variant that flips nothing elsewhere is a column, else each variant has its own tables.

    Vantage points that share no address (a probe of the kubelet, a forwarded port) get a small table of their own.
    """
    if experiment.variants and not experiment.flips:
        return _by_variant(experiment)
    found = []
    for variant in dict.fromkeys(cell.variant for cell in experiment.cells):
        cells = [cell for cell in experiment.cells if cell.variant == variant]
        title = label(experiment.variants, variant).short if variant else words.BASE
        found += [_grid(experiment, title, variant, part) for part in _parts(cells)]
    return tuple(found)


def label(labels: Sequence[Label], name: str) -> Label:
    """Return the label of an id; the id itself where nobody wrote one."""
    return next((one for one in labels if one.id == name), Label(name, Text(en=name, fr=name), NO_WORDS))


def route(experiment: Experiment, cell: Cell) -> Label:
    """Name a cell by its vantage point and address."""
    ends = label(experiment.vantages, cell.vantage).short, label(experiment.addresses, cell.address).short
    said = Text(en=f"{ends[0].en} → {ends[1].en}", fr=f"{ends[0].fr} → {ends[1].fr}")
    return Label(f"{cell.vantage} {cell.address}", said, NO_WORDS)


def _grid(experiment: Experiment, title: Text, variant: str, part: Sequence[Cell]) -> Grid:
    rows = _ordered(experiment.vantages, (cell.vantage for cell in part))
    columns = _ordered(experiment.addresses, (cell.address for cell in part))
    return Grid(title, rows, columns, {(cell.vantage, cell.address): cell for cell in part}, variant)


def _by_variant(experiment: Experiment) -> tuple[Grid, ...]:
    rows = {(one := route(experiment, cell)).id: one for cell in experiment.cells}
    columns = _ordered(experiment.variants, (cell.variant for cell in experiment.cells))
    cells = {(f"{cell.vantage} {cell.address}", cell.variant): cell for cell in experiment.cells}
    return (Grid(NO_WORDS, tuple(rows.values()), columns, cells),)


def _ordered(labels: Sequence[Label], names: Iterable[str]) -> tuple[Label, ...]:
    wanted = dict.fromkeys(names)
    known = [one for one in labels if one.id in wanted]
    return (*known, *(label((), name) for name in wanted if name not in {one.id for one in known}))


def _parts(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Split cells where no address is shared; what applies nowhere stays with its vantage point's largest part."""
    groups: list[tuple[set[str], set[str]]] = []
    for cell in cells:
        if cell.predicted.outcome == cell.measured.outcome == NOWHERE:
            continue
        mine = [group for group in groups if cell.vantage in group[0] or cell.address in group[1]]
        merged = {cell.vantage}.union(*(one[0] for one in mine)), {cell.address}.union(*(one[1] for one in mine))
        groups = [group for group in groups if group not in mine] + [merged]
    groups.sort(key=lambda group: -len(group[1]))
    parts: list[list[Cell]] = [[] for _ in range(max(1, len(groups)))]
    for cell in cells:
        parts[_place(cell, groups)].append(cell)
    return parts


def _place(cell: Cell, groups: Sequence[tuple[set[str], set[str]]]) -> int:
    both = (number for number, group in enumerate(groups) if cell.vantage in group[0] and cell.address in group[1])
    either = (number for number, group in enumerate(groups) if cell.vantage in group[0])
    return next(both, next(either, 0))
