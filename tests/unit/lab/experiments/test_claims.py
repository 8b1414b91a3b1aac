"""Verdicts follow what was measured: turn a fact around and the verdict turns; take it away and it is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lab.experiments.course import claims
from lab.experiments.course.claims_said import NEEDED, SENTENCES
from lab.experiments.results import Cell, Expectation, Measurement, Prediction
from lab.experiments.sentence import Sentence, Shows
from lab.experiments.texts import Text
from lab.experiments.timed.expecting import said

TEXT = Text("text", "texte")
SAYS, MORE = Shows("names/guest/pod-name", "answers"), Shows("limits/memory-code", "137")


def cell(ref, outcome):
    _, *variant, vantage, address = ref.split("/")
    found = Measurement(outcome)
    return Cell(
        vantage,
        address,
        "",
        Prediction(outcome),
        found,
        agrees=True,
        mechanism="",
        because=TEXT,
        variant="".join(variant),
    )


def fact(ref, value):
    name = ref.rpartition("/")[2]
    return Expectation(name, "", TEXT, said(value), said(value), agrees=True, because=TEXT)


@dataclass
class Measured:
    """What was measured, one thing at a time."""

    cells: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def put(self, ref, value):
        if ref.partition("/")[0] in {"names", "binds"}:
            self.cells[ref] = cell(ref, value)
        else:
            self.facts[ref] = fact(ref, value)
        return self

    @property
    def evidence(self):
        return claims.Evidence(self.cells, self.facts)


def as_known(sentence):
    """Measure what makes the sentence's verdict the one that its explanation speaks of."""
    found = Measured()
    for one in sentence.leaves_out:
        found.put(one.ref, one.value)
    for one in sentence.says_that:
        found.put(one.ref, one.value)
    if sentence.known == "false":
        found.put(sentence.says_that[-1].ref, "no")
    return found


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        pytest.param({SAYS.ref: "answers", MORE.ref: "0"}, "true", id="all that it says"),
        pytest.param({SAYS.ref: "answers", MORE.ref: "137"}, "nuance", id="and what it leaves out"),
        pytest.param({SAYS.ref: "refused", MORE.ref: "137"}, "false", id="not what it says"),
        pytest.param({SAYS.ref: "answers"}, "unknown", id="half measured"),
        pytest.param({SAYS.ref: "unmeasured", MORE.ref: "137"}, "unknown", id="a cell that could not be tried"),
        pytest.param({SAYS.ref: "answers", MORE.ref: ""}, "unknown", id="a fact of which nothing was seen"),
        pytest.param({}, "unknown", id="nothing measured"),
    ],
)
def test_a_verdict_is_drawn_from_what_was_seen(seen, verdict):
    found = Measured()
    for ref, value in seen.items():
        found.put(ref, value)
    assert claims.judge(Sentence("x", TEXT, "true", TEXT, (SAYS,), (MORE,)), found.evidence) == verdict


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: one.id)
def test_each_sentence_has_its_verdict_where_all_is_as_known(sentence):
    found = claims.claim(sentence, as_known(sentence).evidence)
    assert found.verdict == sentence.known
    assert found.because is sentence.because
    assert found.shown_by


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: one.id)
def test_each_verdict_turns_with_what_it_says(sentence):
    """No verdict is a constant: another measurement gives another one, and then what was seen is said instead."""
    measured = as_known(sentence)
    for one in sentence.says_that:
        measured.put(one.ref, "timeout" if sentence.known != "false" else one.value)
    found = claims.claim(sentence, measured.evidence)
    assert found.verdict != sentence.known
    assert sentence.says_that[0].ref in found.because.en
    assert sentence.says_that[0].ref in found.because.fr


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: one.id)
def test_it_stands_on_experiments_that_are_run_for_it(sentence):
    assert {one.ref.partition("/")[0] for one in (*sentence.says_that, *sentence.leaves_out)} <= set(NEEDED)


def test_there_are_as_many_as_the_module_has_statements():
    assert len({one.id for one in SENTENCES}) == len(SENTENCES) >= 15


def test_a_time_beside_the_word_does_not_hide_it():
    late = Expectation("x", "", TEXT, TEXT, Text("refused, 3.1 s after", "refusé"), agrees=True, because=TEXT)
    evidence = claims.Evidence({}, {"readiness/x": late})
    assert evidence.saw(Shows("readiness/x", "refused")) is True
