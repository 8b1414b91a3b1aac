"""class, and what belongs to it of lesson: hand-in, handout, new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli.lesson import language_of, subcommand
from lab.cli.session import Session, command

if TYPE_CHECKING:
    from lab.experiments.texts import Language

_FILE = click.Path(dir_okay=False, path_type=Path)


@command("class")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--html", type=_FILE, metavar="FILE", help="Write the table as a page too.")
@click.option("--lang", type=click.Choice(("en", "fr")), help="English or French. [as the environment says]")
def class_table(session: Session, *, paths: tuple[Path, ...], html: Path | None, lang: Language | None) -> None:
    """Show a class's progress, from the files that learners handed in, or a folder of them."""
    from lab.lessons import class_report, definition, sheets  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import lesson as view  # noqa: PLC0415 - the same
    from lab.report.terminal import tables  # noqa: PLC0415 - the same

    rows, lessons, language = class_report.collect(paths), definition.lessons(), language_of(lang)
    if html:
        html.write_text(sheets.class_table(lessons, rows, language), encoding="utf-8")
    session.show({"learners": class_report.document(rows)}, lambda: view.class_table(rows, language, tables.terminal()))


@subcommand("hand-in", named=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", default="", help="Your name, as the trainer's table shows it; kept for the next time.")
def hand_in(session: Session, _language: Language, *, folder: Path, name: str) -> None:
    """Copy your progress into FOLDER, for your trainer's `lab class FOLDER`."""
    from lab.lessons import class_report, progress  # noqa: PLC0415 - not on the way to `lab --help`

    target = class_report.hand_in(progress.file(), folder, name)
    session.finish(str(target), file=str(target))


@subcommand("handout", named=False)
@click.argument("file", type=_FILE)
def handout(session: Session, language: Language, *, file: Path) -> None:
    """Write all lessons' texts as one page to print, without their solutions."""
    from lab.lessons import definition, sheets  # noqa: PLC0415 - not on the way to `lab --help`

    file.write_text(sheets.handout(definition.lessons(), language), encoding="utf-8")
    session.finish(str(file), file=str(file))


@subcommand("new", named=False)
@click.argument("name")
def new(session: Session, _language: Language, *, name: str) -> None:
    """Make a lesson's folder from a template, to be filled in; `lab lesson prove NAME` proves it."""
    from lab.lessons import template_folder  # noqa: PLC0415 - not on the way to `lab --help`

    folder = template_folder.make(name)
    session.finish(f"{folder}: fill it in, then `lab lesson prove {name}`", folder=str(folder))
