"""Every experiment by its id: what it asks, how long it takes, and where it is; a module is loaded when it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lab.config import Settings
from lab.errors import BadInput
from lab.experiments import texts
from lab.experiments.results import Experiment
from lab.experiments.texts import Text
from lab.kubernetes.client import Api
from lab.steps import Report


@dataclass(frozen=True)
class Entry:
    """One experiment: its expected ``seconds`` on two cores, and its module.

    ``watchable`` tells that its environment can be left standing and measured again.
    """

    id: str
    seconds: float
    module: str
    watchable: bool = False

    @property
    def title(self) -> Text:
        return _TEXTS.section(self.id)["title"]

    @property
    def question(self) -> Text:
        return _TEXTS.section(self.id)["question"]

    def run(self, settings: Settings, api: Api, image: str, report: Report, **options: Sequence[str]) -> Experiment:
        """Run it with the backend's ``image``; raises LabError."""
        result: Experiment = self._module().run(settings, api, image, report, **options)
        return result

    def environment(self, settings: Settings, api: Api, image: str, report: Report) -> Any:
        """Return the context manager of its environment; raises BadInput where it cannot be measured again."""
        if not self.watchable:
            others = " and ".join(WATCHABLE)
            raise BadInput(f"{self.id} happens in time, and cannot be looked at again", f"--watch goes with {others}")
        return self._module().environment(settings, api, image, report)

    def manifests(self, image: str) -> str:
        """Return the Pods and Services of an experiment in time as YAML."""
        return str(self._module().manifests(image))

    def _module(self) -> Any:
        return import_module(f"lab.experiments.{self.module}")


_ENTRIES = (
    Entry("names", 10, "matrix.names", watchable=True),
    Entry("binds", 12, "matrix.bind_addresses", watchable=True),
    Entry("whatif", 40, "matrix.whatif"),
    Entry("readiness", 30, "timed.readiness"),
    Entry("liveness", 40, "timed.liveness"),
    Entry("startup", 40, "timed.startup"),
    Entry("probes", 40, "timed.probes"),
    Entry("limits", 30, "timed.limits"),
    Entry("qos", 20, "timed.qos"),
    Entry("top", 60, "timed.top"),
    Entry("termination", 30, "timed.termination"),
    Entry("database", 40, "timed.database"),
    Entry("course", 15, "course.commands"),
    Entry("claims", 75, "course.claims"),
)
CATALOGUE: dict[str, Entry] = {entry.id: entry for entry in _ENTRIES}
MATRICES = tuple(entry.id for entry in _ENTRIES if entry.module.startswith("matrix."))
WATCHABLE = tuple(entry.id for entry in _ENTRIES if entry.watchable)
TIMED = tuple(entry.id for entry in _ENTRIES if entry.module.startswith("timed."))
_TEXTS = texts.load("catalog").section("experiments", CATALOGUE)
ALL, EVERYTHING = "all", 75.0
"""Every experiment at once, and how many seconds that takes on two cores."""


def find(name: str) -> Entry:
    """Return the experiment of that id; raises BadInput with those that there are."""
    if name not in CATALOGUE:
        raise BadInput(f"there is no experiment {name!r}", f"use one of {', '.join((*CATALOGUE, ALL))}")
    return CATALOGUE[name]
