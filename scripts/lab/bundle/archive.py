"""Pack a bundle's folder into one file, and unpack it."""

import tarfile
from pathlib import Path

from lab.errors import BadInput
from lab.steps import Report

ROOT_NAME = "chatroulette-bundle"
_COMPRESSION = 1
"""gzip's fastest level: most of the content are programs, which hardly get smaller by the slower ones."""


def pack(folder: Path, target: Path, report: Report) -> str:
    """Write the archive whole or not at all."""
    report(str(target))
    partial = target.with_name(f".{target.name}.partial")
    try:
        with tarfile.open(partial, "w:gz", compresslevel=_COMPRESSION) as archive:
            archive.add(folder, ROOT_NAME)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return f"{target.stat().st_size / 1e6:,.0f} MB"


def unpack(source: Path, folder: Path) -> Path:
    """Unpack a bundle into a folder, and return where its content is; raises BadInput for what is none."""
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise BadInput(f"{source} is no bundle, or only a part of one: {error}", "copy it again") from None
    except OSError as error:
        raise BadInput(
            f"{source} cannot be unpacked: {error.strerror or error}", "is it there, and the disk large enough?"
        ) from None
    content = folder / ROOT_NAME
    if not (content / "load").is_file():
        raise BadInput(f"{source} is no bundle of this lab", "`lab bundle create FILE` makes one")
    return content
