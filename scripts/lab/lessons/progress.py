"""A learner's progress: one JSON file that a person can read, which outlives cluster and caches."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from lab.errors import BadInput


class LessonProgress(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Times are RFC 3339, in UTC; ``opened`` is the latest start, ``hints`` how many steps of each hint were given."""

    started: str = ""
    opened: str = ""
    passed: str = ""
    checks: int = 0
    resets: int = 0
    hints: dict[str, int] = {}
    solution_seen: bool = False
    predicted: int = 0
    predictions: int = 0


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """The file's content; ``learner`` is the name that a trainer's table shows."""

    version: int = 1
    learner: str = ""
    lessons: dict[str, LessonProgress] = {}

    def of(self, lesson: str) -> LessonProgress:
        return self.lessons.setdefault(lesson, LessonProgress())


def file(env: Mapping[str, str] = os.environ) -> Path:
    """Return the file: LAB_PROGRESS, or progress.json in the user's state folder (XDG_STATE_HOME)."""
    if named := env.get("LAB_PROGRESS"):
        return Path(named).expanduser().absolute()
    state = Path(env.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return state / "chatroulette-lab" / "progress.json"


def load(path: Path) -> Progress:
    """Read a progress file, an empty one where there is none; raises BadInput for what is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except FileNotFoundError:
        return Progress()
    except msgspec.DecodeError as error:
        raise BadInput(
            f"{path} is no progress file: {error}", "move it away, or mend it: the next command writes anew"
        ) from error


def save(path: Path, progress: Progress) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(progress), indent=2) + b"\n")
    temporary.replace(path)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def latest(progress: Progress) -> str:
    """Return the id of the lesson that was started last; raises BadInput where there is none."""
    if not progress.lessons:
        raise BadInput("no lesson is started yet", "such as: lab lesson start first-pod")
    return max(progress.lessons, key=lambda lesson: progress.lessons[lesson].opened)
