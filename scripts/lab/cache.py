"""Work in a folder beside the cached files, from where what is made is moved into its place when it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_PREFIX = "building-"


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Yield an empty folder within ``folder``, and remove it after use."""
    sweep(folder)
    with TemporaryDirectory(prefix=_PREFIX, dir=folder) as name:
        yield Path(name)


def sweep(folder: Path) -> None:
    """Make the folder, or remove what killed builds left in it; none is at work, as a command has the cache alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def sync(*paths: Path) -> None:
    """Flush files to the disk before they, or their folder, get their final name."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
