"""The starts of this container in this Pod, and how each of its lives ended."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from backend.cgroup import Memory

if TYPE_CHECKING:
    from backend.state_files import StateFiles

How = Literal["exit", "crash", "killed", "oom"]
KEPT = 10
FILE = "lives"
MEMORY_FILE = "memory"

FULL = 0.95
"""A container that was killed with this share of its memory limit in use has most probably run out of memory."""

KILLED = 128 + signal.SIGKILL
"""What a shell, containerd and so Kubernetes give as the exit code of a killed process."""


class Life(msgspec.Struct, frozen=True):
    """From one start of the container to its end; `how` and `code` are null while it lasts.

    `exit`: code 0; `crash`: another code, or a signal of its own making; `killed`: SIGKILL; `oom`: SIGKILL, and the
    kernel counted an out-of-memory kill meanwhile or, where the main process was killed too, the memory was full.
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


def full(memory: Memory | None) -> bool:
    """Tell whether nearly all that the container may use was in use; no reading, or no limit, says no."""
    if memory is None or memory.working_set_bytes is None or memory.limit_bytes is None:
        return False
    return memory.working_set_bytes >= FULL * memory.limit_bytes


def begin(lives: list[Life], now: datetime, seen: datetime | None, memory: Memory | None = None) -> list[Life]:
    """Return the lives with a new one, which starts now; `seen` is the last sign of the life before.

    A life that left no word was killed together with the main process; `memory`, its last reading, tells why. With
    cgroup v2 the kubelet has the kernel kill all of a container that runs out of memory (memory.oom.group), and its
    counters end with it: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    ended = how(KILLED, oom=full(memory))
    return [*(end(life, seen, ended, KILLED) for life in lives), Life(now)][-KEPT:]


def end(life: Life, at: datetime | None, how: How, code: int) -> Life:
    """Return the life with its end; one that has an end keeps it."""
    if life.ended_at:
        return life
    return msgspec.structs.replace(life, ended_at=max(at or life.started_at, life.started_at), how=how, code=code)


def read(state_files: StateFiles) -> list[Life]:
    """Return the lives, oldest first; the last one is running."""
    return state_files.read(FILE, list[Life]) or []


def record_start(state_files: StateFiles, seen: datetime | None) -> None:
    """Write that the container starts now; the memory of the life before is looked at once."""
    memory = state_files.take(MEMORY_FILE, Memory)
    state_files.write(FILE, begin(read(state_files), datetime.now(UTC), seen, memory))


def record_memory(state_files: StateFiles, memory: Memory) -> None:
    """Keep the last reading of the container's memory, should this life end without a word."""
    state_files.write(MEMORY_FILE, memory)


def record_end(state_files: StateFiles, code: int, *, oom: bool) -> None:
    """Write that the container ends now, with that exit code."""
    now = datetime.now(UTC)
    state_files.write(FILE, [end(life, now, how(code, oom=oom), code) for life in read(state_files)])
