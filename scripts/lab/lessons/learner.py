"""What a learner does with a lesson: start, check, hint, solution, reset; each leaves its trace in the progress file.

The one place that the command line, the terminal's view and the browser's stand on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import Settings
from lab.errors import LabError
from lab.experiments.texts import Language
from lab.kubernetes.client import Api
from lab.lessons import progress, workspace
from lab.lessons.check import Checker, Result
from lab.lessons.definition import Lesson
from lab.lessons.progress import LessonProgress
from lab.lessons.terminal import Terminal
from lab.lessons.workspace import Workspace


@dataclass(frozen=True)
class Evidence:
    """A command of the explanation, and what it printed on this cluster."""

    command: str
    output: str


@dataclass(frozen=True)
class HintGiven:
    """The steps of a hint that the learner has had so far, the newest last; ``more`` tells whether there is another."""

    condition: str
    steps: tuple[str, ...]
    more: bool


@dataclass(frozen=True)
class Learner:
    """One learner at one lesson."""

    settings: Settings
    api: Api
    lesson: Lesson
    language: Language
    progress_file: Path = field(default_factory=progress.file)
    work_folder: Path | None = None

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.settings, self.api, self.lesson, self.work_folder or workspace.work_folder(self.lesson))

    @property
    def checker(self) -> Checker:
        return Checker(self.settings, self.api, self.lesson, self.language)

    def start(self) -> bool:
        """Start the lesson, or go on with it where it was left; tells whether it is a new start."""
        space = self.workspace
        is_new = not space.is_started
        space.start()
        space.choose_namespace()
        self._note(_open)
        return is_new

    def reset(self) -> None:
        space = self.workspace
        space.reset()
        space.choose_namespace()
        self._note(lambda entry: setattr(entry, "resets", entry.resets + 1))

    def check(self) -> Iterator[Result]:
        """Yield the first verdict at once, then one every half second until it is decided."""
        result = None
        for result in self.checker.until_decided():
            yield result
        self._note(lambda entry: setattr(entry, "checks", entry.checks + 1))
        if result and result.holds:
            self.note_pass()

    def note_pass(self) -> None:
        """Write down when the lesson was passed first."""
        if not self.progress.passed:
            self._note(_pass)

    def hint(self, result: Result) -> HintGiven | None:
        """Give the next step of the hint that fits what was observed; None where no condition fails, or none fits."""
        if result.hint is None:
            return None
        hint, key = self.lesson.declared.hints[result.hint], str(result.hint)

        def give(entry: LessonProgress) -> None:
            entry.hints[key] = min(entry.hints.get(key, 0) + 1, len(hint.steps))

        given = self._note(give).hints[key]
        steps = tuple(step.of(self.language) for step in hint.steps[:given])
        return HintGiven(hint.condition, steps, given < len(hint.steps))

    def solution(self) -> str:
        self._note(lambda entry: setattr(entry, "solution_seen", True))
        return workspace.solution(self.lesson, self.language)

    def predicted(self, right: int, of: int) -> None:
        """Keep the score of the predictions; the first counts."""

        def keep(entry: LessonProgress) -> None:
            if not entry.predictions:
                entry.predicted, entry.predictions = right, of

        self._note(keep)

    def evidence(self) -> list[Evidence]:
        """Run the commands of the explanation on this cluster."""
        commands = [command for block in self.lesson.documents[self.language].evidence for command in block.commands]
        with self.workspace.with_own_kubeconfig() as workspace:
            terminal = Terminal(workspace)
            return [Evidence(command, _printed(terminal, command)) for command in commands]

    @property
    def progress(self) -> LessonProgress:
        return progress.load(self.progress_file).of(self.lesson.id)

    def _note(self, change: Callable[[LessonProgress], object]) -> LessonProgress:
        whole = progress.load(self.progress_file)
        entry = whole.of(self.lesson.id)
        change(entry)
        progress.save(self.progress_file, whole)
        return entry


def _printed(terminal: Terminal, command: str) -> str:
    """Return what a command printed, or why it failed: the explanation is shown in any case."""
    try:
        return terminal.output(command)
    except LabError as error:
        return error.what


def _open(entry: LessonProgress) -> None:
    entry.opened = progress.now()
    entry.started = entry.started or entry.opened


def _pass(entry: LessonProgress) -> None:
    entry.passed = entry.passed or progress.now()
