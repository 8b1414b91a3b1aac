"""What the page's script needs of every cell, each text once: exhibits by number, outcomes, and the packet's path."""

import json
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.experiments.results import Cell, Experiment
from lab.experiments.texts import Text, join, same
from lab.report import phrases


@dataclass(frozen=True)
class Reason:
    """Cells of one variant that tried the same, ended alike, and have the same explanation."""

    id: str
    numbers: tuple[int, ...]
    cells: tuple[Cell, ...]


def packed(experiments: Sequence[Experiment]) -> str:
    """Return the data as the page carries it: JSON, deflated to a tenth, in base64."""
    text = json.dumps(data(experiments), ensure_ascii=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), level=9)).decode()


def data(experiments: Sequence[Experiment]) -> dict[str, Any]:
    """Return the cells by id, and the exhibits and paths that they refer to by number."""
    exhibits, paths = _Numbers(), _Numbers()
    cells = {}
    for experiment in experiments:
        reason_of = {number: reason.id for reason in reasons(experiment) for number in reason.numbers}
        for number, cell in enumerate(experiment.cells):
            fields = {"y": reason_of[number], **_cell(cell, exhibits)}
            path = {"w": paths[cell.way]} if experiment.scene else {}
            cells[f"{experiment.experiment}-{number}"] = fields | path
    return {"cells": cells, "exhibits": list(exhibits), "paths": list(paths)}


def reasons(experiment: Experiment) -> tuple[Reason, ...]:
    """Group an experiment's cells, those without a variant first, by what is said of them."""
    groups: dict[tuple[str, str, str, Text], list[int]] = {}
    for number, cell in enumerate(experiment.cells):
        groups.setdefault((cell.variant, cell.url, phrases.sign(cell), cell.because), []).append(number)
    return tuple(
        Reason(f"{experiment.experiment}-w{at}", tuple(group), tuple(experiment.cells[number] for number in group))
        for at, (_, group) in enumerate(sorted(groups.items(), key=lambda item: item[0][0] != ""))
    )


def cell_ids(experiment: Experiment) -> dict[tuple[str, str, str], str]:
    """Return the ids of an experiment's cells in the page, by variant, vantage point and address."""
    return {
        (cell.variant, cell.vantage, cell.address): f"{experiment.experiment}-{number}"
        for number, cell in enumerate(experiment.cells)
    }


class _Numbers(dict[tuple[str, ...], int]):
    """Numbers lists of texts in order, equal ones alike."""

    def __missing__(self, texts: tuple[str, ...]) -> int:
        self[texts] = len(self)
        return self[texts]


def _cell(cell: Cell, exhibits: _Numbers) -> dict[str, Any]:
    measured = cell.measured
    took = phrases.duration(measured.seconds) if measured.seconds >= phrases.SHORT else None
    detail = join(*map(same, filter(None, (measured.detail, ", ".join(measured.resolved)))), took, by=" · ")
    return {
        "mechanism": cell.mechanism,
        "p": [cell.predicted.outcome, cell.predicted.who],
        "m": [measured.outcome, measured.who],
        "d": [detail.en, detail.fr],
        "r": [[says.en, says.fr] for _, says in phrases.rules(cell)],
        "x": [exhibits[each.where, each.text, each.shows.en, each.shows.fr, each.command] for each in cell.exhibits],
    }
