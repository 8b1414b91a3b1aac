"""experiment: predict, measure, explain; the whole of it, one cell, one change, asked first, or again and again."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from lab import cli, images, steps
from lab.cli import output
from lab.cli.output import Wishes
from lab.cli.session import Session, command
from lab.errors import BadInput, LabError
from lab.experiments.results import Experiment, schema
from lab.kubernetes import client
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from lab.config import Settings
    from lab.experiments.catalog import Entry
    from lab.experiments.texts import Language
    from lab.kubernetes.client import Api
    from lab.steps import Event, Report

WHY = "guest/pod-name"
"""The lesson's own question: an ephemeral container calls the Pod by its name."""


@dataclass(frozen=True)
class Bench:
    """What an experiment is run with: the cluster's API, and the backend's image in the lab's registry."""

    session: Session
    wishes: Wishes
    api: Api
    image: str

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        return self.session.settings

    def run(self, entry: Entry) -> Experiment:
        """Run one experiment as a step of the view; raises LabError."""
        from lab.experiments import parallel  # noqa: PLC0415 - not on the way to `lab --help`

        found: list[Experiment] = []
        more = {"only": self.wishes.only} if self.wishes.only else {}

        def act(report: Report) -> str:
            found.append(entry.run(self.settings, self.api, self.image, report, **more))
            return parallel.summary(found[0])

        with self.showing() as emit:
            steps.run([Step(entry.id, act, expected=entry.seconds)], emit)
        return found[0]

    def everything(self) -> tuple[list[Experiment], list[LabError]]:
        """Run all experiments, judge what the course says by them, and return why some could not be run."""
        from lab.experiments import catalog, parallel  # noqa: PLC0415 - not on the way to `lab --help`
        from lab.experiments.course import claims  # noqa: PLC0415 - not on the way to `lab --help`

        every = [one for one in catalog.CATALOGUE.values() if one.id != "claims"]
        with self.showing() as emit:
            ran = parallel.together(every, self.settings, self.image, emit)
        judged = [claims.judged(ran.found)] if ran.found else []
        return [*ran.found.values(), *judged], list(ran.failed.values())

    def showing(self) -> AbstractContextManager[Callable[[Event], None]]:
        """Show what happens; beside the document where that is JSON."""
        return self.session.showing(aside=self.session.as_json)


@command("experiment")
@click.argument("name", required=False)
@click.option(
    "--why",
    is_flag=False,
    flag_value=WHY,
    metavar="[VANTAGE/ADDRESS]",
    help=f"Explain one cell, with its exhibits; alone, {WHY} of names.",
)
@click.option("--only", multiple=True, metavar="VARIANT", help="whatif: just that change, such as `hostname`.")
@click.option("--predict", is_flag=True, help="Say first what you expect; be graded, cell by cell.")
@click.option("--watch", is_flag=True, help="Leave the Pods standing, and look again when one is changed.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a report too.")
@click.option("--lang", type=click.Choice(("en", "fr")), help="English or French. [as the environment says]")
@click.option(
    "--schema",
    "as_schema",
    is_flag=True,
    help="Print the JSON schema of an experiment; `all` writes a list.",
)
def experiment(session: Session, *, name: str | None, lang: Language | None, as_schema: bool, **options: Any) -> None:
    """Predict, measure, explain: who answers, and why.

    Without a NAME, lists the experiments; `all` runs every one, at the same time. Each works in namespaces of its own,
    which go away with it. Exits with 1 where what is measured is not what was predicted.

    \b
    lab experiment --why                    why does the app answer to the Pod's name?
    lab experiment whatif --only hostname   make it stop answering
    """  # noqa: D301 - click wants the sign \b itself, not a backslash and a letter
    wishes = Wishes(lang or spoken(os.environ), **options)
    name = name or ("whatif" if wishes.only else "names" if wishes.why or wishes.predict or wishes.watch else None)
    if as_schema:
        click.echo(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())
    elif name is None and wishes.html:
        raise BadInput("--html needs an experiment to tell of", f"such as: lab experiment all --html {wishes.html}")
    elif name is None:
        output.catalogue(session, wishes.language)
    else:
        check(name, wishes, as_json=session.as_json)
        _run(name, session, wishes)


