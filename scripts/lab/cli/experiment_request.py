"""What `lab experiment` is asked for: runs it in the session's view, and prints what comes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import click
import msgspec

from lab import images, steps
from lab.errors import BadInput, LabError
from lab.experiments import catalog, parallel, pressure, results
from lab.experiments.course import claims
from lab.experiments.texts import load
from lab.kubernetes import client
from lab.report.terminal import experiment as terminal
from lab.report.terminal import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lab.cli.session import Session
    from lab.config import Settings
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Language
    from lab.kubernetes.client import Api
    from lab.steps import Event, Report

_TEXTS = load("cli")
_NAMED = 3
"""So many disagreements fit on a line."""


@dataclass(frozen=True)
class Request:
    """The command's argument and options; empty where they are not given."""

    session: Session
    name: str
    language: Language
    why: str
    only: tuple[str, ...]
    predict: bool
    watch: bool
    manifests: bool
    html: Path | None

    @property
    def settings(self) -> Settings:
        return self.session.settings

    @cached_property
    def meter(self) -> pressure.Meter:
        """Begins to measure how busy the machine is when it is first asked for."""
        return pressure.Meter()

    @cached_property
    def api(self) -> Api:
        return client.api(self.settings)

    @cached_property
    def _references(self) -> dict[str, str]:
        return images.app.references(self.settings)

    @property
    def image(self) -> str:
        """The backend's image in the lab's registry; `push_image` puts it there."""
        return self._references[images.app.repository("back")]

    def push_image(self) -> None:
        """Build and push what is not in the registry yet; only then the lock is held."""
        app_steps = images.app_steps(self.settings, self._references)
        if not all(step.done and step.done() for step in app_steps):
            self.session.perform(app_steps, on_stderr=self.manifests or self.session.as_json, language=self.language)

    def run(self, entry: Entry) -> Experiment:
        experiments: list[Experiment] = []
        only = {"only": self.only} if self.only else {}

        def act(report: Report) -> str:
            began = time.monotonic()
            experiment = entry.run(self.settings, self.api, self.image, report, **only)
            seconds = round(time.monotonic() - began, 2)  # of the whole step, so that both lines say the same
            experiments.append(msgspec.structs.replace(experiment, seconds=seconds))
            return results.summary(experiments[0])

        with self.view() as emit:

            def show(event: Event) -> None:
                ended = event.kind == "done" and parallel.how_it_ended(experiments[0])
                emit(replace(event, kind=ended or event.kind))

            steps.run([steps.Step(entry.id, act, expected=entry.seconds)], show)
        return experiments[0]

    def run_all(self) -> tuple[list[Experiment], list[LabError]]:
        """Run all experiments, judge what the course says by them, and return why some could not be run."""
        entries = [entry for entry in catalog.CATALOGUE.values() if entry.id != "claims"]
        with self.view() as emit:
            ran = parallel.run_all(entries, self.settings, self.image, emit)
        judged = [claims.judged(ran.experiments)] if ran.experiments else []
        return [*ran.experiments.values(), *judged], list(ran.errors.values())

    def view(self) -> AbstractContextManager[Callable[[Event], None]]:
        return self.session.view(on_stderr=self.session.as_json, language=self.language)

    def show_results(self, experiments: Sequence[Experiment]) -> None:
        """Show the results, write the report, and end with 1 where something is not as predicted.

        Of several experiments only what the course says is shown in full, and what was not as predicted.
        """
        is_one = self.name != catalog.ALL
        if self.session.as_json:
            click.echo(results.encode(experiments[0] if is_one else experiments).decode())
        elif not self.predict:
            for experiment in experiments:
                if is_one or experiment.claims or not experiment.agrees:
                    self.show(experiment)
            if self.why and catalog.find(self.name).watchable:
                click.echo(f"\n{load('cli')['pods-gone'].of(self.language)}")
        if self.why or self.predict:  # which do not go with --json
            terminal.show_differences(experiments[0], self.language, tables.terminal())
        self.write(experiments)
        self.fail_unless_shown(experiments)

    def fail_unless_shown(self, experiments: Sequence[Experiment]) -> None:
        """End with 1 where something is not as predicted, or not shown; a busy machine is the first cause."""
        wrong = [f"{each.experiment}: {name}" for each in experiments for name in results.disagreements(each)]
        unseen = [f"{each.experiment}: {name}" for each in experiments for name in results.not_shown(each)]
        if not (wrong or unseen):
            return
        names = wrong or unseen
        first = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        causes = pressure.causes(self.meter.read(), pressure.throttled(self.settings), experiments)
        hint = causes or _TEXTS["either-is-wrong" if wrong else "once-more"]
        failure = _TEXTS["not-predicted" if wrong else "not-shown"].format(names=first)
        self.session.fail_unless(False, failure.of(self.language), hint.of(self.language))  # noqa: FBT003 - nothing is ok

    def show(self, experiment: Experiment) -> None:
        if self.why:
            for name in self.why.split(","):
                self.show_cell(experiment, find_cell(experiment, name))
        else:
            terminal.show(experiment, self.language, tables.terminal())

    def show_cell(self, experiment: Experiment, cell: Cell) -> None:
        terminal.show_cell(cell, experiment, self.language, tables.terminal())

    def write(self, experiments: Sequence[Experiment]) -> None:
        """Write the HTML report where one is asked for; raises LabError where it cannot be written."""
        if not self.html:
            return
        from lab.report.html import page  # noqa: PLC0415 - jinja2 is only for a report

        try:
            self.html.write_text(page.render(experiments, self.language), encoding="utf-8")
        except OSError as error:
            raise LabError(f"the report {self.html} was not written: {error.strerror}", "name another file") from error
        click.echo(_TEXTS["report-written"].format(file=self.html).of(self.language), err=True)


def find_cell(experiment: Experiment, name: str) -> Cell:
    """Return a cell by ``vantage/address`` or ``variant/vantage/address``; raises BadInput with those that exist."""
    for cell in experiment.cells:
        if name in {f"{cell.vantage}/{cell.address}", f"{cell.variant}/{cell.vantage}/{cell.address}"}:
            return cell
    vantages = ", ".join(dict.fromkeys(cell.vantage for cell in experiment.cells))
    addresses = ", ".join(dict.fromkeys(cell.address for cell in experiment.cells))
    hint = f"write FROM/TO, from any of {vantages}; to any of {addresses}"
    raise BadInput(f"{experiment.experiment} has no cell {name!r}", hint)
