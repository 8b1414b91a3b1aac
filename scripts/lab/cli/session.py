"""What every command does alike: read the settings, choose the view, hold the lock, run the steps, keep a log."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from lab import config, lock, steps
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.config import Settings
    from lab.steps import Event, Step

_LOG_LIMIT = 2_000_000


@dataclass(frozen=True)
class Session:
    """One run of one command."""

    settings: Settings
    as_json: bool
    verbose: bool

    @contextlib.contextmanager
    def working(self, *, aside: bool = False) -> Iterator[Callable[[Sequence[Step]], None]]:
        """Hold the lock, and give a function that runs steps in the view, as `showing` chooses it, and the log."""
        name = click.get_current_context().info_name or "lab"
        with self.showing(aside=aside) as emit, lock.exclusive(f"lab {name}", functools.partial(_waits, emit)):
            yield lambda work: steps.run(work, emit)

    @contextlib.contextmanager
    def showing(self, *, aside: bool = False) -> Iterator[Callable[[Event], None]]:
        """Give a function that shows and logs what happens; without the lock, for what changes nothing that lasts.

        ``aside`` keeps standard output free for a document: what happens is shown on standard error.
        """
        from lab.report import progress  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

        log = _log(self.settings)
        with progress.choose(as_json=self.as_json, verbose=self.verbose, aside=aside) as view:

            def emit(event: Event) -> None:
                log(event)
                view(event)

            yield emit

    def perform(self, steps: Sequence[Step], *, aside: bool = False) -> None:
        """Run steps under the lock."""
        with self.working(aside=aside) as run:
            run(steps)

    def judge(self, *, ok: bool, trouble: str, hint: str) -> None:
        """End with 1 where it is not ok; raises LabError, but as JSON the document that was written has said it all."""
        if ok:
            return
        if self.as_json:
            click.get_current_context().exit(1)
        raise LabError(trouble, hint)

    def say(self, text: str, **data: Any) -> None:
        """Say a last word: as text, or as JSON with its data."""
        click.echo(json.dumps({"done": text, **data}) if self.as_json else text)


def command(name: str, *, tells: bool = True) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command; its first argument is the Session.

    One that ``tells`` what it does or found has ``--json`` and ``--verbose``.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(*, as_json: bool = False, verbose: bool = False, **options: Any) -> None:
            function(Session(config.load(os.environ), as_json, verbose), **options)

        made = click.command(name)(run)
        if tells:
            made.params += [
                click.Option(["--json", "as_json"], is_flag=True, help="Write JSON, for programs."),
                click.Option(["-v", "--verbose"], is_flag=True, help="Show every detail as it comes."),
            ]
        return made

    return decorate


def _waits(emit: Callable[[Event], None], holder: str) -> None:
    if holder:
        emit(steps.Event("note", "Wait", f"one lab at a time works on this machine: waiting for {holder} to end"))


def _log(settings: Settings) -> Callable[[Event], None]:
    """Keep what happens in a file too, where it can be read after the terminal is gone; begun anew when it is large."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    path = settings.cache / "lab.log"
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.unlink()

    def write(event: Event) -> None:
        with contextlib.suppress(OSError), path.open("a") as file:  # a full disk stops the work, not its log
            file.write(json.dumps({"time": time.time(), "cluster": settings.cluster, **asdict(event)}) + "\n")

    return write
