"""Views of the event stream: a live line on a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status

    from lab.steps import Event

_PLAIN_EVERY = 15.0
_MINUTE = 60


class View(Protocol):
    """Shows events as they come; a context manager, as a live line has to be taken away at the end."""

    def __call__(self, event: Event) -> None:
        """Show one event."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what should not stay."""


def choose(*, as_json: bool, verbose: bool, aside: bool = False) -> View:
    """Choose the view for where standard output leads; ``aside``, plain or live lines for where standard error does."""
    if as_json and not aside:
        return JsonLines()
    console = Console(highlight=False, stderr=aside)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, stderr=aside)  # a log's lines stay whole
    return Live(console, verbose=verbose) if console.is_terminal and not verbose else Plain(console, verbose=verbose)


class _Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of it is left to take away."""


class JsonLines(_Quiet):
    """One JSON object a line and event, on standard output."""

    def __call__(self, event: Event) -> None:
        """Write the event."""
        rounded = replace(event, took=round(event.took, 3))
        filled = {key: value for key, value in asdict(rounded).items() if value not in {None, ""}}
        sys.stdout.write(json.dumps({"event": filled}) + "\n")
        sys.stdout.flush()


class Plain(_Quiet):
    """One line a step when it has ended, and a sign of life every 15 s until then; every detail where verbose."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        """Write to this console."""
        self._console, self._verbose, self._said = console, verbose, 0.0

    def __call__(self, event: Event) -> None:
        """Write a line where the event deserves one."""
        if event.kind == "start":
            self._said = 0.0
            if self._verbose:
                self._console.print(f"• {escape(event.step)}")
        elif event.kind == "progress":
            self._progress(event)
        else:
            self._console.print(ended(event))

    def _progress(self, event: Event) -> None:
        if self._verbose or event.took - self._said >= _PLAIN_EVERY:
            self._said = event.took
            self._console.print(f"  … {escape(running(event))}")


class Live(Plain):
    """One line a step; the one that runs moves, with its time so far and what is left."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        """Draw on this terminal."""
        super().__init__(console, verbose=verbose)
        self._status: Status | None = None
        self._line = _Moving()

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._status = self._console.status(self._line, spinner="dots")
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the moving line away, so that the cursor and the terminal are as before."""
        if self._status:
            self._status.stop()

    def __call__(self, event: Event) -> None:
        """Move the line, or leave it above."""
        if event.kind in {"start", "progress"}:
            self._line.event = event
            self._line.since = _now()
        else:
            self._console.print(ended(event))


class _Moving:
    """The text beside the spinner: drawn anew at each frame, so that its clock goes on between events."""

    def __init__(self) -> None:
        self.event: Event | None = None
        self.since = _now()

    def __rich__(self) -> Text:
        if self.event is None:
            return Text("")
        return Text(
            running(replace(self.event, took=self.event.took + _now() - self.since)), overflow="ellipsis", no_wrap=True
        )


def running(event: Event) -> str:
    """Say what runs: which step of how many, how far, the time so far and what is left, and the detail."""
    parts = [f"{event.number}/{event.of} {event.step}"]
    if event.fraction is not None:
        parts.append(f"{event.fraction:.0%}")
    parts.append(_clock(event.took) + (f", about {_clock(left)} left" if (left := remaining(event)) else ""))
    return "  ".join([*parts, event.detail] if event.detail else parts)


def remaining(event: Event) -> float | None:
    """Estimate the seconds that are left: from the counted fraction, else from what the step is known to take."""
    if event.fraction:
        return event.took * (1 - event.fraction) / event.fraction
    if event.expected and event.expected > event.took:
        return event.expected - event.took
    return None


_MARKS = {
    **dict.fromkeys(("done", "skipped"), "[green]✓[/]"),
    **dict.fromkeys(("differs", "failed"), "[red]✗[/]"),
    "note": "[yellow]![/]",
}


def ended(event: Event) -> str:
    """Say, as rich markup, how a step ended; why it failed stands below all steps."""
    mark = _MARKS[event.kind]
    if event.kind == "note":
        return f"{mark} {escape(event.detail)}"
    detail = f"  [dim]{escape(event.detail)}[/]" if event.detail and event.kind != "failed" else ""
    return f"{mark} {escape(event.step)}  [dim]{_clock(event.took)}[/]{detail}"


def _clock(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:02.0f} s"


def _now() -> float:
    return time.monotonic()
