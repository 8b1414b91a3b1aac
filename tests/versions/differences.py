"""What two runs of the same experiments found otherwise, each difference with a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.experiments.results import Cell, Experiment

ABSENT = "not there"
_VERSIONS = ("kubernetes", "runtime", "kernel", "cgroup")
_AMOUNT = re.compile(r"\d[\d.,]*(?=\s?(?:ms|s|%|Mi|MiB|Ki|KiB|m|millicores|times)\b)")
_KILLED = re.compile(r"(?<=\b137, )(?:OOMKilled|Error)")
"""On cgroup v1 the end of a process can overtake the notice of its kill: either word comes, on one minor too."""


@dataclass(frozen=True, order=True)
class Difference:
    """One thing by its name, such as `names/app/service`, and what each run found."""

    name: str
    older: str
    newer: str


class Fact(NamedTuple):
    """What was found in short words, and whether it was as predicted."""

    words: str
    agrees: bool = True


NONE = Fact(ABSENT)


def differences(older: Mapping[str, Experiment], newer: Mapping[str, Experiment]) -> list[Difference]:
    """Name, in order, everything that the two runs do not have alike; what only one of them has too.

    What was not as predicted is wrong on its own cluster, and tells nothing about two; neither does an experiment that
    only one of them could run, nor do verdicts that follow from any of these.
    """
    both = {name for name in older.keys() & newer.keys() if _sound(older[name]) and _sound(newer[name])}
    before, after = (facts({name: found[name] for name in both}) for found in (older, newer))
    pairs = [(name, before.get(name, NONE), after.get(name, NONE)) for name in sorted(before.keys() | after.keys())]
    return [
        Difference(name, one.words, other.words)
        for name, one, other in pairs
        if one.words != other.words and one.agrees and other.agrees
    ]


def facts(found: Mapping[str, Experiment]) -> dict[str, Fact]:
    """Return what a run found by name, without what no two runs have alike: addresses, amounts, the node's name."""
    return dict(fact for one in found.values() for fact in _facts(one))


def _sound(one: Experiment) -> bool:
    return one.agrees or not one.claims


def _facts(one: Experiment) -> Iterator[tuple[str, Fact]]:
    name, node = one.experiment, one.cluster.node
    for part in _VERSIONS:
        yield f"cluster/{part}", Fact(getattr(one.cluster, part))
    for cell in one.cells:
        where = "/".join(filter(None, (name, cell.variant, cell.vantage, cell.address)))
        yield where, Fact(_measured(cell), cell.agrees)
    for fact in one.expectations:
        subject, measured = (text.replace(node, "node") for text in (fact.subject, fact.measured.en))
        yield f"{name}/{fact.id} of {subject}", Fact(_KILLED.sub("killed", _AMOUNT.sub("…", measured)), fact.agrees)
    for claim in one.claims:
        yield f"{name}/{claim.id}", Fact(claim.verdict)


def _measured(cell: Cell) -> str:
    """Say how the cell ended, who answered and by which rule; what a name leads to is another address each time."""
    who = cell.measured.who if cell.measured.outcome == "answers" else ""
    return " ".join(filter(None, (cell.measured.outcome, who and f"({who})", f"by {cell.mechanism}")))
