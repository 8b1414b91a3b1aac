"""Sentences of the course, put to the cluster: a verdict for each, drawn from what other experiments measured.

A sentence is true where everything that it says was measured, has a nuance where something that it leaves out was
measured too, and is false where something that it says was not. Where evidence is missing the verdict is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from lab.config import Settings
from lab.experiments import catalog, parallel
from lab.experiments.results import Cell, Claim, Exhibit, Expectation, Experiment, Verdict
from lab.experiments.run import Run
from lab.experiments.texts import Text
from lab.experiments.timed.expectations import word
from lab.kubernetes.client import Api
from lab.steps import Event, Report

MAX_EXHIBITS = 4


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence; ``because`` explains ``verdict``, and is shown where the cluster gives that verdict."""

    says: Text
    because: Text
    verdict: Verdict
    shows: tuple[str, ...]
    leaves_out: tuple[str, ...] = ()

    @property
    def refs(self) -> tuple[str, ...]:
        """What the verdict is drawn from: EXPERIMENT/CELL or EXPERIMENT/CHECK."""
        return tuple(dict.fromkeys(shown.partition("=")[0] for shown in (*self.shows, *self.leaves_out)))


SENTENCES = msgspec.yaml.decode(Path(__file__).with_name("claims.yaml").read_bytes(), type=dict[str, Sentence])
EXPERIMENTS = tuple(sorted({ref.partition("/")[0] for sentence in SENTENCES.values() for ref in sentence.refs}))
"""The experiments that the verdicts are drawn from."""


@dataclass(frozen=True)
class Evidence:
    """What was measured: cells as ``names/guest/pod-name``, expectations as ``limits/memory-code``."""

    cells: Mapping[str, Cell]
    expectations: Mapping[str, Expectation]

    def shows(self, shown: str) -> bool | None:
        """Tell whether ``REF=VALUE`` was measured; None where nothing was, or nothing was shown by it."""
        ref, _, value = shown.partition("=")
        measured = self.measured(ref)
        if ref in self.expectations and not self.expectations[ref].shown:
            return None
        if measured in {None, "unmeasured", word("").en}:
            return None
        return measured == (value if ref in self.cells else word(value).en)

    def measured(self, ref: str) -> str | None:
        if ref in self.cells:
            return self.cells[ref].measured.outcome
        return self.expectations[ref].measured.en.partition(",")[0] if ref in self.expectations else None

    def exhibits(self, ref: str) -> tuple[Exhibit, ...]:
        source = self.cells.get(ref) or self.expectations.get(ref)
        return source.exhibits if source else ()


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:  # noqa: ARG001 - the catalog's interface
    """Run the experiments that the verdicts need, in parallel, and judge; raises LabError."""

    def emit(event: Event) -> None:
        report(f"{event.step}: {event.detail}")

    ran = parallel.run_all([catalog.CATALOGUE[name] for name in EXPERIMENTS], settings, image, emit)
    for error in ran.errors.values():
        if not ran.experiments:
            raise error
        report.note(f"{error.what}: what the others measured is judged; {error.hint}".removesuffix("; "))
    return judged(ran.experiments)


def judged(experiments: Mapping[str, Experiment]) -> Experiment:
    """Judge every sentence by these experiments' results; what one that is missing would show is not shown."""
    evidence = gather(experiments.values())
    began = min(datetime.fromisoformat(experiment.began) for experiment in experiments.values())
    claims = tuple(claim(name, sentence, evidence) for name, sentence in SENTENCES.items())
    return Run(catalog.find("claims"), began).ended(next(iter(experiments.values())).cluster, claims=claims)


def gather(experiments: Iterable[Experiment]) -> Evidence:
    cells: dict[str, Cell] = {}
    expectations: dict[str, Expectation] = {}
    for experiment in experiments:
        for cell in experiment.cells:
            parts = (experiment.experiment, cell.variant, cell.vantage, cell.address)
            cells["/".join(filter(None, parts))] = cell
        expectations |= {f"{experiment.experiment}/{each.id}": each for each in experiment.expectations}
    return Evidence(cells, expectations)


def claim(name: str, sentence: Sentence, evidence: Evidence) -> Claim:
    verdict = judge(sentence, evidence)
    exhibits = [exhibit for ref in sentence.refs for exhibit in evidence.exhibits(ref)[:2]]
    return Claim(
        id=name,
        says=sentence.says,
        verdict=verdict,
        because=sentence.because if verdict == sentence.verdict else _measured(sentence, evidence),
        shown_by=sentence.refs,
        exhibits=tuple(exhibits[:MAX_EXHIBITS]),
        agrees=verdict == sentence.verdict,
        shown=verdict != "unknown",
    )


def judge(sentence: Sentence, evidence: Evidence) -> Verdict:
    shown = [evidence.shows(each) for each in sentence.shows]
    left_out = [evidence.shows(each) for each in sentence.leaves_out]
    if None in shown or None in left_out:
        return "unknown"
    if not all(shown):
        return "false"
    return "nuance" if any(left_out) else "true"


def _measured(sentence: Sentence, evidence: Evidence) -> Text:
    measured = ", ".join(f"{ref}: {evidence.measured(ref) or 'nothing'}" for ref in sentence.refs)
    return Text(en=f"Seen on this cluster: {measured}.", fr=f"Observé sur ce cluster : {measured}.")
