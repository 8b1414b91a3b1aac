"""What the page's script needs of every cell, each text once: exhibits by number, outcomes, and the packet's way."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.report.experiments import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Text


def packed(experiments: Sequence[Experiment]) -> str:
    """Return the data as the page carries it: JSON, deflated to a tenth, in base64."""
    text = json.dumps(data(experiments), ensure_ascii=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), level=9)).decode()


def data(experiments: Sequence[Experiment]) -> dict[str, Any]:
    """Return the cells by id, and the exhibits, texts and ways that they point to."""
    exhibits, ways = _Pool(), _Pool()
    cells = {}
    for one in experiments:
        why = {number: reason.id for reason in reasons(one) for number in reason.numbers}
        for number, cell in enumerate(one.cells):
            found = {"y": why[number], **_cell(cell, exhibits)}
            cells[cell_id(one, number)] = {**found, "w": ways(cell.way)} if one.scene else found
    return {"cells": cells, "exhibits": exhibits.kept, "ways": ways.kept}


@dataclass(frozen=True)
class Reason:
    """Cells of one variant that are told together: they tried the same, ended alike, and for the same reason."""

    id: str
    numbers: tuple[int, ...]
    cells: tuple[Cell, ...]


def reasons(experiment: Experiment) -> tuple[Reason, ...]:
    """Group an experiment's cells, in their order, by what is told of them."""
    told: dict[tuple[str, str, str, Text], list[int]] = {}
    for number, cell in enumerate(experiment.cells):
        told.setdefault((cell.variant, cell.url, words.sign(cell), cell.because), []).append(number)
    groups = sorted(told.values(), key=lambda numbers: experiment.cells[numbers[0]].variant != "")
    return tuple(
        Reason(f"{experiment.experiment}-w{at}", tuple(each), tuple(experiment.cells[one] for one in each))
        for at, each in enumerate(groups)
    )


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
        "mechanism": cell.mechanism,
        "p": [cell.predicted.outcome, cell.predicted.who],
        "m": [seen.outcome, seen.who],
        "d": " · ".join(filter(None, detail)),
        "r": " + ".join(cell.predicted.rules),
        "x": [exhibits((one.where, one.text, one.shows.en, one.shows.fr, one.command)) for one in cell.exhibits],
    }
