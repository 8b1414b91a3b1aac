"""What is seen of the databases of the experiment `database`, filled in as it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.timed.cgroups import Version
    from lab.experiments.timed.recorder import Observation
    from lab.kubernetes.objects import Object

LESSON, SMALL, GREEDY = "frontend", "small", "greedy"
"""The Pods: the course's own, by the name that it has there; the one that is raised; the one that finds no room."""
READY = "ready for connections"
STANDS_IN = "standing in for MySQL"
CATS = (
    "CREATE DATABASE IF NOT EXISTS lab; CREATE TABLE IF NOT EXISTS lab.cats (name TEXT);"
    " INSERT INTO lab.cats VALUES ('Mina')"
)
_TEXT = 14_000_000


def hold(texts: int) -> str:
    """Return SQL that holds so many texts of 14 MB in one session, and counts them."""
    names = [f"@t{number}" for number in range(texts)]
    held = ", ".join(f"{name}=REPEAT(0, {_TEXT})" for name in names)
    return f"SET {held}; SELECT {'+'.join(f'LENGTH({name})' for name in names)}"


BIG, MANY = hold(3), hold(8)


@dataclass(frozen=True)
class Answer:
    """What the database's client ended with."""

    ok: bool
    text: str


@dataclass(frozen=True)
class Start:
    """A start: its log with times, the cgroup's files once it took queries, and the seconds from one to the other."""

    log: str
    files: Mapping[str, str]
    seconds: float | None


@dataclass
class Evidence:
    """All that was seen, filled in as it happens; ``resized`` and ``done``: when the raise was asked for, and so."""

    version: Version
    lesson: Object
    small: Object
    starts: dict[str, Start] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    pods: dict[str, Object] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    raised: Mapping[str, str] = field(default_factory=dict)
    resized: float = 0.0
    done: float | None = None
    seen: Sequence[Observation] = ()
    crowd: float = 1.0

    @property
    def stands_in(self) -> bool:
        """Tell whether it is the lab's MariaDB: the image says so in its first line."""
        return any(STANDS_IN in one.log for one in self.starts.values())
