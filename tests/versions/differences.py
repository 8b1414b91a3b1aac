"""How the results of two runs of the same experiments differ, each difference with a name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lab.experiments.results import Cell, Experiment

_VERSIONS = ("kubernetes", "runtime", "kernel", "cgroup")
_AMOUNT = re.compile(r"\d[\d.,]*(?=\s?(?:ms|s|%|Mi|MiB|Ki|KiB|m|millicores|times)\b)")
_KILLED = re.compile(r"(?<=\b137, )(?:OOMKilled|Error)")
"""On cgroup v1 the end of a process can overtake the notice of its kill: either word comes, on one minor too."""


@dataclass(frozen=True, order=True)
class Difference:
    """One measurement by its name, such as `names/app/service`, in each run."""

    name: str
    older: str
    newer: str


class Measured(NamedTuple):
    """A measurement in short, and whether it was as predicted."""

    text: str
    agrees: bool = True


ABSENT = Measured("not there")


def differences(older: Mapping[str, Experiment], newer: Mapping[str, Experiment]) -> list[Difference]:
    """List, in order, everything in which two runs differ, including what only one of them has.

    What was not as predicted is wrong on its own cluster and says nothing about two; neither does an experiment that
    only one of them could run, nor do verdicts that follow from any of these.
    """
    both = {name for name in older.keys() & newer.keys() if _comparable(older[name]) and _comparable(newer[name])}
    before, after = (measurements({name: run[name] for name in both}) for run in (older, newer))
    pairs = [(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in sorted(before.keys() | after.keys())]
    return [
        Difference(name, old.text, new.text)
        for name, old, new in pairs
        if old.text != new.text and old.agrees and new.agrees
    ]


def measurements(results: Mapping[str, Experiment]) -> dict[str, Measured]:
    """Return a run's measurements by name, without what no two runs have alike: addresses, amounts, the node's name."""
    return dict(pair for result in results.values() for pair in _measurements(result))


def _comparable(result: Experiment) -> bool:
    return result.agrees or not result.claims


def _measurements(result: Experiment) -> Iterator[tuple[str, Measured]]:
    name, node = result.experiment, result.cluster.node
    for part in _VERSIONS:
        yield f"cluster/{part}", Measured(getattr(result.cluster, part))
    for cell in result.cells:
        path = "/".join(filter(None, (name, cell.variant, cell.vantage, cell.address)))
        yield path, Measured(_outcome(cell), cell.agrees)
    for expectation in result.expectations:
        subject, measured = (text.replace(node, "node") for text in (expectation.subject, expectation.measured.en))
        text = _KILLED.sub("killed", _AMOUNT.sub("…", measured))
        yield f"{name}/{expectation.id} of {subject}", Measured(text, expectation.agrees)
    for claim in result.claims:
        yield f"{name}/{claim.id}", Measured(claim.verdict)


def _outcome(cell: Cell) -> str:
    """Say how the cell ended, who answered and by which rule; what a name leads to is another address each time."""
    who = cell.measured.who if cell.measured.outcome == "answers" else ""
    return " ".join(filter(None, (cell.measured.outcome, who and f"({who})", f"by {cell.mechanism}")))
