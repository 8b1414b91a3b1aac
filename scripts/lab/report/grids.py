"""Tables of an experiment's cells: vantage points by addresses, one a variant, or variants as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.experiments.results import Cell, Experiment, Flip, Label
from lab.experiments.texts import Text, same
from lab.report import phrases

NOT_APPLICABLE = "not-applicable"
EMPTY = same("")


@dataclass(frozen=True)
class Grid:
    """One table: labelled rows and columns, and the cell of each pair (row, column) that was tried."""

    title: Text
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    cells: Mapping[tuple[str, str], Cell]
    variant: str = ""

    def url(self, column: str) -> str:
        """Return the URL of that column where all its cells have the same; else nothing."""
        urls = {cell.url for (_, name), cell in self.cells.items() if name == column}
        return urls.pop() if len(urls) == 1 else ""


@dataclass(frozen=True)
class Mechanism:
    id: str
    cells: tuple[Cell, ...]

    @property
    def example(self) -> Cell:
        """Return the first cell as predicted with the most exhibits."""
        return max(self.cells, key=lambda cell: (cell.agrees, len(cell.exhibits)))


def mechanisms(cells: Iterable[Cell]) -> tuple[Mechanism, ...]:
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.mechanism, []).append(cell)
    by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(Mechanism(name, tuple(cells)) for name, cells in by_size)


def grids(experiment: Experiment) -> tuple[Grid, ...]:
    """Return the tables: without flips each variant is a column, else each variant has its own tables.

    Vantage points that share no address (a probe of the kubelet, a forwarded port) get a small table of their own.
    """
    if experiment.variants and not experiment.flips:
        return (_variants_as_columns(experiment),)
    tables = []
    for variant in dict.fromkeys(cell.variant for cell in experiment.cells):
        cells = [cell for cell in experiment.cells if cell.variant == variant]
        title = label(experiment.variants, variant).short if variant else phrases.TEXTS["as-it-is"]
        tables += [_grid(experiment, title, variant, part) for part in _parts(cells)]
    return tuple(tables)


def label(labels: Sequence[Label], name: str) -> Label:
    return next((each for each in labels if each.id == name), Label(name, same(name), EMPTY))


def route(experiment: Experiment, cell: Cell | Flip) -> Label:
    source, target = label(experiment.vantages, cell.vantage).short, label(experiment.addresses, cell.address).short
    name = Text(en=f"{source.en} → {target.en}", fr=f"{source.fr} → {target.fr}")
    return Label(f"{cell.vantage} {cell.address}", name, EMPTY)


def _grid(experiment: Experiment, title: Text, variant: str, part: Sequence[Cell]) -> Grid:
    rows = _ordered(experiment.vantages, (cell.vantage for cell in part))
    columns = _ordered(experiment.addresses, (cell.address for cell in part))
    return Grid(title, rows, columns, {(cell.vantage, cell.address): cell for cell in part}, variant)


def _variants_as_columns(experiment: Experiment) -> Grid:
    rows = {(row := route(experiment, cell)).id: row for cell in experiment.cells}
    columns = _ordered(experiment.variants, (cell.variant for cell in experiment.cells))
    cells = {(f"{cell.vantage} {cell.address}", cell.variant): cell for cell in experiment.cells}
    return Grid(EMPTY, tuple(rows.values()), columns, cells)


def _ordered(labels: Sequence[Label], names: Iterable[str]) -> tuple[Label, ...]:
    wanted = dict.fromkeys(names)
    known = {each.id: each for each in labels if each.id in wanted}
    return (*known.values(), *(label((), name) for name in wanted if name not in known))


def _parts(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Split cells where no address is shared; what is not applicable stays with its vantage point's largest part."""
    groups: list[tuple[set[str], set[str]]] = []
    for cell in cells:
        if cell.predicted.outcome == cell.measured.outcome == NOT_APPLICABLE:
            continue
        sharing = [group for group in groups if cell.vantage in group[0] or cell.address in group[1]]
        merged = (
            {cell.vantage}.union(*(group[0] for group in sharing)),
            {cell.address}.union(*(group[1] for group in sharing)),
        )
        groups = [group for group in groups if group not in sharing] + [merged]
    groups.sort(key=lambda group: -len(group[1]))
    parts: list[list[Cell]] = [[] for _ in range(max(1, len(groups)))]
    for cell in cells:
        parts[_group_of(cell, groups)].append(cell)
    return parts


def _group_of(cell: Cell, groups: Sequence[tuple[set[str], set[str]]]) -> int:
    by_vantage = [number for number, (vantages, _) in enumerate(groups) if cell.vantage in vantages]
    by_both = (number for number in by_vantage if cell.address in groups[number][1])
    return next(by_both, next(iter(by_vantage), 0))
