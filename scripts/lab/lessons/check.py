"""Check a lesson: each condition is a sentence with a verdict and what was seen, computed anew each time."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from jmespath.exceptions import JMESPathError

from lab.config import Settings
from lab.errors import LabError
from lab.experiments.texts import Language
from lab.kubernetes.client import Api
from lab.lessons import state, template
from lab.lessons.definition import Condition, Hint, Lesson
from lab.lessons.observations import Observations, Observer
from lab.lessons.state import State

Outcome = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """One condition: ``seen`` is what the cluster showed, or why it is unknown."""

    condition: str
    sentence: str
    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Result:
    """All conditions at one moment, none where the lesson is not started; ``hint`` is the number of one that fits."""

    lesson: str
    verdicts: tuple[Verdict, ...]
    hint: int | None
    seconds: float
    state: State

    @property
    def started(self) -> bool:
        return bool(self.verdicts)

    @property
    def holds(self) -> bool:
        return self.started and all(verdict.outcome == "pass" for verdict in self.verdicts)


@dataclass(frozen=True)
class Checker:
    """Checks one lesson, again and again."""

    settings: Settings
    api: Api
    lesson: Lesson
    language: Language = "en"

    def check(self) -> Result:
        """Measure and judge; raises LabError where the API server does not answer."""
        begun = time.monotonic()
        namespace, declared = self.lesson.namespace, self.lesson.declared
        if self.api.get(f"/api/v1/namespaces/{namespace}") is None:
            return Result(self.lesson.id, (), None, time.monotonic() - begun, {})
        live = state.read(self.api, namespace, self.language)
        observer = Observer(self.settings, self.api, namespace, self.language)
        observations = observer.observe(declared.observe, live)
        whole = {**live, **observations.values}
        verdicts = tuple(judge(each, whole, observations, self.language) for each in declared.conditions)
        hint = choose(declared.hints, verdicts, whole)
        return Result(self.lesson.id, verdicts, hint, time.monotonic() - begun, whole)

    def until_decided(self, *, interval: float = 0.5) -> Iterator[Result]:
        """Yield results until one does not hold, or all have held for the lesson's ``stable`` seconds."""
        held_since = time.monotonic()
        while True:
            result = self.check()
            yield result
            if not result.holds or time.monotonic() - held_since >= self.lesson.stable:
                return
            time.sleep(interval)


def judge(condition: Condition, whole: State, observations: Observations, language: Language) -> Verdict:
    """Judge one condition: unknown where it uses an observation that could not be made."""
    sentence = condition.sentence.of(language)
    missing = [
        why for name, why in observations.unknown.items() if re.search(rf"\b{re.escape(name)}\b", condition.holds)
    ]
    if missing:
        return Verdict(condition.id, sentence, "unknown", missing[0])
    shows = template.fill(condition.shows.of(language), whole)
    return Verdict(condition.id, sentence, "pass" if _is_true(condition.holds, whole) else "fail", shows)


def choose(hints: tuple[Hint, ...], verdicts: tuple[Verdict, ...], whole: State) -> int | None:
    """Return the number of the first hint whose condition fails and which fits what was observed."""
    failing = [verdict.condition for verdict in verdicts if verdict.outcome == "fail"]
    fitting = (n for n, hint in enumerate(hints) if hint.condition in failing and _is_true(hint.when, whole))
    return next(fitting, None)


def _is_true(expression: str, whole: State) -> bool:
    """Tell whether an expression is true; one about what is not there is not."""
    try:
        return template.evaluate(expression, whole) is True
    except JMESPathError as error:
        raise LabError(f"{expression} cannot be evaluated: {error}", "mend the lesson's lesson.yaml") from None
