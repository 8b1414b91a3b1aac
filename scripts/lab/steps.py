"""Long work is a list of named steps, run by one loop that emits events; terminal, JSON and log are views of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["start", "progress", "done", "skipped", "differs", "unclear", "failed", "note"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a step.

    Times are in seconds; ``fraction`` (0 to 1) only where work can be counted, ``left`` where it is not even; the step
    is ``number`` of ``of``.
    """

    kind: Kind
    step: str
    detail: str = ""
    took: float = 0.0
    fraction: float | None = None
    left: float | None = None
    expected: float | None = None
    number: int = 0
    of: int = 0


@dataclass(frozen=True)
class Report:
    """Reports a running step: call it with what is being done, and the fraction where that can be counted."""

    emit: Callable[[Event], None]
    event: Event
    began: float = field(default_factory=time.monotonic)

    def __call__(self, detail: str, fraction: float | None = None, left: float | None = None) -> None:
        self.send("progress", detail, fraction, left)

    def note(self, text: str) -> None:
        """Report something that the person should still read when all is done."""
        self.send("note", text)

    def send(self, kind: Kind, detail: str = "", fraction: float | None = None, left: float | None = None) -> None:
        """Emit this step's event, with the time that it has taken so far."""
        took = time.monotonic() - self.began
        self.emit(replace(self.event, kind=kind, detail=detail, took=took, fraction=fraction, left=left))


@dataclass(frozen=True)
class Step:
    """A named piece of work.

    ``action`` does it and may return a short result. ``done``, where given, is called first: the text that it returns
    says why nothing is left to do. ``expected`` is how long it takes from nothing, in seconds on two cores.
    """

    title: str
    action: Callable[[Report], str | None]
    done: Callable[[], str | None] | None = None
    expected: float | None = None


def run(steps: Sequence[Step], emit: Callable[[Event], None]) -> None:
    """Do the steps in order and emit what happens; the first error ends the run and is raised as it is."""
    for number, step in enumerate(steps, start=1):
        _run_one(step, Report(emit, Event("start", step.title, expected=step.expected, number=number, of=len(steps))))


def _run_one(step: Step, report: Report) -> None:
    report.send("start")
    try:
        nothing_to_do = step.done() if step.done else None
        detail = nothing_to_do or step.action(report) or ""
    except BaseException as error:
        report.send("failed", str(error) or type(error).__name__)
        raise
    report.send("skipped" if nothing_to_do else "done", detail)
