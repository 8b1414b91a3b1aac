"""The lessons in plain lines: for a screen reader, a terminal without cursor movement, or a pipe."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lab.errors import BadInput, LabError
from lab.experiments.texts import Language, load
from lab.lessons import content, definition, progress
from lab.lessons.check import Outcome, Result
from lab.lessons.definition import Lesson
from lab.lessons.learner import Learner

_TEXTS = load("lessons").section("learn").section("plain")
_OUTCOMES: dict[Outcome, str] = {"pass": "passes", "fail": "fails", "unknown": "unknown"}
QUIT = "quit"


@dataclass
class PlainView:
    """Reads words, a line each, and answers in lines that make sense when read aloud."""

    lessons: tuple[Lesson, ...]
    make_learner: Callable[[Lesson], Learner]
    language: Language
    write: Callable[[str], None]
    learner: Learner | None = None

    def run(self, lines: Iterable[str]) -> None:
        """Obey each line until ``quit`` or their end; what fails is said, and the next line read."""
        self._list()
        self.write(_TEXTS["help"].of(self.language))
        for line in lines:
            word = line.strip().lower()
            if word == QUIT:
                return
            try:
                self._obey(word)
            except LabError as error:
                self.write(f"{error.what}. {error.hint}")

    def _obey(self, word: str) -> None:
        if word == "list":
            self._list()
        elif word in {"check", "hint", "solution", "reset"}:
            self._act(word)
        elif word:
            self._open(word)

    def _list(self) -> None:
        done = progress.load(progress.file()).lessons
        for lesson in self.lessons:
            self.write(content.row(lesson, done.get(lesson.id), self.language))

    def _open(self, name: str) -> None:
        self.learner = self.make_learner(definition.find(name))
        self.learner.start()
        self.write(content.before(self.learner.lesson, self.language))

    def _act(self, word: str) -> None:
        if self.learner is None:
            raise BadInput(_TEXTS["no-lesson"].of(self.language).rstrip("."), _TEXTS["help"].of(self.language))
        {"check": self._check, "hint": self._hint, "solution": self._solution, "reset": self._reset}[word](self.learner)

    def _check(self, learner: Learner) -> None:
        *_, result = learner.check()
        self._verdicts(result)
        if result.holds:
            self.write(content.after(learner.lesson, learner.evidence(), self.language))

    def _verdicts(self, result: Result) -> None:
        for verdict in result.verdicts:
            outcome = _TEXTS[_OUTCOMES[verdict.outcome]].of(self.language)
            self.write(f"{verdict.sentence} {outcome}: {verdict.seen}")

    def _hint(self, learner: Learner) -> None:
        given = learner.hint(learner.checker.check())
        no_hint = load("lessons").section("learn")["no-hint"].of(self.language)
        self.write(given.steps[-1] if given else no_hint)

    def _solution(self, learner: Learner) -> None:
        self.write(learner.solution())

    def _reset(self, learner: Learner) -> None:
        learner.reset()
        self.write(content.before(learner.lesson, self.language))
