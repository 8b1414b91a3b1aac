"""Make the folder of a new lesson: a small whole one, which is proven as it stands, to be changed into another."""

import re
import shutil
from pathlib import Path

from lab.errors import BadInput
from lab.lessons import definition

_TEMPLATE = Path(__file__).with_name("assets") / "new-lesson"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")


def make(name: str, folder: Path = definition.FOLDER) -> Path:
    """Make ``<next number>-<name>``; raises BadInput for a name that cannot be, or that a lesson has."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot be a lesson's name", "use 3 to 32 of a-z, 0-9 and -, such as port-forward")
    existing = definition.lessons(folder)
    if name in {lesson.id for lesson in existing}:
        raise BadInput(f"there is a lesson {name} already", "choose another name")
    number = max((lesson.number for lesson in existing), default=0) + 1
    target = folder / f"{number:02}-{name}"
    shutil.copytree(_TEMPLATE, target)
    for path in (path for path in target.rglob("*") if path.is_file()):
        path.write_text(path.read_text(encoding="utf-8").replace("new-lesson", name), encoding="utf-8")
    return target
