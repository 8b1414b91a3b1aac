"""bundle: one archive for a class without a network."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from lab.cli.session import Session, command
from lab.errors import LabError


@click.group("bundle")
def bundle() -> None:
    """Make one archive with all that a class needs, and set a machine up from it without a network.

    \b
    lab bundle create class.tar.gz     on a machine where `make kind-up deploy` was run
    lab bundle load class.tar.gz       on each of the others; or, without the lab there:
    tar xf class.tar.gz && chatroulette-bundle/load
    """  # noqa: D301 - click wants the sign \b itself, not a backslash and a letter


@command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def create(session: Session, *, file: Path) -> None:
    """Write the archive FILE: project, Python packages, images, kind, kubectl, with checksums."""
    from lab.bundle import archive, content  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.steps import Step  # noqa: PLC0415 - the same

    content.images(session.settings)  # what is not built yet is told before anything is fetched
    with TemporaryDirectory(prefix="bundle-", dir=file.absolute().parent) as name, session.locked() as run:
        folder = Path(name)
        pack = Step("Pack the archive", lambda report: archive.pack(folder, file, report), expected=40)
        run([*content.steps(session.settings, folder), pack])
    session.finish(f"{file} is ready: copy it, `tar xf` it, run chatroulette-bundle/load", file=str(file))


@command("load", output_options=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path), default="chatroulette")
def load(_session: Session, *, file: Path, folder: Path) -> None:
    """Set this machine up from FILE, without a network; the project goes to FOLDER."""
    from lab.bundle import archive  # noqa: PLC0415 - not on the way to `lab --help`

    with TemporaryDirectory(prefix="bundle-", dir=Path.cwd()) as name:
        content = archive.unpack(file, Path(name))
        if subprocess.run([content / "load", folder.absolute()], check=False).returncode:
            raise LabError("the bundle was not loaded", "the lines above say why")


bundle.add_command(create)
bundle.add_command(load)
