"""A timeline as a drawing: lanes of stretches and moments, and predicted windows with what was measured in them.

Lengths are percent of the time that is shown, so that a lane is as wide as there is room and its words stay legible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.report.experiments.lanes import belonging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.results import Expectation, Experiment, Timeline
    from lab.experiments.texts import Text

WHOLE = 100.0
_THINNEST = 0.5
_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


@dataclass(frozen=True)
class Mark:
    """A stretch or a moment of a lane; `room` is how wide its words may be, as far as the next mark."""

    at: float
    room: float
    state: str
    says: Text
    lasts: bool


@dataclass(frozen=True)
class Lane:
    """A lane's name, and its marks, stretches first."""

    name: Text
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Window:
    """When something was expected, and seen (`at`, None if not); `ends` tells whether that end is still shown."""

    number: int
    asks: Text
    start: float
    width: float
    ends: bool
    at: float | None
    agrees: bool


@dataclass(frozen=True)
class Lanes:
    """The drawing of one timeline; `ticks` are (place, seconds)."""

    lanes: tuple[Lane, ...]
    windows: tuple[Window, ...]
    ticks: tuple[tuple[float, float], ...]


def drawn(experiment: Experiment, timeline: Timeline) -> Lanes:
    """Lay a timeline out."""
    lanes = tuple(Lane(lane.short, tuple(_marks(timeline, lane.id))) for lane in timeline.lanes)
    windows = tuple(_window(number, one, timeline.seconds) for number, one in belonging(experiment, timeline))
    return Lanes(lanes, windows, tuple(_ticks(timeline.seconds)))


def _place(at: float, seconds: float) -> float:
    return round(WHOLE * min(1.0, max(0.0, at / max(seconds, 0.001))), 2)


def _marks(timeline: Timeline, lane: str) -> Iterator[Mark]:
    found = sorted((one for one in timeline.moments if one.lane == lane), key=lambda one: (one.until is None, one.at))
    starts = sorted(_place(one.at, timeline.seconds) for one in found)
    for one in found:
        at = _place(one.at, timeline.seconds)
        until = min((start for start in starts if start > at), default=WHOLE)
        if one.until is not None:
            until = max(at + _THINNEST, _place(one.until, timeline.seconds))
        yield Mark(at, round(until - at, 2), one.state, one.says, lasts=one.until is not None)


def _window(number: int, one: Expectation, seconds: float) -> Window:
    low, high = one.within or (0.0, 0.0)
    start = _place(low, seconds)
    width = round(max(_THINNEST, _place(high, seconds) - start), 2)
    at = None if one.at is None else _place(one.at, seconds)
    return Window(number, one.asks, start, width, high <= seconds, at, one.agrees)


def _ticks(seconds: float) -> Iterator[tuple[float, float]]:
    step = next((one for one in _STEPS if seconds / one <= _MOST_TICKS), _STEPS[-1])
    for number in range(int(seconds / step) + 1):
        yield _place(number * step, seconds), number * step
