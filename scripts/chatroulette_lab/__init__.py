"""The one package of the wheel: the project's files in ``project``, and what starts the lab from them."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
PROJECT = _HERE / "project" if (_HERE / "project").is_dir() else _HERE.parents[1]
"""The project's folder: beside this file in the wheel, and the clone where there is one."""
