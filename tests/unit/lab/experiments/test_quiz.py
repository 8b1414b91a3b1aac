"""--predict: the learner's word is taken in their language, and graded by what was measured."""

from __future__ import annotations

import pytest

from lab.cli import quiz
from lab.experiments.matrix import labels
from lab.experiments.results import Cell, ClusterVersions, Experiment, Measurement, Prediction
from lab.experiments.texts import Text

TEXT = Text("Because.", "Parce que.")
ENDS = {"guest/localhost": "answers", "guest/pod-name": "answers", "guest/container-name": "no-name"}


def experiment(**measured):
    cells = []
    for name, outcome in ENDS.items():
        vantage, address = name.split("/")
        ends = Prediction(outcome), Measurement(measured.get(address.partition("-")[0], outcome))
        cells.append(Cell(vantage, address, "http://x", *ends, agrees=True, mechanism="rule", because=TEXT))
    seen = ClusterVersions("", "", "", "", "", "")
    return Experiment("names", TEXT, TEXT, seen, "", 0.0, agrees=True, cells=tuple(cells))


@pytest.fixture
def types(monkeypatch):
    """Type these words, then end the input."""

    def typed(*words):
        left = iter(words)

        def read(_prompt=""):
            try:
                return next(left)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", read)

    return typed


def answers(language="en"):
    return {cell: key.word.of(language) for cell, key in quiz._answers("names", language)}


@pytest.mark.parametrize(
    ("language", "letters", "words"),
    [
        pytest.param("en", "anrt", ["answers", "no such name", "refused", "times out"], id="English"),
        pytest.param("fr", "rnfd", ["répond", "nom inconnu", "refusé", "délai dépassé"], id="French"),
    ],
)
def test_the_keys_are_of_the_learner_s_language(types, language, letters, words):
    types(*letters)
    assert list(answers(language).values()) == words


def test_an_unknown_key_is_asked_again_and_capitals_are_fine(types, capsys):
    types("x", "A")
    assert list(answers().values()) == ["answers"]
    assert "One of a, n, r, t, please." in capsys.readouterr().out


def test_q_and_the_end_of_the_input_end_the_questions(types):
    types("a", "q", "a")
    assert len(answers()) == 1
    types("a", "n")
    assert len(answers()) == 2


@pytest.mark.parametrize("experiment_", quiz.QUESTIONS)
def test_each_question_names_places_that_there_are(experiment_):
    for cell in quiz.QUESTIONS[experiment_]:
        *_, vantage, address = cell.split("/")
        assert vantage in {one.id for one in labels.VANTAGES}
        assert address in {one.id for one in labels.ADDRESSES}
    assert len(set(quiz.QUESTIONS[experiment_])) == 8


def test_the_letters_of_a_language_differ():
    for language in ("en", "fr"):
        letters = [key.letter.of(language) for key in quiz.KEYS]
        assert len({*letters, "q"}) == len(letters) + 1


def test_each_answer_is_graded_and_the_score_is_theirs(capsys):
    answers_, no_name, refused, _ = quiz.KEYS
    given = {"guest/localhost": answers_, "guest/pod-name": refused, "guest/container-name": no_name}
    quiz._grade(experiment(), given, "en")
    shown = capsys.readouterr().out
    assert shown.count("✓ as you said") == 2
    assert "✗ you said refused" in shown
    assert "2 of 3 as you expected." in shown
    assert shown.count("Because.") == 3


@pytest.mark.parametrize(
    ("measured", "score"),
    [
        pytest.param({"pod": "unmeasured"}, "1 of 1 as you expected.", id="one is left out"),
        pytest.param({"pod": "unmeasured", "localhost": "unmeasured"}, "Nothing of it was measured", id="none is left"),
    ],
)
def test_what_could_not_be_measured_is_no_mistake(capsys, measured, score):
    answers_ = quiz.KEYS[0]
    quiz._grade(experiment(**measured), {"guest/localhost": answers_, "guest/pod-name": answers_}, "en")
    shown = capsys.readouterr().out
    assert "✗ you said" not in shown
    assert shown.count("not measured, so not counted") == len(measured)
    assert score in shown


def test_without_an_answer_there_is_no_score(capsys):
    quiz._grade(experiment(), {}, "fr")
    assert "pas de score" in capsys.readouterr().out
