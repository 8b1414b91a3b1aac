"""Restart history of the container, kept on the Pod's emptyDir."""

import signal
from datetime import UTC, datetime
from typing import Literal

import msgspec

from backend.cgroup import Memory
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


def read(state_files: StateFiles) -> list[Life]:
    """Return the starts, oldest first; the last one is running."""
    return state_files.read(FILE, list[Life]) or []


def record_start(state_files: StateFiles, last_probe: datetime | None) -> None:
    """Write that the container starts now; `last_probe` is the last sign of the one before.

    One that recorded no end was killed together with the main process; its last memory reading tells why. With
    cgroup v2 the kubelet has the kernel kill all of a container that runs out of memory (memory.oom.group), and its
    counters end with it: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    oom = _is_full(state_files.take(MEMORY_FILE, Memory))
    ended = [_end(life, last_probe, KILLED, oom=oom) for life in read(state_files)]
    state_files.write(FILE, [*ended, Life(datetime.now(UTC))][-KEPT:])


def record_memory(state_files: StateFiles, memory: Memory) -> None:
    """Keep the last reading of the container's memory, should it record no end."""
    state_files.write(MEMORY_FILE, memory)


def record_end(state_files: StateFiles, code: int, *, oom: bool) -> None:
    """Write that the container ends now; `oom`: the kernel has counted an OOM kill since its start."""
    now = datetime.now(UTC)
    state_files.write(FILE, [_end(life, now, code, oom=oom) for life in read(state_files)])


def _end(life: Life, at: datetime | None, code: int, *, oom: bool) -> Life:
    if life.ended_at:
        return life
    ended_at = max(at or life.started_at, life.started_at)
    return msgspec.structs.replace(life, ended_at=ended_at, how=_how(code, oom=oom), code=code)


def _how(code: int, *, oom: bool) -> How:
    if code == KILLED:
        return "oom" if oom else "killed"
    return "exit" if code == 0 else "crash"


def _is_full(memory: Memory | None) -> bool:
    """Tell whether nearly all that the container may use was in use; no reading, or no limit, says no."""
    if memory is None or memory.working_set_bytes is None or memory.limit_bytes is None:
        return False
    return memory.working_set_bytes >= FULL * memory.limit_bytes
