"""What `lab experiment` prints: the list, a result, one cell, a report in a file; and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from lab.errors import BadInput, LabError
from lab.experiments import catalog, results
from lab.experiments.texts import load
from lab.report.terminal import experiment as terminal
from lab.report.terminal import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.cli.runner import Options
    from lab.cli.session import Session
    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Language

_NAMED = 3
"""So many disagreements fit on a line."""


def catalogue(session: Session, language: Language) -> None:
    """List every experiment with its question and how long it takes."""
    entries = catalog.CATALOGUE.values()
    if session.as_json:
        _json([{"id": entry.id, "question": entry.question, "seconds": entry.seconds} for entry in entries])
        return
    for entry in entries:
        click.echo(f"  {entry.id:<11} {entry.seconds:>3.0f} s  {entry.question.of(language)}")
    everything = load("cli")["everything"].of(language)
    click.echo(f"  {catalog.ALL:<11} {catalog.EVERYTHING:>3.0f} s  {everything}\n\nlab experiment names")


def schema() -> None:
    _json(results.schema())


def show_results(experiments: Sequence[Experiment], session: Session, options: Options, *, many: bool) -> None:
    """Show the results, write the report, and end with 1 where something is not as predicted.

    Of ``many`` experiments only what the course says is shown in full, and what was not as predicted.
    """
    if session.as_json:
        click.echo(results.encode(experiments if many else experiments[0]).decode())
    elif not options.predict:
        show([each for each in experiments if not many or each.claims or not each.agrees], options)
        if options.why and catalog.CATALOGUE[experiments[0].experiment].watchable:
            click.echo(f"\n{load('cli')['pods-gone'].of(options.language)}")
    if options.why or options.predict:  # which do not go with --json
        terminal.show_differences(experiments[0], options.language, tables.terminal())
    if options.html:
        write(experiments, options.html, options.language)
    wrong = [f"{each.experiment}: {name}" for each in experiments for name in results.disagreements(each)]
    first = ", ".join(wrong[:_NAMED]) + (" …" if len(wrong) > _NAMED else "")
    session.fail_unless(
        all(each.agrees for each in experiments),
        f"measured is not what was predicted: {first}",
        "the model or the cluster is wrong: both stand above. Is its DNS well? kubectl -n kube-system get pods",
    )


def write(experiments: Sequence[Experiment], file: Path, language: Language) -> None:
    """Write the report, one HTML file that needs nothing else; raises LabError where it cannot be written."""
    from lab.report.html import page  # noqa: PLC0415 - jinja2 is only for a report

    try:
        file.write_text(page.render(experiments, language), encoding="utf-8")
    except OSError as error:
        raise LabError(f"the report {file} was not written: {error.strerror}", "name another file") from error
    click.echo(load("cli")["report-written"].format(file=file).of(language), err=True)


def show(experiments: Sequence[Experiment], options: Options) -> None:
    for experiment in experiments:
        if options.why:
            show_cell(experiment, cell(experiment, options.why), options.language)
        else:
            terminal.show(experiment, options.language, tables.terminal())


def show_cell(experiment: Experiment, cell: Cell, language: Language) -> None:
    terminal.show_cell(cell, experiment, language, tables.terminal())


def cell(experiment: Experiment, name: str) -> Cell:
    """Return a cell by ``vantage/address`` or ``variant/vantage/address``; raises BadInput with those that exist."""
    for cell in experiment.cells:
        if name in {f"{cell.vantage}/{cell.address}", f"{cell.variant}/{cell.vantage}/{cell.address}"}:
            return cell
    vantages = ", ".join(dict.fromkeys(cell.vantage for cell in experiment.cells))
    addresses = ", ".join(dict.fromkeys(cell.address for cell in experiment.cells))
    hint = f"write FROM/TO, from any of {vantages}; to any of {addresses}"
    raise BadInput(f"{experiment.experiment} has no cell {name!r}", hint)


def _json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
