"""How `lab experiment` runs experiments: with its options, in the session's view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import steps
from lab.experiments import catalog, parallel
from lab.experiments.course import claims
from lab.experiments.results import summary
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lab.cli.session import Session
    from lab.config import Settings
    from lab.errors import LabError
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Experiment
    from lab.experiments.texts import Language
    from lab.kubernetes.client import Api
    from lab.steps import Event, Report


@dataclass(frozen=True)
class Options:
    """The command's options; empty where they are not given."""

    language: Language
    why: str = ""
    only: tuple[str, ...] = ()
    predict: bool = False
    watch: bool = False
    html: Path | None = None
    manifests: bool = False


@dataclass(frozen=True)
class Runner:
    """What an experiment is run with: the cluster's API, and the backend's image in the lab's registry."""

    session: Session
    options: Options
    api: Api
    image: str

    @property
    def settings(self) -> Settings:
        return self.session.settings

    def run(self, entry: Entry) -> Experiment:
        """Run one experiment as a step of the view; raises LabError."""
        results: list[Experiment] = []
        only = {"only": self.options.only} if self.options.only else {}

        def act(report: Report) -> str:
            results.append(entry.run(self.settings, self.api, self.image, report, **only))
            return summary(results[0])

        with self.view() as emit:
            steps.run([Step(entry.id, act, expected=entry.seconds)], emit)
        return results[0]

    def run_all(self) -> tuple[list[Experiment], list[LabError]]:
        """Run all experiments, judge what the course says by them, and return why some could not be run."""
        entries = [entry for entry in catalog.CATALOGUE.values() if entry.id != "claims"]
        with self.view() as emit:
            ran = parallel.run_all(entries, self.settings, self.image, emit)
        judged = [claims.judged(ran.experiments)] if ran.experiments else []
        return [*ran.experiments.values(), *judged], list(ran.errors.values())

    def view(self) -> AbstractContextManager[Callable[[Event], None]]:
        return self.session.view(on_stderr=self.session.as_json)
