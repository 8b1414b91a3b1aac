"""What was measured, as frozen data: series, their statistics, bounds; nothing here measures."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Values = float | Iterable[float]


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
    """One row: ours, what was measured beside it in the same run (the floor first), and the bound.

    The median of several runs counts: one that something else disturbed does not move it.
    """

    name: str
    unit: str
    what: str
    values: tuple[float, ...]
    beside: dict[str, tuple[float, ...]]
    bound: Bound | None
    note: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def ratios(self) -> list[float]:
        """Return how many times each of the others ours is."""
        return [self.median / statistics.median(values) for values in self.beside.values()]

    def reached(self) -> bool | None:
        """Return whether the bound was reached, None without one."""
        if self.bound is None:
            return None
        if self.bound.side == "least":
            return self.median >= self.bound.value
        value = self.median if self.bound.side == "most" else self.ratios()[0]
        return value <= self.bound.value

    def row(self) -> tuple[str, ...]:
        """Return the cells: figure, ours, beside it, ratio, asked for, reached."""
        medians = {what: statistics.median(values) for what, values in self.beside.items()}
        return (
            "\n".join(filter(None, (self.name, self.note))),
            self._ours(),
            "\n".join(f"{what}: {number(median, self.unit)}" for what, median in medians.items()),
            "\n".join(f"{ratio:.2f}" for ratio in self.ratios()),
            self.bound.text(self.unit) if self.bound else "",
            {None: "", True: "✓", False: "✗"}[self.reached()],
        )

    def _ours(self) -> str:
        """Return the median; of more than one value also how many there are, the least and the most."""
        text = f"{number(self.median, self.unit)} {self.unit}"
        if len(self.values) == 1:
            return text
        spread = f"{number(min(self.values), self.unit)}-{number(max(self.values), self.unit)}"
        return f"{text}\n{len(self.values)} runs: {spread}"

    def data(self) -> dict[str, Any]:
        """Return the same for programs, with every value."""
        beside = zip(self.beside.items(), self.ratios(), strict=True)
        return {
            "figure": self.name,
            "unit": self.unit,
            "ours": _series(self.what, self.values),
            "beside": [{**_series(what, values), "ratio": ratio} for (what, values), ratio in beside],
            "asked": self.bound.text(self.unit) if self.bound else None,
            "reached": self.reached(),
            "note": self.note,
        }


def _series(what: str, values: tuple[float, ...]) -> dict[str, Any]:
    return {"what": what, "values": values, "median": statistics.median(values)}


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
    others = {other: _tuple(theirs) for other, theirs in (beside or {}).items()}
    return Figure(name, unit, what, _tuple(values), others, bound, note)


def _tuple(values: Values) -> tuple[float, ...]:
    return tuple(values) if isinstance(values, Iterable) else (float(values),)


def at_most(value: float) -> Bound:
    return Bound("most", value)


def at_least(value: float) -> Bound:
    return Bound("least", value)


def number(value: float, unit: str) -> str:
    """Write a value with as many digits as mean something."""
    if unit == "req/s":
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"
