"""Progress and errors are of one language: every sentence of the code has its translation."""

import ast

import pytest

from lab.config import ROOT
from lab.experiments.messages import translated

LAB = ROOT / "scripts" / "lab"
FILES = [
    *(
        path
        for path in (LAB / "experiments").rglob("*.py")
        if path.name not in {"probe.py", "load_program.py", "verify.py"}
    ),
    *(LAB / "cli").glob("experiment*.py"),
]
ERRORS, WAITS = {"LabError", "BadInput", "Refused", "_failed"}, {"until", "require"}


def sentences():
    """Yield what is reported, what is waited for, and what errors say and hint at, with X for each field."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                by_keyword = [word.value for word in node.keywords if word.arg in {"progress", "hint"}]
                first = {"report": 1, **dict.fromkeys(ERRORS, 2), **dict.fromkeys(WAITS, 1)}.get(name, 0)
                yield from ((path, text) for text in map(written, [*node.args[:first], *by_keyword]) if text)


def written(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
    return ""


EVERY = sorted({(path.name, text) for path, text in sentences()})


def test_there_are_sentences():
    assert len(EVERY) > 60


@pytest.mark.parametrize(("file", "text"), EVERY)
def test_each_sentence_is_translated(file, text):
    assert translated(text, "fr") != text, file


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("219 cells, all as predicted", "219 cases, tout comme prédit"),
        ("69 cells, 4 flips, 2 disagree", "69 cases, 4 bascules, 2 pas comme prédit"),
        ("waiting for all there", "attente\u00a0: tout est là"),
        ("waited 60 s for its Pods to be ready; last seen: nothing",
         "attendu 60 s en vain\u00a0: ses Pods prêts\u202f; vu en dernier\u00a0: rien"),
        ("there is no experiment 'x'", "il n’y a pas d’expérience 'x'"),
        ("cats: back ContainerCreating", "cats\u00a0: back ContainerCreating"),
    ],
)  # fmt: skip
def test_fields_and_lists_are_translated_too(english, french):
    assert translated(english, "fr") == french
    assert translated(english, "en") == english
