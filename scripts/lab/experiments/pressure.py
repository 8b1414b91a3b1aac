"""How busy the machine was during a run: the cause to name first where something was late.

https://docs.kernel.org/accounting/psi.html: ``some`` is the time in which at least one task waited for a CPU.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import docker
from lab.config import Settings
from lab.errors import LabError
from lab.experiments.results import Cell, Expectation, Experiment, differs
from lab.experiments.texts import Text, join, load

_CPU = Path("/proc/pressure/cpu")
_BUSY_PART, _BUSY_LOAD = 0.7, 2.0
_LATE = re.compile(r"context deadline exceeded|Client\.Timeout|i/o timeout|timed? ?out", re.IGNORECASE)
_TEXTS = load("cli").section("busy")


@dataclass(frozen=True)
class Pressure:
    """The part of a time in which something waited for a CPU (None where the kernel does not say), and the load."""

    waited: float | None
    load: float
    cores: int

    @property
    def is_busy(self) -> bool:
        return (self.waited or 0.0) >= _BUSY_PART or self.load >= _BUSY_LOAD * self.cores


class Meter:
    """Measures from now on."""

    def __init__(self) -> None:
        self._began, self._total = time.monotonic(), total(_text())

    def read(self) -> Pressure:
        before, now, seconds = self._total, total(_text()), time.monotonic() - self._began
        waited = None if before is None or now is None else min(1.0, (now - before) / 1e6 / max(seconds, 0.001))
        return Pressure(waited, os.getloadavg()[0], os.cpu_count() or 1)


def total(text: str) -> float | None:
    """Read the microseconds in which some task waited, since the boot, off ``/proc/pressure/cpu``."""
    match = re.search(r"^some .*total=(\d+)", text, re.MULTILINE)
    return float(match[1]) if match else None


def _text() -> str:
    try:
        return _CPU.read_text(encoding="utf-8")
    except OSError:
        return ""


def causes(pressure: Pressure, throttled: float, experiments: Iterable[Experiment]) -> Text | None:
    """Say what speaks for the machine as the cause: its load, a node held back, a late probe; else None."""
    said = []
    if pressure.is_busy:
        waited = _TEXTS["waited"].format(percent=round(100 * pressure.waited)) if pressure.waited is not None else None
        load = _TEXTS["load"].format(load=pressure.load, cores=pressure.cores)
        said.append(join(_TEXTS["busy"], waited, load))
    if throttled:
        said.append(_TEXTS["throttled"].format(seconds=throttled))
    if late := next(late_words(experiments), ""):
        said.append(_TEXTS["late"].format(words=late))
    return join(*said, _TEXTS["again"]) if said else None


def late_words(experiments: Iterable[Experiment]) -> Iterator[str]:
    """Yield lines of exhibits that tell of something late, of what is not as predicted."""
    for experiment in experiments:
        results: tuple[Cell | Expectation, ...] = (*experiment.cells, *experiment.expectations)
        for result in results:
            texts = [exhibit.text for exhibit in result.exhibits] if differs(result) else []
            yield from (line.strip()[:160] for text in texts for line in text.splitlines() if _LATE.search(line))


def throttled(settings: Settings) -> float:
    """Return the seconds that the node was held back by a CPU limit of its own container; 0 where it has none."""
    try:
        stat = docker.docker("exec", settings.node, "cat", "/sys/fs/cgroup/cpu.stat")
    except LabError:
        return 0.0
    match = re.search(r"^throttled_usec (\d+)", stat, re.MULTILINE)
    return int(match[1]) / 1e6 if match else 0.0
