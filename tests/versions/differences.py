"""What two runs of the same experiments found otherwise, each difference with a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.findings import Cell, Experiment

ABSENT = "not there"
_VERSIONS = ("kubernetes", "runtime", "kernel", "cgroup")
_AMOUNT = re.compile(r"\d[\d.,]*(?=\s?(?:ms|s|%|Mi|MiB|Ki|KiB|m|millicores)\b)")


@dataclass(frozen=True, order=True)
class Difference:
    """One thing by its name, such as `names/app/service`, and what each run found."""

    name: str
    older: str
    newer: str


def differences(older: Mapping[str, Experiment], newer: Mapping[str, Experiment]) -> list[Difference]:
    """Name, in order, everything that the two runs do not have alike; what only one of them has too."""
    before, after = facts(older), facts(newer)
    both = sorted(before.keys() | after.keys())
    pairs = [Difference(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in both]
    return [one for one in pairs if one.older != one.newer]


def facts(found: Mapping[str, Experiment]) -> dict[str, str]:
    """Return what a run found in short words by name, without what no two runs have alike: addresses and amounts."""
    return dict(fact for one in found.values() for fact in _facts(one))


def _facts(one: Experiment) -> Iterator[tuple[str, str]]:
    name = one.experiment
    for part in _VERSIONS:
        yield f"cluster/{part}", getattr(one.cluster, part)
    for cell in one.cells:
        yield "/".join(filter(None, (name, cell.variant, cell.vantage, cell.address))), _measured(cell)
    for fact in one.expectations:
        yield f"{name}/{fact.id} of {fact.subject}", _AMOUNT.sub("…", fact.measured.en)
    for claim in one.claims:
        yield f"{name}/{claim.id}", claim.verdict


def _measured(cell: Cell) -> str:
    """Say how the cell ended, who answered and by which rule; what a name leads to is another address each time."""
    who = cell.measured.who if cell.measured.outcome == "answers" else ""
    return " ".join(filter(None, (cell.measured.outcome, who and f"({who})", f"by {cell.mechanism}")))
