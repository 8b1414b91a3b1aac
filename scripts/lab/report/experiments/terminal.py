"""An experiment on a terminal of 100 columns: what was found, why, and whether it is what was predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text as RichText

from lab.experiments.texts import Text
from lab.report.experiments import expected, matrix, words
from lab.report.experiments.evidence import cell_lines
from lab.report.experiments.grids import grids, label, mechanisms, route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from lab.experiments.results import Cell, Experiment, Flip, Outcome
    from lab.experiments.texts import Language


SHOWN = 6
"""So many cells that are not as predicted are shown in full: what is wrong with all of them mostly has one cause."""


def show(experiment: Experiment, language: Language, console: Console) -> None:
    """Print an experiment: matrices, mechanisms, flips, expectations, timelines, claims, and a last line."""
    _print(lines(experiment, language, min(matrix.WIDTH, console.width)), console)


def show_cell(cell: Cell, experiment: Experiment, language: Language, console: Console) -> None:
    """Print one cell with what was predicted, what was measured, why, and its exhibits."""
    _print(cell_lines(cell, experiment, language), console)


def show_differences(experiment: Experiment, language: Language, console: Console) -> None:
    """Print the cells that are not as predicted; nothing where all are."""
    _print(_differences(experiment, language), console)


def lines(experiment: Experiment, language: Language, width: int = matrix.WIDTH) -> Iterator[RenderableType]:
    """Yield what is printed on so many columns, piece by piece."""
    yield from _head(experiment, language)
    yield from _matrices(experiment, language, width)
    yield from _mechanisms(experiment, language)
    yield from _differences(experiment, language)
    yield from _flips(experiment, language)
    yield from expected.lines(experiment, language, width)
    yield _summary(experiment, language)


def heading(text: str) -> Padding:
    """Return a section's name, with a free line above."""
    return Padding(RichText(text, "bold"), (1, 0, 0, 0))


def _print(found: Iterator[RenderableType], console: Console) -> None:
    for one in found:
        console.print(one, width=min(matrix.WIDTH, console.width))


def _head(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    yield Padding(RichText(experiment.title.of(language), "bold"), (1, 0, 0, 0))
    yield RichText(experiment.question.of(language))
    seen = experiment.cluster
    cgroup = seen.cgroup if seen.cgroup.startswith("cgroup") else f"cgroup {seen.cgroup}"
    yield RichText(f"Kubernetes {seen.kubernetes}, {seen.runtime}, Linux {seen.kernel}, {cgroup}", "dim")


def _matrices(experiment: Experiment, language: Language, width: int) -> Iterator[RenderableType]:
    """Yield the matrices; with counterfactuals only the base, whose changes stand below as flips."""
    if not experiment.cells:
        return
    for grid in grids(experiment):
        if grid.variant and experiment.flips:
            continue
        for one in matrix.lines(grid, language, width):
            yield Padding(one, (1, 0, 0, 0))
    yield Padding(matrix.legend(experiment.cells, language), (1, 0, 0, 0))


def _mechanisms(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    found = mechanisms(cell for cell in experiment.cells if not (cell.variant and experiment.flips))
    if not found:
        return
    count = {"en": f"{len(found)} mechanisms", "fr": f"{len(found)} mécanismes"}[language]
    yield heading(f"{words.WHY.of(language)}{words.colon(language)}{count}")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=3, justify="right")
    table.add_column(overflow="fold")
    for one in found:
        said = RichText(one.id, "bold")
        said.append(f"  {words.cells(len(one.cells), language)}", "dim")
        said.append(f"  {route(experiment, one.example).short.of(language)}", "dim")
        said.append(f"  {one.example.vantage}/{one.example.address}", "dim")
        table.add_row(matrix.mark(one.example), said)
        table.add_row("", RichText(one.example.because.of(language)))
    yield table


def _differences(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    """Yield each cell that is not as predicted, with its evidence."""
    wrong = [cell for cell in experiment.cells if not cell.agrees]
    if wrong:
        yield heading(f"{words.DIFFERS.of(language)}, {words.cells(len(wrong), language)}")
    for cell in wrong[:SHOWN]:
        yield from cell_lines(cell, experiment, language)
    if len(wrong) > SHOWN:
        more = {"en": "--html FILE shows all of them", "fr": "--html FICHIER les montre toutes"}[language]
        count = words.cells(len(wrong) - SHOWN, language)
        yield Padding(RichText(f"… {count}{words.colon(language)}{more}"), (1, 0, 0, 2))


def _flips(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    if not experiment.flips:
        return
    yield heading(words.FLIPS.of(language))
    variants = dict.fromkeys([*(one.id for one in experiment.variants), *(one.variant for one in experiment.flips)])
    for variant in variants:
        yield _variant(experiment, variant, language)
        for flip in (one for one in experiment.flips if one.variant == variant):
            yield Padding(_flip(experiment, flip, language), (0, 0, 0, 2))


def _variant(experiment: Experiment, variant: str, language: Language) -> RenderableType:
    tried = sum(cell.variant == variant for cell in experiment.cells)
    flips = sum(flip.variant == variant for flip in experiment.flips)
    told = label(experiment.variants, variant)
    said = RichText(told.short.of(language), "bold")
    said.append(f"  {words.of_cells(flips, tried, language)}", "dim")
    if more := told.more.of(language):
        said.append(f"\n{more}")
    return Padding(said, (1, 0, 0, 0))


def _flip(experiment: Experiment, flip: Flip, language: Language) -> Table:
    ends = label(experiment.vantages, flip.vantage).short, label(experiment.addresses, flip.address).short
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    said = RichText(f"{ends[0].of(language)} → {ends[1].of(language)}{words.colon(language)}")
    said.append_text(_change(flip.measured, language))
    if not flip.agrees:
        said.append(f"  ≠ {words.PREDICTED.of(language)} ", "bold red")
        said.append_text(_change(flip.predicted, language))
    said.append(f"\n{flip.because.of(language)}", "dim")
    table.add_row(matrix.tick(agrees=flip.agrees), said)
    return table


def _change(ends: tuple[Outcome, Outcome], language: Language) -> RichText:
    said = RichText()
    for number, outcome in enumerate(ends):
        said.append(" ⇒ " if number else "")
        said.append(f"{words.SIGNS[outcome]} {words.OUTCOMES[outcome].of(language)}", matrix.STYLES[outcome])
    return said


def _summary(experiment: Experiment, language: Language) -> RenderableType:
    kinds = (experiment.cells, experiment.flips, experiment.expectations)
    total = sum(len(kind) for kind in kinds)
    agreed = sum(one.agrees for kind in kinds for one in kind)
    counted = words.counts(experiment, language)
    took = words.seconds(experiment.seconds, language)
    said = RichText("✓ " if experiment.agrees else "✗ ", "bold green" if experiment.agrees else "bold red")
    said.append(f"{experiment.experiment}, {took}{words.colon(language)}")
    said.append(counted)
    if total:
        said.append(Text(en="; ", fr=" ; ").of(language))
        said.append(words.summary(agrees=agreed, total=total, language=language))
    return Padding(said, (1, 0, 0, 0))
