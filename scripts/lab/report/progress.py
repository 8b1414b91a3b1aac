"""Views of the event stream: a live line on a terminal, plain lines elsewhere, JSON lines for programs."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace

import click
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from lab.experiments.messages import translated
from lab.experiments.texts import Language
from lab.steps import Event

View = Callable[[Event], None]


_PLAIN_EVERY = 15.0
_MINUTE = 60
_LEFT: Mapping[Language, str] = {"en": "about {left} left", "fr": "encore {left} environ"}
_MARKS = {
    **dict.fromkeys(("done", "skipped"), "[green]✓[/]"),
    **dict.fromkeys(("differs", "failed"), "[red]✗[/]"),
    "unclear": "[yellow]?[/]",
    "note": "[yellow]![/]",
}


def choose(
    *, as_json: bool, verbose: bool, on_stderr: bool = False, language: Language = "en"
) -> AbstractContextManager[View]:
    """Choose the view by where standard output leads; ``on_stderr``, plain or live lines on standard error."""
    if as_json and not on_stderr:
        return contextlib.nullcontext(json_lines)
    console = Console(highlight=False, stderr=on_stderr)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, stderr=on_stderr)  # a log's lines stay whole
    if console.is_terminal and not verbose:
        return live(console, language)
    return contextlib.nullcontext(Plain(console, verbose=verbose, language=language))


def json_lines(event: Event) -> None:
    fields = asdict(replace(event, took=round(event.took, 3)))
    click.echo(json.dumps({"event": {key: value for key, value in fields.items() if value not in {None, ""}}}))


class Plain:
    """Writes one line a step when it has ended, and every 15 s until then; every detail where verbose."""

    def __init__(self, console: Console, *, verbose: bool, language: Language = "en") -> None:
        self._console, self._verbose, self._last, self._language = console, verbose, 0.0, language

    def __call__(self, event: Event) -> None:
        if event.kind == "start":
            self._last = 0.0
            if self._verbose:
                self._console.print(f"• {escape(event.step)}")
        elif event.kind != "progress":
            self._console.print(ended(event, self._language))
        elif self._verbose or event.took - self._last >= _PLAIN_EVERY:
            self._last = event.took
            self._console.print(f"  … {escape(running(event, self._language))}")


@contextlib.contextmanager
def live(console: Console, language: Language = "en") -> Iterator[View]:
    """Show the running step on a moving line, with its time so far and what is left; those that ended above it."""
    line = _MovingLine(language)

    def show(event: Event) -> None:
        if event.kind in {"start", "progress"}:
            line.event, line.since = event, time.monotonic()
        else:
            console.print(ended(event, language))

    with console.status(line, spinner="dots"):
        yield show


class _MovingLine:
    """The text beside the spinner: rendered at each frame, so that its clock goes on between events."""

    def __init__(self, language: Language) -> None:
        self.event: Event | None = None
        self.since, self._language = 0.0, language

    def __rich__(self) -> Text:
        if self.event is None:
            return Text()
        words = running(self.event, self._language, since=time.monotonic() - self.since)
        return Text(words, overflow="ellipsis", no_wrap=True)


def running(event: Event, language: Language = "en", since: float = 0.0) -> str:
    """Return which step of how many runs, how far it is, the time so far and what is left, and the detail.

    ``since`` is how long ago the event was, in seconds.
    """
    parts = [f"{event.number}/{event.of} {translated(event.step, language)}"]
    if event.fraction is not None:
        parts.append(f"{event.fraction:.0%}")
    left = (remaining(event) or 0.0) - since
    rest = f", {_LEFT[language].format(left=clock(left, language))}" if left > 0 else ""
    parts.append(clock(event.took + since, language) + rest)
    return "  ".join([*parts, translated(event.detail, language)] if event.detail else parts)


def remaining(event: Event) -> float | None:
    """Estimate the seconds that are left: as the step says, else by the fraction, else as the step is known to take."""
    if event.left is not None:
        return event.left
    if event.fraction:
        return event.took * (1 - event.fraction) / event.fraction
    if event.expected and event.expected > event.took:
        return event.expected - event.took
    return None


def ended(event: Event, language: Language = "en") -> str:
    """Return, as rich markup, how a step ended; why it failed stands below all steps."""
    mark, said = _MARKS[event.kind], escape(translated(event.detail, language))
    if event.kind == "note":
        return f"{mark} {said}"
    detail = f"  [dim]{said}[/]" if said and event.kind != "failed" else ""
    return f"{mark} {escape(translated(event.step, language))}  [dim]{clock(event.took, language)}[/]{detail}"


def clock(seconds: float, language: Language = "en") -> str:
    """Write how long something took: in seconds, from a minute on in minutes too."""
    if round(seconds, 1) < _MINUTE:
        written = f"{seconds:.1f} s"
        return written.replace(".", ",") if language == "fr" else written
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest:02} s"
