"""Check what `lab experiment` is asked for, and do it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import click
import msgspec

from lab import cli
from lab.cli import quiz, watch
from lab.errors import BadInput, LabError
from lab.experiments import catalog, results
from lab.experiments.matrix import labels
from lab.experiments.messages import translated
from lab.experiments.run import until_dns_is_ready
from lab.experiments.texts import load
from lab.kubernetes import namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.cli.experiment_request import Request
    from lab.experiments.texts import Language


def language() -> Language:
    """Return the language as programs do: by the first that is set of LC_ALL, LC_MESSAGES and LANG; else English."""
    locale = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "fr" if locale.lower().startswith("fr") else "en"


def check(request: Request) -> None:
    """Refuse what cannot be, before anything is made; raises BadInput."""
    name = request.name
    if name != catalog.ALL:
        catalog.find(name)
    if request.only and name != "whatif":
        raise BadInput(f"--only goes with whatif, not with {name}", "such as: lab experiment whatif --only hostname")
    for option, is_given, names in (
        ("--why", request.why, catalog.MATRICES),
        ("--predict", request.predict, catalog.WATCHABLE),
        ("--watch", request.watch, catalog.WATCHABLE),
    ):
        if is_given and name not in names:
            raise BadInput(f"{option} looks at cells, and {name} is no such matrix", f"it goes with {', '.join(names)}")
        if is_given and request.session.as_json and option != "--predict":
            hint = "leave them out: --json has every cell with its exhibits"
            raise BadInput("--why and --watch are for a person", hint)
    if request.manifests and name not in catalog.TIMED:
        problem = f"--manifests prints the Pods of an experiment in time, and {name} is none"
        raise BadInput(problem, f"it goes with {', '.join(catalog.TIMED)}")
    for cell in filter(None, (request.why or "").split(",")):
        _check_cell(cell, name)
    if request.html:
        _check_writable(request.html)
    if request.predict and request.watch:
        raise BadInput("--predict asks once, --watch looks again and again", "choose one of the two")


def _check_cell(name: str, matrix: str) -> None:
    """Refuse a cell that no matrix has; only names asks from ephemeral containers."""
    ends = name.split("/")[-2:]
    for end, part, every in zip(ends, ("FROM", "TO"), (labels.VANTAGES, labels.ADDRESSES), strict=False):
        ids = [label.id for label in every]
        if len(ends) == 1 or end not in ids:
            raise BadInput(f"no matrix has a cell {name!r}", f"write FROM/TO; {part} is one of {', '.join(ids)}")
    if "guest" in ends and matrix != "names":
        raise BadInput(f"{matrix} has no cell {name!r}", f"such as: lab experiment {matrix} --why app/pod-name")


def _check_writable(report: Path) -> None:
    """Refuse a file that cannot be written, and leave none behind; raises BadInput."""
    if not report.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {report.parent} for the report", "make it, or name another file")
    existed = report.exists()
    try:
        report.open("ab").close()
    except OSError as error:
        failure = f"the report cannot be written to {report}: {error.strerror}"
        raise BadInput(failure, "name a file in a folder of your own") from error
    if not existed:
        report.unlink()


def run(request: Request) -> None:
    until_dns_is_ready(
        request.api,
        on_state=lambda state: click.echo(
            translated(f"waiting for the cluster's DNS: {state}", request.language), err=True
        ),
    )
    request.push_image()
    failed: list[LabError] = []
    _ = request.meter
    with _cleaned_up(request):
        if request.name == catalog.ALL:
            experiments, failed = request.run_all()
        elif request.watch:
            watch.watch(request, catalog.find(request.name))
        elif request.predict:
            experiments = [quiz.ask(request, catalog.find(request.name))]
        else:
            experiments = [request.run(catalog.find(request.name))]
    request.show_results(experiments)
    hints = dict.fromkeys(error.hint for error in failed)
    request.session.fail_unless(not failed, "; ".join(error.what for error in failed), "; ".join(hints))


@contextlib.contextmanager
def _cleaned_up(request: Request) -> Iterator[None]:
    """On Ctrl-C delete the namespaces once more, those of killed processes too: the first try may have been cut off."""
    try:
        yield
    except KeyboardInterrupt:
        for name in namespaces.of_this_process(request.api):
            namespaces.delete(request.api, name)
        namespaces.delete_orphans(request.api)
        click.echo(load("cli")["interrupted"].of(request.language), err=True)
        click.get_current_context().exit(cli.STOPPED)


def print_manifests(request: Request) -> None:
    request.push_image()
    click.echo(catalog.find(request.name).manifests(request.image), nl=False)


def print_catalogue(request: Request) -> None:
    """List every experiment with its question and how long it takes; raises BadInput for what needs an experiment."""
    if request.manifests:
        raise BadInput("--manifests needs an experiment", "such as: lab experiment readiness --manifests")
    if request.html:
        raise BadInput("--html needs an experiment to tell of", f"such as: lab experiment all --html {request.html}")
    entries = catalog.CATALOGUE.values()
    if request.session.as_json:
        _print_json([{"id": entry.id, "question": entry.question, "seconds": entry.seconds} for entry in entries])
        return
    for entry in entries:
        click.echo(f"  {entry.id:<11} {entry.seconds:>3.0f} s  {entry.question.of(request.language)}")
    everything = load("cli")["everything"].of(request.language)
    click.echo(f"  {catalog.ALL:<11} {catalog.EVERYTHING:>3.0f} s  {everything}\n\nlab experiment names")


def print_scores(request: Request, experiment: str) -> None:
    if experiment:
        catalog.find(experiment)
    _print_json(quiz.scores(request.settings, experiment))


def print_schema() -> None:
    _print_json(results.schema())


def _print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
