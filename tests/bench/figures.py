"""What was measured, as frozen data: series, their statistics, bounds; nothing here measures."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Values = float | Iterable[float]


@dataclass(frozen=True)
class Series:
    """One or more measurements of the same thing."""

    what: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """One run that something else disturbed does not move it."""
        return statistics.median(self.values)

    def text(self, unit: str) -> str:
        """Return the median; of more than one value also how many there are, the least and the most."""
        shown = f"{number(self.median, unit)} {unit}"
        if len(self.values) == 1:
            return shown
        spread = f"{number(min(self.values), unit)}-{number(max(self.values), unit)}"
        return f"{shown}\n{len(self.values)} runs: {spread}"

    def data(self) -> dict[str, Any]:
        return {"what": self.what, "values": self.values, "median": self.median}


@dataclass(frozen=True)
class Bound:
    """The median is to be at ``most`` or at ``least`` so much, or at most so many times the floor."""

    side: Literal["most", "least", "times the floor"]
    value: float

    def text(self, unit: str) -> str:
        if self.side == "times the floor":
            return f"≤ {self.value:g} times floor"
        return f"{'≤' if self.side == 'most' else '≥'} {self.value:,g} {unit}"


@dataclass(frozen=True)
class Figure:
    """One row: ours, what was measured beside it in the same run (the floor first), and the bound."""

    name: str
    unit: str
    ours: Series
    beside: tuple[Series, ...] = ()
    bound: Bound | None = None
    note: str = ""

    def ratios(self) -> tuple[float, ...]:
        """Return how many times each of the others ours is."""
        return tuple(self.ours.median / other.median for other in self.beside)

    def reached(self) -> bool | None:
        """Return whether the bound was reached, None without one."""
        if self.bound is None:
            return None
        if self.bound.side == "least":
            return self.ours.median >= self.bound.value
        value = self.ours.median if self.bound.side == "most" else self.ratios()[0]
        return value <= self.bound.value

    def row(self) -> tuple[str, ...]:
        """Return the cells: figure, ours, beside it, ratio, asked for, reached."""
        return (
            "\n".join(filter(None, (self.name, self.note))),
            self.ours.text(self.unit),
            "\n".join(f"{other.what}: {number(other.median, self.unit)}" for other in self.beside),
            "\n".join(f"{ratio:.2f}" for ratio in self.ratios()),
            self.bound.text(self.unit) if self.bound else "",
            {None: "", True: "✓", False: "✗"}[self.reached()],
        )

    def data(self) -> dict[str, Any]:
        """Return the same for programs, with every value."""
        beside = zip(self.beside, self.ratios(), strict=True)
        return {
            "figure": self.name,
            "unit": self.unit,
            "ours": self.ours.data(),
            "beside": [{**other.data(), "ratio": ratio} for other, ratio in beside],
            "asked": self.bound.text(self.unit) if self.bound else None,
            "reached": self.reached(),
            "note": self.note,
        }


def figure(  # noqa: PLR0913 - a row has as many cells
    name: str,
    unit: str,
    values: Values,
    bound: Bound | None = None,
    *,
    what: str = "ours",
    beside: Mapping[str, Values] | None = None,
    note: str = "",
) -> Figure:
    others = tuple(_series(other, theirs) for other, theirs in (beside or {}).items())
    return Figure(name, unit, _series(what, values), others, bound, note)


def at_most(value: float) -> Bound:
    return Bound("most", value)


def at_least(value: float) -> Bound:
    return Bound("least", value)


def _series(what: str, values: Values) -> Series:
    return Series(what, tuple(values) if isinstance(values, Iterable) else (values,))


def number(value: float, unit: str) -> str:
    """Write a value with as many digits as mean something."""
    if unit == "req/s":
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"
