"""What the page's script needs of every cell, each text once: exhibits by number, outcomes, and the packet's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.report.html.way import way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.findings import Cell, Experiment


def data(experiments: Sequence[Experiment]) -> dict[str, Any]:
    """Return the cells by id, and the exhibits, texts and ways that they point to."""
    exhibits, ways = _Pool(), _Pool()
    cells = {}
    for one in experiments:
        for number, cell in enumerate(one.cells):
            found = _cell(cell, exhibits)
            cells[cell_id(one, number)] = {**found, "w": ways(way(one.scene, cell))} if one.scene else found
    return {"cells": cells, "exhibits": exhibits.kept, "ways": ways.kept}


def cell_id(experiment: Experiment, number: int) -> str:
    """Name a cell in the page."""
    return f"{experiment.experiment}-{number}"


class _Pool:
    """Hands out one number for equal lists of texts."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, ...]] = []
        self._numbers: dict[tuple[str, ...], int] = {}

    def __call__(self, texts: tuple[str, ...]) -> int:
        if texts not in self._numbers:
            self._numbers[texts] = len(self.kept)
            self.kept.append(texts)
        return self._numbers[texts]


def _cell(cell: Cell, exhibits: _Pool) -> dict[str, Any]:
    seen = cell.measured
    detail = [seen.detail, ", ".join(seen.resolved), f"{seen.seconds:.3f} s" if seen.seconds else ""]
    return {
        "u": cell.url,
        "p": [cell.predicted.outcome, cell.predicted.who],
        "m": [seen.outcome, seen.who],
        "d": " · ".join(filter(None, detail)),
        "r": " + ".join(cell.predicted.rules),
        "x": [exhibits((one.where, one.text, one.shows.en, one.shows.fr, one.command)) for one in cell.exhibits],
    }
