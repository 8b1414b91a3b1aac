"""Where the marks of a timeline's diagram stand, in percent of the time that is shown.

A track is as wide as there is room, and its words stay legible.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lab.experiments.results import Expectation, Moment, Timeline
from lab.report.timelines import fraction

_THINNEST = 0.5
_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


class Span(NamedTuple):
    start: float
    width: float


def place(at: float, timeline: Timeline) -> float:
    return round(100 * fraction(at, timeline.seconds), 2)


def marks(timeline: Timeline, track: str) -> Iterator[tuple[Moment, Span]]:
    """Yield stretches, then moments; a moment's span is the room for its words, up to the next mark."""
    moments = [moment for moment in timeline.moments if moment.lane == track]
    starts = sorted(place(moment.at, timeline) for moment in moments)
    for moment in sorted(moments, key=lambda moment: (moment.until is None, moment.at)):
        at = place(moment.at, timeline)
        if moment.until is None:
            end = min((start for start in starts if start > at), default=100.0)
        else:
            end = max(at + _THINNEST, place(moment.until, timeline))
        yield moment, Span(at, round(end - at, 2))


def window(expectation: Expectation, timeline: Timeline) -> Span:
    low, high = expectation.within or (0.0, 0.0)
    start = place(low, timeline)
    return Span(start, round(max(_THINNEST, place(high, timeline) - start), 2))


def ticks(timeline: Timeline) -> list[tuple[float, float]]:
    """List (place, seconds)."""
    step = next((step for step in _STEPS if timeline.seconds / step <= _MOST_TICKS), _STEPS[-1])
    return [(place(number * step, timeline), number * step) for number in range(int(timeline.seconds / step) + 1)]
