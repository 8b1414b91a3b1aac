"""A build hook of hatch: writes the commit that a wheel or a source archive is made of into it."""

import json
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "source.json"
PLACE = {"sdist": "", "wheel": "chatroulette_lab/project/"}
FILES = ("pyproject.toml", "scripts/requirements.lock")


class SourceRecord(BuildHookInterface[Any]):
    """Adds ``source.json``, and to the wheel the two files that the lab reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root, place = Path(self.root), PLACE[self.target_name]
        kept = root / NAME  # from a source archive
        record = kept if kept.exists() else Path(mkdtemp()) / NAME
        if record != kept:
            record.write_text(json.dumps(_source(root)))
        build_data["force_include"][str(record)] = f"{place}{NAME}"
        if self.target_name == "wheel":
            build_data["force_include"].update({str(root / name): f"{place}{name}" for name in FILES})


def _source(root: Path) -> dict[str, str]:
    commit, _, time = _git(root, "log", "-1", "--format=%h %cI").partition(" ")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"commit": f"{commit}-dirty" if changed else commit, "time": time}


def _git(root: Path, *words: str) -> str:
    if not (root / ".git").exists():
        return ""
    return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False).stdout.strip()
