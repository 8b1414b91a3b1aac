"""Watch a lesson: check it again and again, and tell when all has held for long enough."""

import time
from dataclasses import dataclass, field

from lab.lessons.check import Result
from lab.lessons.learner import Learner


@dataclass(frozen=True)
class Look:
    """One check: ``passed`` once everything has held for the lesson's ``stable`` seconds; ``left`` of them."""

    result: Result
    passed: bool
    left: float


@dataclass
class Watch:
    """Looks at one lesson; a pass is noted in the progress file, and is lost as soon as a condition fails."""

    learner: Learner
    held_since: float | None = field(default=None, init=False)

    def look(self) -> Look:
        """Check once; raises LabError where the API server does not answer."""
        result = self.learner.checker.check()
        now = time.monotonic()
        if not result.holds:
            self.held_since = None
            return Look(result, passed=False, left=self.learner.lesson.stable)
        self.held_since = now if self.held_since is None else self.held_since
        left = self.learner.lesson.stable - (now - self.held_since)
        if left <= 0:
            self.learner.note_pass()
        return Look(result, passed=left <= 0, left=max(0.0, left))
