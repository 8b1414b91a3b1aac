"""What was measured, as frozen data: series, their statistics, what was asked for; pure, nothing here measures."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Literal

_MARK = {None: "", True: "✓", False: "✗"}


@dataclass(frozen=True)
class Series:
    """What was measured, and every value that was seen."""

    what: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value: one run that something else disturbed does not move it."""
        return statistics.median(self.values)

    def text(self, unit: str) -> str:
        """Say the median; with more than one value also how many there were, the least and the most."""
        shown = f"{number(self.median, unit)} {unit}"
        if len(self.values) == 1:
            return shown
        spread = f"{number(min(self.values), unit)}-{number(max(self.values), unit)}"
        return f"{shown}\n{len(self.values)} runs: {spread}"


@dataclass(frozen=True)
class Bound:
    """What was asked for: at ``most`` or at ``least`` so much, or at most so many times the floor."""

    side: Literal["most", "least", "times the floor"]
    value: float

    def text(self, unit: str) -> str:
        """Say it as a person would write it."""
        if self.side == "times the floor":
            return f"≤ {self.value:g} times floor"
        return f"{'≤' if self.side == 'most' else '≥'} {self.value:,g} {unit}"


@dataclass(frozen=True)
class Figure:
    """One row: ours, what was measured beside it in the same run (the floor first), and what was asked for."""

    name: str
    unit: str
    ours: Series
    beside: tuple[Series, ...] = ()
    asked: Bound | None = None
    note: str = ""

    def ratios(self) -> tuple[float, ...]:
        """Return how many times each of the others ours is."""
        return tuple(self.ours.median / other.median for other in self.beside)

    def reached(self) -> bool | None:
        """Tell whether what was asked for was reached; None where nothing was."""
        if self.asked is None:
            return None
        if self.asked.side == "times the floor":
            return self.ratios()[0] <= self.asked.value
        if self.asked.side == "most":
            return self.ours.median <= self.asked.value
        return self.ours.median >= self.asked.value

    def row(self) -> tuple[str, ...]:
        """Return the cells: figure, ours, beside it, ratio, asked for, reached."""
        ratios = [f"{other.what}: {ratio:.2f}" for other, ratio in zip(self.beside, self.ratios(), strict=True)]
        return (
            "\n".join(filter(None, (self.name, self.note))),
            self.ours.text(self.unit),
            "\n".join(f"{other.what}: {number(other.median, self.unit)}" for other in self.beside),
            "\n".join(ratio.rpartition(" ")[2] for ratio in ratios),
            self.asked.text(self.unit) if self.asked else "",
            _MARK[self.reached()],
        )

    def data(self) -> dict[str, Any]:
        """Return the same for programs, with every value."""
        series = [
            {"what": other.what, "values": other.values, "median": other.median, "ratio": ratio}
            for other, ratio in zip(self.beside, self.ratios(), strict=True)
        ]
        return {
            "figure": self.name,
            "unit": self.unit,
            "ours": {"what": self.ours.what, "values": self.ours.values, "median": self.ours.median},
            "beside": series,
            "asked": self.asked.text(self.unit) if self.asked else None,
            "reached": self.reached(),
            "note": self.note,
        }


def number(value: float, unit: str) -> str:
    """Write a value with as many digits as mean something."""
    if unit == "req/s":
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"
