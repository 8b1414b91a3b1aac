"""Prove a lesson: the start fails, each wrong fix fails, the text and the solution pass, reset restores."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from lab.config import Settings
from lab.errors import LabError
from lab.experiments.texts import LANGUAGES
from lab.kubernetes.client import Api
from lab.lessons.check import Checker, Result
from lab.lessons.definition import Lesson
from lab.lessons.terminal import Terminal
from lab.lessons.workspace import Workspace

_SETTLES = 4.0
"""Seconds that a failing state is looked at, beside the lesson's ``stable``: it must not pass a moment later."""
_PASSES = 90.0
_INTERVAL = 0.5


class NotProven(LabError):
    """A lesson does not do what it says."""


@dataclass
class Proof:
    """One proof; ``hints`` gathers the numbers of the hints that were reached."""

    workspace: Workspace
    checker: Checker
    report: Callable[[str], None]
    hints: set[int] = field(default_factory=set)

    @property
    def lesson(self) -> Lesson:
        return self.workspace.lesson

    def run(self) -> None:
        """Prove everything once; raises NotProven, or what a script raised."""
        terminal = Terminal(self.workspace)
        self._begin("start")
        self._fails("the start", patient=True)
        for name, script in self.lesson.wrong.items():
            self._begin(f"wrong fix {name}")
            terminal.script(script)
            self._fails(f"the wrong fix {name}")
        self._begin("text")
        with terminal.typed(self.lesson.documents["en"].blocks):
            if self.lesson.solution:
                self._fails("what the text does before the solution")
                self.report("solution")
                terminal.script(self.lesson.solution)
            self._passes()
            for block in self.lesson.documents["en"].evidence:
                for command in block.commands:
                    if not terminal.output(command):
                        raise NotProven(f"{self.lesson.id}: the evidence `{command}` printed nothing")
        self._begin("reset")
        if self.checker.check().holds:
            raise NotProven(f"{self.lesson.id} passes after a reset")
        missing = set(range(len(self.lesson.declared.hints))) - self.hints
        if missing:
            hints = "; ".join(_describe(self.lesson, number) for number in sorted(missing))
            raise NotProven(f"{self.lesson.id}: neither start nor wrong fixes reach the hint {hints}")

    def _begin(self, phase: str) -> None:
        self.report(phase)
        self.workspace.reset()

    def _fails(self, what: str, *, patient: bool = False) -> None:
        """Watch a state that must not pass; a patient look waits until a hint fits."""
        until = time.monotonic() + _SETTLES + self.lesson.stable
        latest = until + 30 if patient and self.lesson.declared.hints else until
        reached = False
        while time.monotonic() < until or (not reached and time.monotonic() < latest):
            result = self._watch(what)
            reached = reached or result.hint is not None
            time.sleep(_INTERVAL)

    def _watch(self, what: str) -> Result:
        *_, result = self.checker.until_decided()
        if result.holds:
            raise NotProven(f"{self.lesson.id} passes by {what}: {_seen(result)}")
        if result.hint is not None:
            self.hints.add(result.hint)
        return result

    def _passes(self) -> None:
        deadline = time.monotonic() + _PASSES
        while time.monotonic() < deadline:
            *_, result = self.checker.until_decided()
            if result.holds:
                return
            time.sleep(_INTERVAL)
        raise NotProven(f"{self.lesson.id} does not pass by its solution: {_seen(result)}")


def prove(
    settings: Settings, make_api: Callable[[Settings], Api], lesson: Lesson, report: Callable[[str], None]
) -> None:
    """Prove a lesson with a kubeconfig of its own, so that several are proven at once; its namespace goes at the end.

    Raises NotProven with what was seen; CommandFailed or TimedOut for a command that fails.
    """
    api = make_api(settings)
    with (
        TemporaryDirectory(prefix=f"{lesson.id}-") as folder,
        Workspace(settings, api, lesson, Path(folder)).with_own_kubeconfig() as workspace,
    ):
        try:
            with _ports(settings, lesson):
                Proof(workspace, Checker(workspace.settings, api, lesson), report).run()
        finally:
            workspace.end()


@contextmanager
def _ports(settings: Settings, lesson: Lesson) -> Iterator[None]:
    """Let one proof at a time have the ports of this computer that its text forwards."""
    if any(block.mode == "background" for block in lesson.documents[LANGUAGES[0]].blocks):
        settings.cache.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.cache / "lesson-ports.lock"):
            yield
    else:
        yield


def _seen(result: Result) -> str:
    return "; ".join(f"{verdict.condition} {verdict.outcome}: {verdict.seen}" for verdict in result.verdicts)


def _describe(lesson: Lesson, number: int) -> str:
    hint = lesson.declared.hints[number]
    return f"{number} ({hint.condition}, when {hint.when})"
