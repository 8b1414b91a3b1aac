"""Start programs: argument lists, a deadline each, and nothing left running when the lab is interrupted."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.errors import CommandFailed, LabError, TimedOut

_GRACE = 5.0
_TAIL = 5


@dataclass(frozen=True)
class Completed:
    """How a program ended: its exit ``code`` and what it wrote."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


def run(  # noqa: PLR0913 - each is a property of the one program started
    argv: Sequence[str | Path],
    *,
    timeout: float,
    check: bool = True,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    hint: str = "",
) -> Completed:
    """Run a program to its end and return what it wrote; ``env`` is added to the lab's own.

    ``timeout`` is in seconds; ``on_line`` is given every line of both streams as it comes. The program and its children
    are ended at the deadline and on Ctrl-C. Raises CommandFailed for an exit code other than 0 (unless ``check`` is
    off), TimedOut at the deadline, LabError where there is no such program.
    """
    args = [str(word) for word in argv]
    process = _start(args, env, cwd, hint)
    out, err = LineReader(process.stdout, on_line), LineReader(process.stderr, on_line)
    try:
        _feed(process, stdin)
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        end(process)
        raise TimedOut(f"`{' '.join(args)[:120]}`", timeout, err.tail() or out.tail(), hint) from None
    except BaseException:
        end(process)
        raise
    completed = Completed(tuple(args), process.returncode, out.text(), err.text())
    for error in filter(None, (out.error, err.error)):
        raise error
    if check and completed.code:
        raise CommandFailed(args, completed.code, completed.stderr.strip() or completed.stdout, hint)
    return completed


def start(argv: Sequence[str | Path]) -> subprocess.Popen[str]:
    """Start a program that runs beside the lab, its streams readable; the caller ends it with ``end``."""
    return _start([str(word) for word in argv], holds_lock=False)


def end(process: subprocess.Popen[str]) -> None:
    """End a program and its children: with SIGTERM, and after five seconds with SIGKILL."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(_GRACE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


class LineReader:
    """Reads a stream of a program to its end in a thread, so that the program never blocks on it."""

    def __init__(self, stream: IO[str] | None, on_line: Callable[[str], None] | None = None) -> None:
        self.lines: list[str] = []
        self.error: OSError | ValueError | None = None
        self._thread = threading.Thread(target=self._read, args=(stream, on_line), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[str] | None, on_line: Callable[[str], None] | None) -> None:
        with stream or contextlib.nullcontext(()) as lines:
            for line in lines:
                self.lines.append(line)
                if on_line and self.error is None:
                    self._report(on_line, line.rstrip())

    def _report(self, on_line: Callable[[str], None], line: str) -> None:
        """Call ``on_line``; its error is kept for the main thread, and the stream is read on."""
        try:
            on_line(line)
        except (OSError, ValueError) as error:
            self.error = error

    def text(self) -> str:
        """Return everything; waits briefly, as a grandchild may keep the stream open."""
        self._thread.join(_GRACE)
        return "".join(self.lines)

    def tail(self) -> str:
        return " | ".join(line.strip() for line in self.lines[-_TAIL:])


def _start(
    args: list[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    hint: str = "",
    *,
    holds_lock: bool = True,
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            args,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
            close_fds=not holds_lock,  # Python's own are closed all the same, save the locks of :mod:`lab.lock`
        )
    except FileNotFoundError:
        raise LabError(
            f"there is no program `{args[0]}` on this machine", hint or "run `make doctor`: it names what is missing"
        ) from None


def _feed(process: subprocess.Popen[str], stdin: str | None) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(stdin or "")
        process.stdin.close()
    except BrokenPipeError:
        return  # it ended without reading; the exit code says more
