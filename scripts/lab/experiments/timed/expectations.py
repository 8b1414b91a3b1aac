"""Expectations: what must be so, or happen and when, and whether what was measured agrees.

A prediction may need what was seen, such as the node's cgroup version: then it is a function of the run. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import isnan, nan
from typing import Any, Generic, TypeVar

from lab.experiments.pods import Probe
from lab.experiments.results import Exhibit, Expectation
from lab.experiments.texts import Text, Texts, join, load, same

Window = tuple[float, float]
"""From so many to so many seconds after a cause."""

DELAY = 6.0
"""Seconds that Kubernetes' parts may need to notify one another where one process wants each core."""
DELAY_PER_PROCESS = 1.5
"""Seconds more for each further process that wants a core: more than twice what was seen with 20 and with 50."""
MAX_DELAY = 30.0
"""Seconds more at the most, as 20 further processes a core make them.

An experiment waits 60 s for what is to happen. The longest window is of 22 s: with these it still ends before the wait
does, so that what comes too late is seen to be late, however busy the machine.
"""
TOLERANCE = 0.5
"""Seconds by which two probes can be closer than a period: one late, the next on time."""

_TEXTS = load("expectations")
_WORDS, _PHRASES = _TEXTS.section("words"), _TEXTS.section("phrases")


@dataclass(frozen=True)
class Fact:
    """What was measured: a word, a text or a figure, None where nothing was; when, and when its cause was."""

    value: str | Text | float | None = None
    at: float | None = None
    cause: float = 0.0
    exhibits: tuple[Exhibit, ...] = ()


@dataclass(frozen=True)
class OneOf:
    """Several words that agree."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """A range that a figure must lie in, and its unit; with no bounds nothing agrees.

    What lies in one that is ``too_wide`` shows nothing.
    """

    least: float
    most: float
    unit: Callable[[float], Text]
    too_wide: bool = False


def near(target: float | None, tolerance: float, unit: Callable[[float], Text]) -> Between:
    """Return the range around a figure that was itself measured; None: it was not, and nothing agrees."""
    return Between(nan, nan, unit) if target is None else Between(target - tolerance, target + tolerance, unit)


Prediction = str | Text | OneOf | Between
"""A word agrees with the same word, a text with the same text."""
Run = TypeVar("Run")


def _always(_run: Any) -> bool:
    return True


@dataclass(frozen=True)
class Expect(Generic[Run]):
    """What must be so of a subject and how it is measured; with ``within`` it has to happen in that time.

    ``text`` is its key in the experiment's texts where that is not the id; ``because`` chooses among several reasons;
    ``values`` fill the texts' fields in. What depends on the run is a function of it. It is left out of a run where
    ``when`` is false.
    """

    id: str
    subject: str | Callable[[Run], str]
    predicted: Prediction | Callable[[Run], Prediction]
    measure: Callable[[Run], Fact]
    within: Window | Callable[[Run], Window] | None = None
    text: str = ""
    because: str | Callable[[Run], str] = ""
    values: Mapping[str, object] | Callable[[Run], Mapping[str, object]] | None = None
    when: Callable[[Run], bool] = _always

    @property
    def text_id(self) -> str:
        return self.text or self.id


def texts_of(experiment: str, expects: Iterable[Expect[Any]]) -> Texts:
    """Return the texts of an experiment's expectations; raises KeyError where one lacks its text or a text its use."""
    return load(experiment).section("expectations", {expect.text_id for expect in expects})


def delay(processes: float) -> float:
    """Return the seconds that all may come later where so many processes want each core: they take turns."""
    return min(MAX_DELAY, DELAY_PER_PROCESS * max(0.0, processes - 1))


def later(window: Window, *, least: float = 0.0, most: float = 0.0) -> Window:
    """Return the window of what follows, so many seconds after what ``window`` is of."""
    return window[0] + least, window[1] + most


def failed(probe: Probe, *, hangs: bool = False) -> Window:
    """Return when a probe that fails from some moment on has failed often enough.

    The first failure comes with the next probe, at most a period later; each further one a period later, or, where
    the app does not answer, after the timeout that the one before it took.
    https://kubernetes.io/docs/concepts/workloads/pods/probes/#configure-probes
    """
    apart = max(probe.period, probe.timeout) if hangs else probe.period
    first = probe.timeout if hangs else 0.0
    soonest = first + (probe.failures - 1) * apart
    return max(0.0, soonest - TOLERANCE), probe.period + first + (probe.failures - 1) * apart + DELAY


