"""Check what `lab experiment` is asked for, and run it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import click

from lab import cli, images
from lab.cli import output, quiz, watch
from lab.cli.runner import Runner
from lab.errors import BadInput, LabError
from lab.experiments import catalog
from lab.experiments.matrix import cluster_dns, labels
from lab.experiments.texts import load
from lab.kubernetes import client, namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.cli.runner import Options
    from lab.cli.session import Session
    from lab.experiments.texts import Language

_MATRICES = ("names", "binds", "whatif")


def language() -> Language:
    """Return the language as programs do: by the first that is set of LC_ALL, LC_MESSAGES and LANG; else English."""
    locale = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "fr" if locale.lower().startswith("fr") else "en"


def check(name: str, options: Options, *, as_json: bool) -> None:
    """Refuse what cannot be, before anything is made; raises BadInput."""
    if name != catalog.ALL:
        catalog.find(name)
    if options.only and name != "whatif":
        raise BadInput(f"--only goes with whatif, not with {name}", "such as: lab experiment whatif --only hostname")
    for option, is_given, names in (
        ("--why", options.why, _MATRICES),
        ("--predict", options.predict, _MATRICES[:2]),
        ("--watch", options.watch, _MATRICES[:2]),
    ):
        if is_given and name not in names:
            raise BadInput(f"{option} looks at cells, and {name} is no such matrix", f"it goes with {', '.join(names)}")
        if is_given and as_json:
            hint = "leave them out: --json has every cell with its exhibits"
            raise BadInput("--why, --predict and --watch are for a person", hint)
    if options.manifests and name not in catalog.TIMED:
        problem = f"--manifests prints the Pods of an experiment in time, and {name} is none"
        raise BadInput(problem, f"it goes with {', '.join(catalog.TIMED)}")
    if options.why:
        _check_cell(options.why, name)
    if options.html:
        _check_writable(options.html)
    if options.predict and options.watch:
        raise BadInput("--predict asks once, --watch looks again and again", "choose one of the two")


def check_list(options: Options) -> None:
    """Refuse what needs an experiment where there is none; raises BadInput."""
    if options.manifests:
        raise BadInput("--manifests needs an experiment", "such as: lab experiment readiness --manifests")
    if options.html:
        raise BadInput("--html needs an experiment to tell of", f"such as: lab experiment all --html {options.html}")


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


def run(name: str, session: Session, options: Options) -> None:
    api = client.api(session.settings)
    cluster_dns.until_ready(api, on_state=lambda state: click.echo(f"waiting for the cluster's DNS: {state}", err=True))
    runner = Runner(session, options, api, image(session))
    with _cleaned_up(runner):
        if options.watch:
            watch.watch(runner, catalog.find(name))
            return
        failed: list[LabError] = []
        if name == catalog.ALL:
            results, failed = runner.run_all()
        else:
            entry = catalog.find(name)
            results = [quiz.ask(runner, entry) if options.predict else runner.run(entry)]
    output.show_results(results, session, options, many=name == catalog.ALL)
    hints = dict.fromkeys(error.hint for error in failed)
    session.fail_unless(not failed, "; ".join(error.what for error in failed), "; ".join(hints))


def print_manifests(name: str, session: Session, _options: Options) -> None:
    click.echo(catalog.find(name).manifests(image(session, on_stderr=True)), nl=False)


@contextlib.contextmanager
def _cleaned_up(runner: Runner) -> Iterator[None]:
    """On Ctrl-C delete the namespaces once more, those of killed processes too: the first try may have been cut off."""
    try:
        yield
    except KeyboardInterrupt:
        for name in namespaces.of_this_process(runner.api):
            namespaces.delete(runner.api, name)
        namespaces.delete_orphans(runner.api)
        click.echo(load("cli")["interrupted"].of(runner.options.language), err=True)
        click.get_current_context().exit(cli.STOPPED)


def image(session: Session, *, on_stderr: bool = False) -> str:
    """Return the backend's image, in the registry by now; the lock is only held where it was not."""
    references = images.app.references(session.settings)
    app_steps = images.app_steps(session.settings, references)
    if not all(step.done and step.done() for step in app_steps):
        session.perform(app_steps, on_stderr=on_stderr or session.as_json)
    return references[images.app.repository("back")]
