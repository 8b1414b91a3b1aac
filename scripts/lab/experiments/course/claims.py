"""What the course states, put to the cluster: a verdict for each sentence, drawn from what the experiments measured.

A sentence is true where everything that it says was seen, has a nuance where something that it leaves out was seen too,
and is not as said where something that it says was not. What was not measured is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab.experiments import catalog, parallel
from lab.experiments.course.claims_said import NEEDED, SENTENCES
from lab.experiments.results import Claim, Experiment
from lab.experiments.texts import Text
from lab.experiments.timed.expecting import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.config import Settings
    from lab.experiments.results import Cell, Exhibit, Expectation, Verdict
    from lab.experiments.sentence import Sentence, Shows
    from lab.kubernetes.client import Api
    from lab.steps import Event, Report

_EXHIBITS = 4
"""So many exhibits are shown with a claim: one or two of each thing that it stands on."""


@dataclass(frozen=True)
class Evidence:
    """What was measured, by the name that `Shows` gives it: a cell's outcome, or an expectation's short word."""

    cells: Mapping[str, Cell]
    facts: Mapping[str, Expectation]

    def saw(self, one: Shows) -> bool | None:
        """Tell whether that was seen; None where nothing was measured."""
        known = one.ref in self.cells or one.ref in self.facts
        word = self.word(one.ref)
        if not known or word in {"unmeasured", said("").en}:
            return None
        return word == (one.value if one.ref in self.cells else said(one.value).en)

    def word(self, ref: str) -> str:
        """Return what was measured there, in short."""
        if ref in self.cells:
            return self.cells[ref].measured.outcome
        return self.facts[ref].measured.en.partition(",")[0] if ref in self.facts else "nothing"

    def exhibits(self, ref: str) -> tuple[Exhibit, ...]:
        """Return the evidence for it."""
        found = self.cells.get(ref) or self.facts.get(ref)
        return found.exhibits if found else ()


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:  # noqa: ARG001 - all are called alike
    """Run the experiments that the verdicts need, at the same time, and judge; raises LabError."""

    def emit(event: Event) -> None:
        report(f"{event.step}: {event.detail}")

    ran = parallel.together([catalog.CATALOGUE[one] for one in NEEDED], settings, image, emit)
    for error in ran.failed.values():
        raise error
    return judged(ran.found)


def judged(found: Mapping[str, Experiment]) -> Experiment:
    """Judge every sentence by what these experiments found."""
    evidence = gather(found.values())
    entry = catalog.find("claims")
    any_one = next(iter(found.values()))
    claims = tuple(claim(one, evidence) for one in SENTENCES)
    return Experiment(
        experiment="claims",
        title=entry.title,
        question=entry.question,
        cluster=any_one.cluster,
        began=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=max(one.seconds for one in found.values()),
        agrees=all(one.agrees for one in claims),
        claims=claims,
    )


def gather(found: Iterable[Experiment]) -> Evidence:
    """Name all that was measured: ``names/guest/pod-name``, ``binds/::1/other/pod-ip``, ``limits/memory-code``."""
    cells: dict[str, Cell] = {}
    facts: dict[str, Expectation] = {}
    for one in found:
        for cell in one.cells:
            parts = (one.experiment, cell.variant, cell.vantage, cell.address)
            cells["/".join(filter(None, parts))] = cell
        facts |= {f"{one.experiment}/{fact.id}": fact for fact in one.expectations}
    return Evidence(cells, facts)


def claim(sentence: Sentence, evidence: Evidence) -> Claim:
    """Judge one sentence."""
    verdict = judge(sentence, evidence)
    refs = tuple(dict.fromkeys(one.ref for one in (*sentence.says_that, *sentence.leaves_out)))
    shown = [each for ref in refs for each in evidence.exhibits(ref)[:2]]
    return Claim(
        id=sentence.id,
        says=sentence.says,
        verdict=verdict,
        because=sentence.because if verdict == sentence.known else _otherwise(sentence, evidence),
        shown_by=refs,
        exhibits=tuple(shown[:_EXHIBITS]),
        agrees=verdict == sentence.known,
    )


def judge(sentence: Sentence, evidence: Evidence) -> Verdict:
    """Weigh what was seen against what the sentence says and leaves out."""
    says = [evidence.saw(one) for one in sentence.says_that]
    more = [evidence.saw(one) for one in sentence.leaves_out]
    if None in says or None in more:
        return "unknown"
    if not all(says):
        return "false"
    return "nuance" if any(more) else "true"


def _otherwise(sentence: Sentence, evidence: Evidence) -> Text:
    """Say what was seen, where it is not what the sentence's own explanation speaks of."""
    seen = ", ".join(f"{one.ref}: {evidence.word(one.ref)}" for one in (*sentence.says_that, *sentence.leaves_out))
    return Text(en=f"Seen on this cluster: {seen}.", fr=f"Observé sur ce cluster : {seen}.")