def recovered(probe: Probe) -> Window:
    """Return when a probe that passes from some moment on has passed often enough."""
    return max(0.0, (probe.successes - 1) * probe.period - TOLERANCE), probe.successes * probe.period + DELAY


def around(seconds: float, *, more: float = 0.0) -> Window:
    """Return when something happens that takes so many seconds, or ``more``."""
    return seconds - TOLERANCE, seconds + more + DELAY


def judge(expects: Sequence[Expect[Run]], texts: Texts, run: Run, processes: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was measured beside what was expected, in the order of what was expected.

    What comes too late has a window that ends later where several ``processes`` wanted each core meanwhile; where this
    makes it more than twice as wide, it shows nothing.
    """
    return tuple(_judge(expect, texts, run, delay(processes)) for expect in expects if expect.when(run))


def _judge(expect: Expect[Run], texts: Texts, run: Run, more: float) -> Expectation:
    predicted, fact, text = _resolve(expect.predicted, run), expect.measure(run), texts.section(expect.text_id)
    variant, values = _resolve(expect.because, run), _resolve(expect.values, run) or {}
    window = _resolve(expect.within, run)
    in_time = window is None or _is_in(window, fact)
    prolonged = window if window is None or in_time else later(window, most=more)
    is_late = prolonged is not None and not in_time and _is_in(prolonged, fact)
    agrees = _agree(predicted, fact.value) and (in_time or is_late)
    shown = not agrees or not _is_too_wide(predicted, window if is_late else None, more)
    because = text.section("because")[variant] if variant else text["because"]
    return Expectation(
        id=expect.id,
        subject=_resolve(expect.subject, run),
        asks=text["asks"].format(**values),
        predicted=_predicted(predicted, prolonged),
        measured=_measured(fact, predicted) if shown else _PHRASES["not-shown"].format(text=_measured(fact, predicted)),
        agrees=agrees and shown,
        because=because.format(**values),
        within=prolonged and later(prolonged, least=fact.cause, most=fact.cause),
        at=fact.at,
        exhibits=fact.exhibits,
        source=text["source"].en,
        shown=shown,
    )


def _is_in(window: Window, fact: Fact) -> bool:
    return fact.at is not None and window[0] <= fact.at - fact.cause <= window[1]


def _is_too_wide(predicted: Prediction, late_for: Window | None, more: float) -> bool:
    """Tell whether what lies in the range, or comes late but in the window prolonged by ``more``, could hardly not."""
    is_range = isinstance(predicted, Between) and predicted.too_wide
    return is_range or (late_for is not None and more > late_for[1] - late_for[0])


def _resolve(value: Any, run: Any) -> Any:
    return value(run) if callable(value) else value


def _agree(predicted: Prediction, value: str | Text | float | None) -> bool:
    match predicted:
        case OneOf(values):
            return value in values
        case Between(least, most):
            return isinstance(value, int | float) and least <= value <= most
    return value == predicted


def word(value: str | None) -> Text:
    """Return a value in both languages; one that is no word is itself in both."""
    return _WORDS.get(value or "") or same(value or "")


def _predicted(predicted: Prediction, window: Window | None) -> Text:
    match predicted:
        case OneOf(values):
            return reduce(lambda left, right: join(left, _PHRASES["or"], right), map(same, values))
        case Between(least, most, unit):
            if isnan(least):
                return word(None)
            return _PHRASES["range"].format(least=unit(least), most=unit(most))
        case str() if window:
            return _PHRASES["in-time"].format(word=word(predicted), least=window[0], most=window[1])
        case str():
            return word(predicted)
    return predicted


def _measured(fact: Fact, predicted: Prediction) -> Text:
    match fact.value:
        case Text():
            return fact.value
        case int() | float() as figure if isinstance(predicted, Between):
            return predicted.unit(figure)
        case str() if fact.at is not None:
            return _PHRASES["at"].format(word=word(fact.value), seconds=fact.at - fact.cause)
    return word(None if fact.value is None else str(fact.value))