def spoken(environment: Mapping[str, str]) -> Language:
    """Choose the language as programs do: the first that is set of LC_ALL, LC_MESSAGES and LANG; else English."""
    said = next((environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), "")
    return "fr" if said.lower().startswith("fr") else "en"


def check(name: str, wishes: Wishes, *, as_json: bool) -> None:
    """Refuse what cannot be, before anything is made; raises BadInput."""
    from lab.experiments import catalog  # noqa: PLC0415 - not on the way to `lab --help`

    matrices = ("names", "binds", "whatif")
    if name != catalog.ALL:
        catalog.find(name)
    if wishes.only and name != "whatif":
        raise BadInput(f"--only goes with whatif, not with {name}", "such as: lab experiment whatif --only hostname")
    for option, asked, can in (
        ("--why", wishes.why, matrices),
        ("--predict", wishes.predict, matrices[:2]),
        ("--watch", wishes.watch, matrices[:2]),
    ):
        if asked and name not in can:
            raise BadInput(f"{option} looks at cells, and {name} is no such matrix", f"it goes with {', '.join(can)}")
    if wishes.why:
        output.known(wishes.why, name)
    if wishes.html:
        _writable(wishes.html)
    if as_json and (wishes.why or wishes.predict or wishes.watch):
        raise BadInput(
            "--why, --predict and --watch are for a person", "leave them out: --json has every cell with its exhibits"
        )
    if wishes.predict and wishes.watch:
        raise BadInput("--predict asks once, --watch looks again and again", "choose one of the two")


def _writable(report: Path) -> None:
    """Refuse a file that cannot be written, and leave nothing behind where there was none; raises BadInput."""
    if not report.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {report.parent} for the report", "make it, or name another file")
    was_there = report.exists()
    try:
        report.open("ab").close()
    except OSError as error:
        raise BadInput(
            f"the report cannot be written to {report}: {error.strerror}", "name a file in a folder of your own"
        ) from error
    if not was_there:
        report.unlink()


def _run(name: str, session: Session, wishes: Wishes) -> None:
    from lab.cli import quiz, watch  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.experiments import catalog  # noqa: PLC0415 - the same
    from lab.experiments.matrix import cluster_dns  # noqa: PLC0415 - the same

    api = client.api(session.settings)
    cluster_dns.until_ready(api, saw=lambda state: click.echo(f"waiting for the cluster's DNS: {state}", err=True))
    bench = Bench(session, wishes, api, _image(session))
    with _tidied(bench):
        if wishes.watch:
            watch.watch(bench, catalog.find(name))
            return
        failed: list[LabError] = []
        if name == catalog.ALL:
            found, failed = bench.everything()
        else:
            entry = catalog.find(name)
            found = [quiz.ask(bench, entry) if wishes.predict else bench.run(entry)]
    output.tell(found, session, wishes, many=name == catalog.ALL)
    hints = dict.fromkeys(error.hint for error in failed)
    session.judge(ok=not failed, trouble="; ".join(error.what for error in failed), hint="; ".join(hints))


@contextlib.contextmanager
def _tidied(bench: Bench) -> Iterator[None]:
    """Say on Ctrl-C that what was made goes away, and ask for that once more: the first time may have been cut off.

    What experiments in processes of their own left, that had to be killed, is taken away too.
    """
    from lab.kubernetes import namespaces  # noqa: PLC0415 - not on the way to `lab --help`

    try:
        yield
    except KeyboardInterrupt:
        for name in namespaces.mine(bench.api):
            namespaces.remove(bench.api, name)
        namespaces.sweep(bench.api)
        said = {"en": "interrupted: what it made is going away", "fr": "interrompu : ce qui a été créé disparaît"}
        click.echo(said[bench.wishes.language], err=True)
        click.get_current_context().exit(cli.STOPPED)


def _image(session: Session) -> str:
    """Return the backend's image, in the registry by now; the lock is only held where it was not."""
    references = images.app.references(session.settings)
    steps = images.app_steps(session.settings, references)
    if not all(step.done and step.done() for step in steps):
        session.perform(steps, aside=session.as_json)
    return references[images.app.repository("back")]
