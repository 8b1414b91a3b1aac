"""Build the node's Debian root: a tar that mmdebstrap makes of packages, without what a node never reads."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab import shell
from lab.cluster.node_image.recipe import DEBIAN, SUITE

if TYPE_CHECKING:
    from lab.steps import Report

_UNREAD = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*")


def build(target: Path, report: Report) -> None:
    """Write the root's tar, which appears only when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="building-", dir=target.parent) as folder:
        tar = Path(folder, "root.tar")
        shell.run(
            ["mmdebstrap", "--variant=minbase", f"--include={','.join(DEBIAN)}"]
            + [f"--dpkgopt=path-exclude={path}" for path in _UNREAD]
            + [SUITE, tar],
            env={"TMPDIR": folder},
            timeout=900,
            on_line=lambda line: report(line.removeprefix("I: ")),
            hint="the Debian mirror that this machine's apt uses must be in reach",
        )
        with tar.open("rb") as file:
            os.fsync(file.fileno())
        tar.rename(target)
