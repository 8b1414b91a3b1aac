"""Long work is a list of named steps, run by one loop that emits events; terminal, JSON and log are views of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Kind = Literal["start", "progress", "done", "skipped", "failed", "note"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a step. Times are in seconds; ``fraction`` (0 to 1) only where work can be counted."""

    kind: Kind
    step: str
    detail: str = ""
    took: float = 0.0
    fraction: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class Report:
    """What a running step holds: call it with what is being done, and how far it is where that can be counted."""

    step: str
    emit: Callable[[Event], None]
    expected: float | None = None
    began: float = field(default_factory=time.monotonic)

    def __call__(self, detail: str, fraction: float | None = None) -> None:
        """Say what is being done now."""
        self._send("progress", detail, fraction)

    def note(self, text: str) -> None:
        """Say something that the person should still read when all is done."""
        self._send("note", text, None)

    def _send(self, kind: Kind, detail: str, fraction: float | None) -> None:
        self.emit(Event(kind, self.step, detail, time.monotonic() - self.began, fraction, self.expected))


@dataclass(frozen=True)
class Step:
    """A named piece of work.

    ``action`` does it and may return a few words on the result. ``done``, where given, is asked first: a text says
    that nothing is left to do, and why. ``expected`` is how long it takes from nothing, in seconds on two cores.
    """

    title: str
    action: Callable[[Report], str | None]
    done: Callable[[], str | None] | None = None
    expected: float | None = None


def run(steps: Iterable[Step], emit: Callable[[Event], None]) -> None:
    """Do the steps in order and emit what happens; the first error ends the run and is raised as it is."""
    for step in steps:
        _run_one(step, emit)


def _run_one(step: Step, emit: Callable[[Event], None]) -> None:
    report = Report(step.title, emit, step.expected)
    emit(Event("start", step.title, expected=step.expected))
    try:
        nothing_to_do = step.done() if step.done else None
        detail = nothing_to_do or step.action(report) or ""
    except BaseException as error:
        emit(Event("failed", step.title, str(error) or type(error).__name__, time.monotonic() - report.began))
        raise
    emit(Event("skipped" if nothing_to_do else "done", step.title, detail, time.monotonic() - report.began))
