"""One lab command at a time changes a cluster, and one the caches: a second one waits, and says for which."""

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from lab import waiting
from lab.config import Settings
from lab.errors import LabError
from lab.steps import Report, Step

TIMEOUT = 1800.0
_Note = Callable[[str], None]


def folder(settings: Settings) -> Path:
    """Return the folder of the locks: in the user's own cache, where nobody else can put a link."""
    return settings.cache / "locks"


@contextlib.contextmanager
def exclusive(settings: Settings, command: str, on_state: _Note) -> Iterator[None]:
    """Hold the cluster's lock for the length of a command; the kernel releases it when command and children have ended.

    Waits half an hour at most for another command; ``on_state`` is called with its name. Raises TimedOut.
    """
    with _held(_own(settings), command, on_state):
        yield


@contextlib.contextmanager
def everything(settings: Settings, command: str, on_state: _Note) -> Iterator[None]:
    """Hold the locks of all clusters, in the order of their names, then that of the caches."""
    with contextlib.ExitStack() as locks:
        for path in (*sorted({*_clusters(settings), _own(settings)}), _caches(settings)):
            locks.enter_context(_held(path, command, on_state))
        yield


@contextlib.contextmanager
def others_idle(settings: Settings) -> Iterator[bool]:
    """Tell whether no command works on another cluster, and let none begin meanwhile."""
    with contextlib.ExitStack() as files:
        others = [path for path in _clusters(settings) if path != _own(settings)]
        yield all(_try(files.enter_context(_opened(path)), path) for path in others)


def one_at_a_time(settings: Settings, step: Step) -> Step:
    """Return the step, done with the caches' lock held, unless another command has done it by then."""

    def action(report: Report) -> str | None:
        def note(holder: str) -> None:
            report(f"waiting for {holder}")

        with _held(_caches(settings), f"lab: {step.title}", note):
            return (step.done() if step.done else None) or step.action(report)

    return replace(step, action=action)


def _own(settings: Settings) -> Path:
    return folder(settings) / f"cluster-{settings.cluster}.lock"


def _caches(settings: Settings) -> Path:
    return folder(settings) / "caches.lock"


def _clusters(settings: Settings) -> list[Path]:
    return sorted(folder(settings).glob("cluster-*.lock"))


@contextlib.contextmanager
def _held(path: Path, command: str, on_state: _Note) -> Iterator[None]:
    with contextlib.ExitStack() as files:

        def acquire() -> tuple[bool, str]:
            files.close()
            handle = files.enter_context(_opened(path))
            if not _try(handle, path):
                return False, _holder(handle)
            os.set_inheritable(handle, True)  # noqa: FBT003 - what a killed lab left at work still holds the lock
            _name_holder(handle, command)
            return True, ""

        waiting.until("another lab command to end", acquire, timeout=TIMEOUT, interval=0.5, on_state=on_state)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise LabError(f"{path} is a link, which no lab made: it is not followed", f"rm {path}") from None
    try:
        yield handle
    finally:
        os.close(handle)


def _try(handle: int, path: Path) -> bool:
    """Lock an open file; one that `clean` removed meanwhile locks nothing, so it does not count."""
    from filelock import lock_descriptor  # noqa: PLC0415 - not on the way to `lab --help`

    if not lock_descriptor(handle, blocking=False):
        return False
    return path.exists() and path.stat().st_ino == os.fstat(handle).st_ino


def _name_holder(handle: int, command: str) -> None:
    with contextlib.suppress(OSError):  # a full disk must not stop the commands that free it
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{command} (process {os.getpid()}, since {time.strftime('%H:%M:%S')})".encode(), 0)


def _holder(handle: int) -> str:
    text = os.pread(handle, 500, 0).decode(errors="replace")
    pid = re.search(r"process (\d+)", text)
    return text if pid and _is_alive(int(pid[1])) else f"what {text or 'another command'} left at work"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
