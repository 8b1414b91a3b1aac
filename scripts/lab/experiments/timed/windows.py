"""When something must happen, worked out from a probe alone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.timed.expectations import DELAY, TOLERANCE

if TYPE_CHECKING:
    from lab.experiments.pods import Probe
    from lab.experiments.timed.expectations import Window


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
