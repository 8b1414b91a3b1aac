"""Make a Debian root file system of packages, by mmdebstrap as root: through sudo where need be."""

import os
from collections.abc import Sequence
from pathlib import Path

from lab import privileges
from lab.errors import LabError
from lab.steps import Report

_UNFIT = os.ST_NOEXEC | os.ST_NODEV
"""On such a mount the packages' own programs and devices cannot be used while they are installed."""


def make(words: Sequence[str], tar: Path, report: Report, *, timeout: float, hint: str) -> None:
    """Run mmdebstrap; ``tar``, which its words lack, belongs to the user all the same."""
    tar.touch()  # a file that is there keeps its owner
    command: list[str | Path] = ["env", f"TMPDIR={temporary_folder(tar.parent)}", *words, tar]
    privileges.as_root(command, lambda line: report(line.removeprefix("I: ")), timeout=timeout, hint=hint)


def temporary_folder(beside: Path) -> Path:
    """Choose where the files are unpacked; not in a user's own folder, where an interruption would leave root's."""
    own: tuple[Path, ...] = (beside,) if os.geteuid() == 0 else ()
    for folder in (*own, Path("/var/tmp"), Path("/tmp")):  # noqa: S108 - mmdebstrap makes a private one in it
        if not os.statvfs(folder).f_flag & _UNFIT:
            return folder
    where = "every folder for temporary files"
    raise LabError(f"{where} is mounted noexec or nodev", "sudo mount -o remount,exec,dev /var/tmp")
