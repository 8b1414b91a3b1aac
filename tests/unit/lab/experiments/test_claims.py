"""Verdicts follow what was measured: another measurement gives another verdict, none gives unknown."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from lab.errors import LabError
from lab.experiments import parallel
from lab.experiments.catalog import CATALOGUE
from lab.experiments.course import claims
from lab.experiments.course.claims import SENTENCES, Sentence
from lab.experiments.results import Cell, Expectation, Measurement, Prediction, not_shown
from lab.experiments.texts import Text
from lab.experiments.timed.expectations import word
from lab.steps import Event, Report

from ..report import samples  # noqa: TID252 - the same made-up experiments as the reports' tests

TEXT = Text("text", "texte")
CELL, CHECK = "names/guest/pod-name", "limits/memory-code"
EACH_SENTENCE = pytest.mark.parametrize("name", SENTENCES)


def evidence(*measured):
    """What was measured, as REF=VALUE; the last value of a ref counts."""
    cells, expectations = {}, {}
    for ref, _, value in (each.partition("=") for each in measured):
        experiment, *_, vantage, address = ("", *ref.split("/"))
        if ref.startswith(("names/", "binds/")):
            prediction, measurement = Prediction(value), Measurement(value)
            cells[ref] = Cell(vantage, address, "", prediction, measurement, agrees=True, mechanism="", because=TEXT)
        else:
            words = word(value)
            expectations[ref] = Expectation(address, experiment, TEXT, words, words, agrees=True, because=TEXT)
    return claims.Evidence(cells, expectations)


def as_known(sentence):
    """What makes the sentence's verdict the one that its explanation speaks of."""
    measured = [*sentence.leaves_out, *sentence.shows]
    if sentence.verdict == "false":
        measured.append(f"{sentence.shows[-1].partition('=')[0]}=no")
    return measured


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        pytest.param((f"{CELL}=answers", f"{CHECK}=0"), "true", id="all that it says"),
        pytest.param((f"{CELL}=answers", f"{CHECK}=137"), "nuance", id="and what it leaves out"),
        pytest.param((f"{CELL}=refused", f"{CHECK}=137"), "false", id="not what it says"),
        pytest.param((f"{CELL}=answers",), "unknown", id="half measured"),
        pytest.param((f"{CELL}=unmeasured", f"{CHECK}=137"), "unknown", id="a cell that could not be tried"),
        pytest.param((f"{CELL}=answers", f"{CHECK}="), "unknown", id="an expectation without a measurement"),
        pytest.param((), "unknown", id="nothing measured"),
    ],
)
def test_a_verdict_is_drawn_from_what_was_measured(measured, verdict):
    sentence = Sentence(TEXT, TEXT, "true", (f"{CELL}=answers",), (f"{CHECK}=137",))
    assert claims.judge(sentence, evidence(*measured)) == verdict


@EACH_SENTENCE
def test_each_sentence_has_its_verdict_and_explanation_where_all_is_as_known(name):
    claim = claims.claim(name, SENTENCES[name], evidence(*as_known(SENTENCES[name])))
    assert claim.verdict == SENTENCES[name].verdict
    assert claim.because is SENTENCES[name].because


@EACH_SENTENCE
def test_another_measurement_gives_another_verdict_and_is_told(name):
    sentence = SENTENCES[name]
    refs = [each.partition("=")[0] for each in sentence.shows]
    other = sentence.shows if sentence.verdict == "false" else [f"{ref}=timeout" for ref in refs]
    claim = claims.claim(name, sentence, evidence(*as_known(sentence), *other))
    assert claim.verdict != sentence.verdict
    assert refs[0] in claim.because.en
    assert refs[0] in claim.because.fr


def test_sentences_stand_on_experiments_that_there_are():
    assert set(claims.EXPERIMENTS) <= set(CATALOGUE)


def test_one_experiment_that_could_not_be_run_leaves_the_other_verdicts(monkeypatch):
    ran = parallel.Results({"names": samples.names()}, {"top": LabError("top: Metrics API not available", "wait")})
    monkeypatch.setattr(parallel, "run_all", lambda *_: ran)
    events = []
    result = claims.run(None, None, "", Report(events.append, Event("progress", "claims")))
    assert len(result.claims) == len(SENTENCES)
    assert "top: Metrics API not available" in events[-1].detail
    assert set(not_shown(result)) == {claim.id for claim in result.claims if claim.verdict == "unknown"}


def test_what_a_busy_machine_did_not_show_shows_no_sentence():
    late = Expectation("memory-code", "", TEXT, TEXT, word("137"), agrees=False, because=TEXT, shown=False)
    assert claims.Evidence({}, {CHECK: late}).shows(f"{CHECK}=137") is None


def test_claims_last_from_the_first_experiment_s_beginning_to_now():
    began = datetime.now(UTC) - timedelta(seconds=100)
    ran = {name: replace(samples.names(), began=began.isoformat(), seconds=1.0) for name in ("names", "limits")}
    assert 100 <= claims.judged(ran).seconds < 200


def test_a_time_beside_the_word_does_not_hide_it():
    late = Expectation("x", "", TEXT, TEXT, Text("refused, 3.1 s after", "refusé"), agrees=True, because=TEXT)
    assert claims.Evidence({}, {"readiness/x": late}).shows("readiness/x=refused") is True
