"""A timeline as a drawing: lanes of stretches and moments, and predicted windows with what was measured in them.

Lengths are units of the drawing, 1000 wide; the time begins at 288.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.findings import Words
from lab.report.experiments.lanes import belonging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.findings import Expectation, Experiment, Moment, Timeline

WIDTH = 1000
LEFT = 288
RIGHT = 984
LANE = 34
LETTER = 6.4
_NAME = 33
_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


@dataclass(frozen=True)
class Mark:
    """A stretch (with a width) or a moment of a lane, and what is written there, where there is room."""

    x: float
    y: float
    width: float
    state: str
    says: Words
    written: bool


@dataclass(frozen=True)
class Window:
    """When something was expected, when it was seen (`at`, None if not), and its question with its number."""

    y: float
    x: float
    width: float
    at: float | None
    agrees: bool
    asks: Words


@dataclass(frozen=True)
class Lanes:
    """The drawing of one timeline."""

    height: float
    names: tuple[tuple[float, Words], ...]
    marks: tuple[Mark, ...]
    windows: tuple[Window, ...]
    ticks: tuple[tuple[float, float], ...]
    left: float = LEFT


def drawn(experiment: Experiment, timeline: Timeline) -> Lanes:
    """Lay a timeline out."""
    rows = {lane.id: 8 + number * LANE for number, lane in enumerate(timeline.lanes)}
    expected = belonging(experiment, timeline)
    first = 8 + len(rows) * LANE + (10 if expected else 0)
    windows = [_window(each, first + number * LANE, timeline.seconds) for number, each in enumerate(expected)]
    marks = [mark for lane, y in rows.items() for mark in _lane(timeline, lane, y)]
    names = tuple((rows[lane.id], lane.short) for lane in timeline.lanes)
    return Lanes(first + len(windows) * LANE + 30, names, tuple(marks), tuple(windows), tuple(_ticks(timeline.seconds)))


def _x(at: float, seconds: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, at / max(seconds, 0.001))), 1)


def _lane(timeline: Timeline, lane: str, y: float) -> Iterator[Mark]:
    """Yield a lane's marks, stretches first; words stand inside a stretch, or behind a moment, until the next one."""
    found = sorted((one for one in timeline.moments if one.lane == lane), key=lambda one: (one.until is None, one.at))
    starts = sorted(_x(one.at, timeline.seconds) for one in found)
    for one in found:
        x = _x(one.at, timeline.seconds)
        width = 0.0 if one.until is None else max(3.0, _x(one.until, timeline.seconds) - x)
        room = width - 8 if width else min([RIGHT + 12, *(at for at in starts if at > x)]) - x - 12
        yield Mark(x, y, round(width, 1), one.state, one.says, _length(one) <= room)


def _length(one: Moment) -> float:
    return max(len(one.says.en), len(one.says.fr)) * LETTER


def _window(each: tuple[int, Expectation], y: float, seconds: float) -> Window:
    number, one = each
    low, high = one.within or (0.0, 0.0)
    x = _x(low, seconds)
    at = None if one.at is None else _x(one.at, seconds)
    asks = Words(en=_cut(f"{number}. {one.asks.en}"), fr=_cut(f"{number}. {one.asks.fr}"))
    return Window(y, x, round(max(4.0, _x(high, seconds) - x), 1), at, one.agrees, asks)


def _cut(text: str) -> str:
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def _ticks(seconds: float) -> Iterator[tuple[float, float]]:
    step = next((one for one in _STEPS if seconds / one <= _MOST_TICKS), _STEPS[-1])
    for number in range(int(seconds / step) + 1):
        yield _x(number * step, seconds), number * step
