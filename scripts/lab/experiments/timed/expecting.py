"""Expectations: what must happen and when, worked out from a Pod's spec alone, and its judging by what was seen.

Nothing here asks a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.experiments.results import Expectation
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.pods import Probe
    from lab.experiments.results import Exhibit

Window = tuple[float, float]
"""From so many to so many seconds after a cause."""

LATE = 6.0
"""Seconds that Kubernetes' parts may need to tell one another where one process wants each core."""
TURN = 1.5
"""Seconds more for each further process that wants a core: more than twice what was seen with 20 and with 50."""
MOST = 30.0
"""Seconds more at the most, as 20 further processes a core make them.

An experiment waits 60 s for what is to happen. The longest window is of 22 s: with these it still ends before the wait
does, so that what comes too late is seen to be late, however crowded the machine.
"""
EARLY = 0.5
"""Seconds by which two probes can be closer than a period: one late, the next on time."""


@dataclass(frozen=True)
class Expect:
    """What must be so: ``value`` is a word of ``SAID`` or a figure. With ``within`` it has to happen in that time."""

    id: str
    subject: str
    asks: Text
    value: str
    because: Text
    source: str
    within: Window | None = None


@dataclass(frozen=True)
class Fact:
    """What was seen: its value, empty where nothing was; when, and when its cause was, for what happens."""

    value: str
    at: float | None = None
    cause: float = 0.0
    exhibits: tuple[Exhibit, ...] = ()


NOTHING = Fact("")

SAID: Mapping[str, Text] = {
    "": Text(en="nothing was seen", fr="rien n’a été vu"),
    "happens": Text(en="happens", fr="se produit"),
    "yes": Text(en="yes", fr="oui"),
    "no": Text(en="no", fr="non"),
    "same": Text(en="the same", fr="le même"),
    "another": Text(en="another", fr="un autre"),
    "answers": Text(en="answers", fr="répond"),
    "refused": Text(en="refused", fr="refusé"),
    "timeout": Text(en="times out", fr="délai dépassé"),
    "reset": Text(en="cut off", fr="coupé"),
    "no-name": Text(en="no such name", fr="nom inconnu"),
    "passes": Text(en="passes", fr="réussit"),
    "fails": Text(en="fails", fr="échoue"),
    "runs": Text(en="runs on", fr="continue"),
    "never": Text(en="never", fr="jamais"),
}
"""The values that are words; every other one, such as an exit code, is said as it is."""


def noticed(probe: Probe, *, hangs: bool = False) -> Window:
    """Tell when a probe that fails from some moment on has failed often enough.

    The first failure comes with the next probe, at most a period later; each further one a period later, or, where
    the app does not answer, after the timeout that the one before it took.
    https://kubernetes.io/docs/concepts/workloads/pods/probes/#configure-probes
    """
    apart = max(probe.period, probe.timeout) if hangs else probe.period
    first = probe.timeout if hangs else 0.0
    soonest = first + (probe.failures - 1) * apart
    return max(0.0, soonest - EARLY), probe.period + first + (probe.failures - 1) * apart + LATE


def recovered(probe: Probe) -> Window:
    """Tell when a probe that passes from some moment on has passed often enough."""
    return max(0.0, (probe.successes - 1) * probe.period - EARLY), probe.successes * probe.period + LATE


def later(window: Window, *, least: float = 0.0, most: float = 0.0) -> Window:
    """Return the window of what follows, so many seconds after what ``window`` is of."""
    return window[0] + least, window[1] + most


def late(crowd: float) -> float:
    """Return the seconds that all may come later where ``crowd`` processes want each core: they take turns.

    They are ``MOST`` at the most.
    """
    return min(MOST, TURN * max(0.0, crowd - 1))


def judge(expected: Sequence[Expect], facts: Mapping[str, Fact], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected, in the order of what was expected.

    Each window ends later where a ``crowd`` of processes wanted each core meanwhile; none begins earlier.
    """
    return tuple(_judged(_prolonged(one, late(crowd)), facts.get(one.id, NOTHING)) for one in expected)


def _prolonged(expect: Expect, more: float) -> Expect:
    return replace(expect, within=expect.within and later(expect.within, most=more))


def _judged(expect: Expect, fact: Fact) -> Expectation:
    within = expect.within and (fact.cause + expect.within[0], fact.cause + expect.within[1])
    in_time = within is None or (fact.at is not None and within[0] <= fact.at <= within[1])
    return Expectation(
        id=expect.id,
        subject=expect.subject,
        asks=expect.asks,
        predicted=_predicted(expect),
        measured=_measured(fact),
        agrees=fact.value == expect.value and in_time,
        because=expect.because,
        within=within,
        at=fact.at,
        exhibits=fact.exhibits,
        source=expect.source,
    )


def said(value: str) -> Text:
    """Say a value in both languages."""
    return SAID.get(value, Text(en=value, fr=value))


def _predicted(expect: Expect) -> Text:
    words = said(expect.value)
    if expect.within is None:
        return words
    least, most = expect.within
    return Text(
        en=f"{words.en}, {least:.1f} to {most:.1f} s after",
        fr=f"{words.fr}, {comma(least)} à {comma(most)}\u00a0s après",
    )


def _measured(fact: Fact) -> Text:
    words = said(fact.value)
    if fact.at is None:
        return words
    took = fact.at - fact.cause
    return Text(en=f"{words.en}, {took:.1f} s after", fr=f"{words.fr}, {comma(took)}\u00a0s après")


def comma(seconds: float) -> str:
    """Write a figure with one decimal as French does."""
    return f"{seconds:.1f}".replace(".", ",")
