"""Install what a file of requirements pins: each download has the hash that stands there, or nothing is installed."""

import sys
from pathlib import Path

from lab import shell
from lab.errors import CommandFailed, LabError

_INSTALL = ("-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--disable-pip-version-check")
_MISMATCH = "DO NOT MATCH THE HASHES"
"""pip's own words (src/pip/_internal/exceptions.py, HashMismatch)."""


def install(requirements: Path, target: Path, *options: str, timeout: float, hint: str) -> None:
    """Install into the folder ``target``; raises LabError where a download is not what is pinned."""
    argv: list[str | Path] = [sys.executable, *_INSTALL, *options, "--target", target, "--requirement", requirements]
    try:
        shell.run(argv, timeout=timeout, hint=hint)
    except CommandFailed as error:
        if _MISMATCH not in error.output:
            raise
        raise LabError(
            f"a download is not what the lab pins, its hash differs: {_package(error.output)}",
            "nothing of it was used; try again, and where it stays so, the package index or a proxy changes files",
        ) from None


def _package(output: str) -> str:
    """Return the requirement that stands after pip's message, before its list of hashes."""
    lines = output.partition(_MISMATCH)[2].splitlines()[1:]
    return next((line.strip().split(" from ")[0] for line in lines if line.strip()), "unnamed").removesuffix(":")
