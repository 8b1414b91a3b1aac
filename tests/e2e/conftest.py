"""The course's words are typed as a student would: in a shell, with ``k`` for kubectl, and on a terminal."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import shell
from lab.testing import Namespace


class Terminal:
    """A terminal with a program on it: type into it, and wait for words."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self._side, theirs = pty.openpty()
        self.seen = ""
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=cwd, start_new_session=True
        )
        os.close(theirs)

    def type(self, line: str) -> None:
        os.write(self._side, f"{line}\n".encode())

    def until(self, words: str, timeout: float = 30) -> str:
        """Read until these words come, and return everything seen; at the deadline, fail with that."""
        deadline = time.monotonic() + timeout
        while words not in self.seen:
            left = deadline - time.monotonic()
            if left <= 0 or not self._read(left):
                pytest.fail(f"no {words!r} on the terminal, but: {self.seen}")
        return self.seen

    def close(self) -> int:
        """End the program if it still runs, and return its exit code."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait(5)
        os.close(self._side)
        return code

    def _read(self, timeout: float) -> bool:
        if not select.select([self._side], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._side, 65536)
        except OSError:  # the program ended, and with it the other side
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


@dataclass(frozen=True)
class Student:
    """Somebody in a folder of their own, whose kubectl is set to a namespace of their own."""

    folder: Path
    env: dict[str, str]
    namespace: Namespace

    def types(self, command: str, *, timeout: float = 60, check: bool = True) -> shell.Completed:
        """Run a line in a shell."""
        return shell.run(self._shell(command), timeout=timeout, check=check, env=self.env, cwd=self.folder)

    @contextmanager
    def on_a_terminal(self, command: str) -> Iterator[Terminal]:
        """Run a line on a terminal; whatever is on it ends with the block."""
        terminal = Terminal(self._shell(command), {**os.environ, **self.env}, self.folder)
        try:
            yield terminal
        finally:
            terminal.close()

    def waits_for(self, pod: str, condition: str = "condition=Ready", timeout: int = 90) -> None:
        """Wait for a Pod's state, as `kubectl wait` names it."""
        self.types(f"kubectl wait --for={condition} pod/{pod} --timeout={timeout}s", timeout=timeout + 5)

    @staticmethod
    def _shell(command: str) -> list[str]:
        return ["bash", "-c", command]


@pytest.fixture
def student(namespace: Namespace, tmp_path: Path) -> Student:
    settings = namespace.cluster.settings
    config = tmp_path / "kubeconfig"
    config.write_text(settings.kubeconfigs[0].read_text())
    programs = tmp_path / "bin"
    programs.mkdir()
    beside = Path(sys.prefix) / "bin"
    for name in ("kubectl", "k"):
        (programs / name).symlink_to(beside / name)
    folder = tmp_path / "course"
    folder.mkdir()
    made = Student(folder, {"KUBECONFIG": str(config), "PATH": f"{programs}:{os.environ['PATH']}"}, namespace)
    made.types(f"kubectl config use-context {settings.context}")
    made.types(f"kubectl config set-context --current --namespace={namespace.name}")
    return made
