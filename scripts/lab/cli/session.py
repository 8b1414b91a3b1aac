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
from lab.cli import wording
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.config import Settings
    from lab.experiments.texts import Language
    from lab.steps import Event, Step

_LOG_LIMIT = 2_000_000


@dataclass(frozen=True)
class Session:
    settings: Settings
    as_json: bool
    verbose: bool

    @contextlib.contextmanager
    def locked(
        self, *, on_stderr: bool = False, language: Language = "en", everything: bool = False
    ) -> Iterator[Callable[[Sequence[Step]], None]]:
        """Hold the cluster's lock, or all, and yield a function that runs steps in the view and the log."""
        name = click.get_current_context().info_name or "lab"
        hold = lock.everything if everything else lock.exclusive
        view = self.view(on_stderr=on_stderr, language=language)
        with view as emit, hold(self.settings, f"lab {name}", functools.partial(_note, emit)):
            yield lambda work: steps.run(work, emit)

    @contextlib.contextmanager
    def view(self, *, on_stderr: bool = False, language: Language = "en") -> Iterator[Callable[[Event], None]]:
        """Yield a function that shows and logs events; without the lock, for what changes nothing that lasts.

        ``on_stderr`` keeps standard output free for a document.
        """
        from lab.report import progress  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

        log = _log(self.settings)
        with progress.choose(
            as_json=self.as_json, verbose=self.verbose, on_stderr=on_stderr, language=language
        ) as show:

            def emit(event: Event) -> None:
                log(event)
                show(event)

            yield emit

    def perform(self, steps: Sequence[Step], *, on_stderr: bool = False, language: Language = "en") -> None:
        with self.locked(on_stderr=on_stderr, language=language) as run:
            run(steps)

    def fail_unless(self, ok: object, failure: str, hint: str) -> None:
        """End with 1 where it is not ok: by LabError, or silently where the JSON document has said it all."""
        if ok:
            return
        if self.as_json:
            click.get_current_context().exit(1)
        raise LabError(failure, hint)

    def show(self, document: dict[str, Any], print_tables: Callable[[], None]) -> None:
        """Print a result: as a JSON document, or as tables."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            print_tables()

    def finish(self, text: str, **data: Any) -> None:
        text = wording.hint(text)
        click.echo(json.dumps({"done": text, **data}) if self.as_json else text)


def command(name: str, *, output_options: bool = True) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command; its first argument is the Session, and it has ``--json`` and ``--verbose``."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(*, as_json: bool = False, verbose: bool = False, **options: Any) -> None:
            function(Session(config.load(os.environ), as_json, verbose), **options)

        decorated = click.command(name)(run)
        if output_options:
            decorated.params += [
                click.Option(["--json", "as_json"], is_flag=True, help="Write JSON, for programs."),
                click.Option(["-v", "--verbose"], is_flag=True, help="Show every detail as it comes."),
            ]
        return decorated

    return decorate


def _note(emit: Callable[[Event], None], holder: str) -> None:
    if holder:
        emit(steps.Event("note", "Wait", f"one lab at a time works on a cluster: waiting for {holder} to end"))


def _log(settings: Settings) -> Callable[[Event], None]:
    """Return what appends events to the log file, which is begun anew when it is large."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    path = settings.cache / "lab.log"
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.unlink()

    def write(event: Event) -> None:
        with contextlib.suppress(OSError), path.open("a") as file:  # a full disk stops the work, not its log
            file.write(json.dumps({"time": time.time(), "cluster": settings.cluster, **asdict(event)}) + "\n")

    return write
