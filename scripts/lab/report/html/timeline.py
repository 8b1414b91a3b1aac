"""A timeline as a diagram: tracks of stretches and moments, and the windows in which they were expected.

Lengths are percent of the time that is shown: a track is as wide as there is room, and its words stay legible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.report import timelines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.results import Expectation, Experiment, Timeline
    from lab.experiments.texts import Text

_WHOLE = 100.0
_THINNEST = 0.5
_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


@dataclass(frozen=True)
class Mark:
    """A stretch or a moment of a track; `room` is the width for its words, up to the next mark."""

    at: float
    room: float
    state: str
    says: Text
    lasts: bool


@dataclass(frozen=True)
class Track:
    name: Text
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Window:
    """When something was expected, and when it happened (`at`); `ends` tells whether the window's end is shown."""

    number: int
    asks: Text
    start: float
    width: float
    ends: bool
    at: float | None
    agrees: bool


@dataclass(frozen=True)
class Layout:
    """The diagram of one timeline; `ticks` are (place, seconds)."""

    tracks: tuple[Track, ...]
    windows: tuple[Window, ...]
    ticks: tuple[tuple[float, float], ...]


def layout(experiment: Experiment, timeline: Timeline) -> Layout:
    tracks = tuple(Track(track.short, tuple(_marks(timeline, track.id))) for track in timeline.lanes)
    expectations = timelines.expectations(experiment, timeline)
    windows = tuple(_window(number, expectation, timeline.seconds) for number, expectation in expectations)
    return Layout(tracks, windows, tuple(_ticks(timeline.seconds)))


def _place(at: float, seconds: float) -> float:
    return round(_WHOLE * min(1.0, max(0.0, at / max(seconds, 0.001))), 2)


def _marks(timeline: Timeline, track: str) -> Iterator[Mark]:
    moments = [moment for moment in timeline.moments if moment.lane == track]
    starts = sorted(_place(moment.at, timeline.seconds) for moment in moments)
    for moment in sorted(moments, key=lambda moment: (moment.until is None, moment.at)):
        at = _place(moment.at, timeline.seconds)
        if moment.until is None:
            end = min((start for start in starts if start > at), default=_WHOLE)
        else:
            end = max(at + _THINNEST, _place(moment.until, timeline.seconds))
        yield Mark(at, round(end - at, 2), moment.state, moment.says, lasts=moment.until is not None)


def _window(number: int, expectation: Expectation, seconds: float) -> Window:
    low, high = expectation.within or (0.0, 0.0)
    start = _place(low, seconds)
    width = round(max(_THINNEST, _place(high, seconds) - start), 2)
    at = None if expectation.at is None else _place(expectation.at, seconds)
    return Window(number, expectation.asks, start, width, high <= seconds, at, expectation.agrees)


def _ticks(seconds: float) -> Iterator[tuple[float, float]]:
    step = next((step for step in _STEPS if seconds / step <= _MOST_TICKS), _STEPS[-1])
    for number in range(int(seconds / step) + 1):
        yield _place(number * step, seconds), number * step
