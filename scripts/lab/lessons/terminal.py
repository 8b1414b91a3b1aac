"""Run a lesson's commands as a learner would: in its work folder, in a terminal where one is needed."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import shell, waiting
from lab.errors import LabError, TimedOut
from lab.lessons.document import Block
from lab.lessons.workspace import Workspace

_SECONDS = 120.0
_STARTS = 30.0
_PROMPT = re.compile(rb"[#$>] ?(\x1b\[[0-9;]*[A-Za-z])*$")
_BASH = ("bash", "-euo", "pipefail")


class StepFailed(LabError):
    """A command of the lesson did not end as its text says."""


@dataclass(frozen=True)
class Terminal:
    """Runs commands in a workspace."""

    workspace: Workspace

    def script(self, path: Path) -> None:
        """Run a script of the lesson; raises CommandFailed or TimedOut."""
        self._bash(str(path))

    @contextlib.contextmanager
    def typed(self, blocks: tuple[Block, ...]) -> Iterator[None]:
        """Run the blocks of a text in order; what runs in the background ends with the ``with`` block."""
        with contextlib.ExitStack() as stack:
            for block in blocks:
                self._run(block, stack)
            yield

    def output(self, command: str) -> str:
        """Return what a command printed; kubectl writes `No resources found` where errors go."""
        done = self._bash("-c", command)
        return (done.stdout or done.stderr).rstrip()

    def _run(self, block: Block, stack: contextlib.ExitStack) -> None:
        text = "\n".join(block.commands)
        match block.mode:
            case "":
                self._bash("-c", text)
            case "fails":
                for command in block.commands:
                    self._fails(command)
            case "background":
                for command in block.commands:
                    stack.enter_context(self._background(command))
            case "tty":
                self._in_terminal(text, block.typed)

    def _bash(self, *args: str, check: bool = True) -> shell.Completed:
        environment = self.workspace.environment()
        return shell.run([*_BASH, *args], timeout=_SECONDS, env=environment, cwd=self.workspace.folder, check=check)

    def _fails(self, command: str) -> None:
        if self._bash("-c", command, check=False).code == 0:
            raise StepFailed(f"`{command}` succeeded, and the text says that it fails")

    @contextlib.contextmanager
    def _background(self, command: str) -> Iterator[None]:
        """Start a command, and wait until it has printed something."""
        environment, folder = {**os.environ, **self.workspace.environment()}, self.workspace.folder
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        output = shell.LineReader(process.stdout)
        try:
            waiting.until(f"`{command}` to print", lambda: _has_begun(process, output, command), timeout=_STARTS)
            yield
        finally:
            shell.end(process)

    def _in_terminal(self, command: str, typed: tuple[str, ...]) -> None:
        """Run a command in a terminal, type a line at each prompt, and wait for its end; raises StepFailed."""
        environment, folder = {**os.environ, **self.workspace.environment(), "TERM": "dumb"}, self.workspace.folder
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", command],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        os.close(terminal)
        try:
            printed = _converse(controller, typed, f"`{command}`")
            if process.wait(_STARTS):
                raise StepFailed(
                    f"`{command}` ended with {process.returncode}: {printed[-300:].decode(errors='replace')}"
                )
        finally:
            os.close(controller)
            if process.poll() is None:
                process.kill()
                process.wait()


def _has_begun(process: "subprocess.Popen[str]", output: shell.LineReader, command: str) -> tuple[bool, str]:
    if not output.lines and process.poll() is not None:
        raise StepFailed(f"`{command}` ended with {process.returncode} and printed nothing")
    if output.lines and process.poll():
        raise StepFailed(f"`{command}` ended with {process.returncode}: {output.tail()}")
    return bool(output.lines), "nothing"


def _converse(controller: int, typed: tuple[str, ...], what: str) -> bytes:
    """Type each line at a prompt, and read until the program closes the terminal; raises TimedOut."""
    printed = b""
    lines = list(typed)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        readable, _, _ = select.select([controller], [], [], 1.0)
        if readable:
            try:
                received = os.read(controller, 4096)
            except OSError:  # Linux: the other end has closed the terminal
                return printed
            if not received:
                return printed
            printed += received
        elif lines and _PROMPT.search(printed):
            os.write(controller, lines.pop(0).encode() + b"\n")
            printed += b"\n"
    raise TimedOut(what, _SECONDS, printed[-300:].decode(errors="replace"))
