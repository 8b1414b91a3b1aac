"""What `lab experiment` tells: the list, a result, one cell, a report in a file; and how it ends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec

from lab.errors import BadInput, LabError
from lab.experiments.results import encode
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from lab.cli.session import Session
    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Language

_COLUMNS = 100
_GONE = Text(
    en="Its Pods are gone by now. With --watch they stay, and you can type each $ command yourself.",
    fr="Ses Pods ont déjà disparu. Avec --watch ils restent, et vous pouvez taper chaque commande $ vous-même.",
)


@dataclass(frozen=True)
class Wishes:
    """What the options ask for; empty where they do not."""

    language: Language
    why: str = ""
    only: tuple[str, ...] = ()
    predict: bool = False
    watch: bool = False
    html: Path | None = None


def catalogue(session: Session, language: Language) -> None:
    """List every experiment with its question and how long it takes."""
    from lab.experiments.catalog import ALL, CATALOGUE, EVERYTHING  # noqa: PLC0415 - not on the way to `lab --help`

    if session.as_json:
        every = [{"id": one.id, "question": one.question, "seconds": one.seconds} for one in CATALOGUE.values()]
        click.echo(msgspec.json.format(msgspec.json.encode(every), indent=2).decode())
        return
    for one in CATALOGUE.values():
        click.echo(f"  {one.id:<11} {one.seconds:>3.0f} s  {one.question.of(language)}")
    last = {"en": "All of them, at the same time.", "fr": "Toutes, en même temps."}[language]
    click.echo(f"  {ALL:<11} {EVERYTHING:>3.0f} s  {last}\n\nlab experiment names")


def tell(found: Sequence[Experiment], session: Session, wishes: Wishes, *, many: bool) -> None:
    """Show what was found, write the report, and end with 1 where something is not as predicted.

    Of ``many`` experiments only what the course says is shown in full, and what was not as predicted.
    """
    from lab.experiments import parallel  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.experiments.catalog import CATALOGUE  # noqa: PLC0415 - the same

    if session.as_json:
        click.echo(encode(found if many else found[0]).decode())
    elif not wishes.predict:
        show([one for one in found if not many or one.claims or not one.agrees], wishes)
        if wishes.why and CATALOGUE[found[0].experiment].stays:
            click.echo(f"\n{_GONE.of(wishes.language)}")
    if wishes.why or wishes.predict:  # which do not go with --json
        show_differences(found[0], wishes.language)
    if wishes.html:
        write(found, wishes.html, wishes.language)
    wrong = [f"{one.experiment}: {name}" for one in found for name in parallel.disagreements(one)]
    first = ", ".join(wrong[:3]) + (" …" if len(wrong) > 3 else "")  # noqa: PLR2004 - a line's room
    session.judge(
        ok=all(one.agrees for one in found),
        trouble=f"measured is not what was predicted: {first}",
        hint="the model or the cluster is wrong: both stand above. Is its DNS well? kubectl -n kube-system get pods",
    )


def write(found: Sequence[Experiment], file: Path, language: Language) -> None:
    """Write the report, one HTML file that needs nothing else; raises LabError where it cannot be written."""
    from lab.report.html import page  # noqa: PLC0415 - not on the way to `lab --help`

    try:
        file.write_text(page.render(found, language), encoding="utf-8")
    except OSError as error:
        raise LabError(f"the report {file} was not written: {error.strerror}", "name another file") from error
    said = {"en": f"The report is in {file}", "fr": f"Le rapport est dans {file}"}
    click.echo(said[language], err=True)


def show(found: Sequence[Experiment], wishes: Wishes) -> None:
    """Print experiments, or of each the one cell that is asked for."""
    from lab.report.experiments import terminal  # noqa: PLC0415 - not on the way to `lab --help`

    for one in found:
        if wishes.why:
            show_cell(one, cell(one, wishes.why), wishes.language)
        else:
            terminal.show(one, wishes.language, console())


def show_cell(found: Experiment, one: Cell, language: Language) -> None:
    """Print one cell with its exhibits."""
    from lab.report.experiments import terminal  # noqa: PLC0415 - not on the way to `lab --help`

    terminal.show_cell(one, found, language, console())


def show_differences(found: Experiment, language: Language) -> None:
    """Print the cells that are not as predicted, with their evidence; nothing where all are."""
    from lab.report.experiments import terminal  # noqa: PLC0415 - not on the way to `lab --help`

    terminal.show_differences(found, language, console())


def console() -> Console:
    """Return where results are printed: a terminal as wide as it is; in a file, COLUMNS, or 100."""
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, which `--help` has not

    found = Console(highlight=False)
    return (
        found
        if found.is_terminal or os.environ.get("COLUMNS", "").isdigit()
        else Console(highlight=False, width=_COLUMNS)
    )


def known(named: str, matrix: str) -> None:
    """Refuse what no matrix has, and the bare --why of one that has no guests, before it is measured; raises BadInput.

    Only names asks from ephemeral containers.
    """
    from lab.experiments.matrix import labels  # noqa: PLC0415 - not on the way to `lab --help`

    ends = named.split("/")[-2:]
    for said, of, every in zip(ends, ("FROM", "TO"), (labels.VANTAGES, labels.ADDRESSES), strict=False):
        ids = [one.id for one in every]
        if len(ends) == 1 or said not in ids:
            raise BadInput(f"no matrix has a cell {named!r}", f"write FROM/TO; {of} is one of {', '.join(ids)}")
    if "guest" in ends and matrix != "names":
        raise BadInput(f"{matrix} has no cell {named!r}", f"such as: lab experiment {matrix} --why app/pod-name")


def cell(found: Experiment, named: str) -> Cell:
    """Find a cell by ``vantage/address`` or ``variant/vantage/address``; raises BadInput with those that there are."""
    for one in found.cells:
        if named in {f"{one.vantage}/{one.address}", f"{one.variant}/{one.vantage}/{one.address}"}:
            return one
    vantages, addresses = (dict.fromkeys(getattr(one, key) for one in found.cells) for key in ("vantage", "address"))
    raise BadInput(
        f"{found.experiment} has no cell {named!r}",
        f"write FROM/TO, from any of {', '.join(vantages)}; to any of {', '.join(addresses)}",
    )
