"""The starts of this container in this Pod, and how each of its lives ended."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from backend.shelf import Shelf

How = Literal["exit", "crash", "killed", "oom"]
KEPT = 10
FILE = "lives"

KILLED = 128 + signal.SIGKILL
"""What a shell, containerd and so Kubernetes give as the exit code of a killed process."""


class Life(msgspec.Struct, frozen=True):
    """From one start of the container to its end; `how` and `code` are null while it lasts.

    `exit`: code 0; `crash`: another code, or a signal of its own making; `killed`: SIGKILL; `oom`: SIGKILL, and the
    kernel counted an out-of-memory kill meanwhile.
    """

    started_at: datetime
    ended_at: datetime | None = None
    how: How | None = None
    code: int | None = None


def how(code: int, *, oom: bool) -> How:
    """Tell how a container ended from its exit code, and from whether the kernel counted an OOM kill."""
    if code == KILLED:
        return "oom" if oom else "killed"
    return "exit" if code == 0 else "crash"


def begin(lives: list[Life], now: datetime, seen: datetime | None) -> list[Life]:
    """Return the lives with a new one, which starts now; `seen` is the last sign of the life before.

    A life that left no word was killed together with the main process.
    """
    return [*(end(life, seen, "killed", KILLED) for life in lives), Life(now)][-KEPT:]


def end(life: Life, at: datetime | None, how: How, code: int) -> Life:
    """Return the life with its end; one that has an end keeps it."""
    if life.ended_at:
        return life
    return msgspec.structs.replace(life, ended_at=max(at or life.started_at, life.started_at), how=how, code=code)


def read(shelf: Shelf) -> list[Life]:
    """Return the lives, oldest first; the last one is running."""
    return shelf.read(FILE, list[Life]) or []


def record_start(shelf: Shelf, seen: datetime | None) -> None:
    """Write that the container starts now."""
    shelf.write(FILE, begin(read(shelf), datetime.now(UTC), seen))


def record_end(shelf: Shelf, code: int, *, oom: bool) -> None:
    """Write that the container ends now, with that exit code."""
    now = datetime.now(UTC)
    shelf.write(FILE, [end(life, now, how(code, oom=oom), code) for life in read(shelf)])
