"""`lab experiment --predict`: the learner says first what they expect, and is graded cell by cell, with evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lab.cli.experiment_request import find_cell
from lab.experiments import parallel
from lab.experiments.matrix import labels
from lab.experiments.texts import join, load
from lab.report.grids import label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.cli.experiment_request import Request
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Experiment, Outcome
    from lab.experiments.texts import Language, Text

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "names": (
        "guest/localhost",
        "guest/pod-name",
        "guest/container-name",
        "other/localhost",
        "other/pod-name",
        "other-namespace/service",
        "guest/nslookup-pod-name",
        "init/localhost",
    ),
    "binds": (
        "127.0.0.1/port-forward/forward",
        "127.0.0.1/other/pod-ip",
        "127.0.0.1/app/pod-name",
        "127.0.0.1/kubelet-exec/probe-loopback",
        "127.0.0.1/kubelet-http/probe",
        "pod-ip/app/loopback4",
        "pod-ip/other/service",
        "::/app/loopback6",
    ),
}
"""The cells that are asked, by experiment: each stands for another mechanism."""

TEXTS = load("cli").section("quiz")
_LETTERS, _WORDS = load("cli").section("letters"), load("cli").section("words")


@dataclass(frozen=True)
class Key:
    """What one may answer: its letter and word in both languages, and the outcomes that it means."""

    letter: Text
    word: Text
    outcomes: tuple[Outcome, ...]


_OUTCOMES: Mapping[str, tuple[Outcome, ...]] = {
    "answers": ("answers", "resolves"),
    "no-name": ("no-name",),
    "refused": ("refused", "reset"),
    "timeout": ("timeout",),
}
KEYS = tuple(Key(_LETTERS[name], _WORDS[name], outcomes) for name, outcomes in _OUTCOMES.items())
_QUIT = "q"


def ask(request: Request, entry: Entry) -> Experiment:
    """Ask while it is measured, then grade; raises LabError where it cannot be measured."""
    with parallel.running(entry, request.settings, request.image) as child:
        given = dict(answers(entry.id, request.language))
        click.echo(f"\n{TEXTS['waiting'].of(request.language)}")
        experiment = child.result()
    grade(experiment, given, request)
    return experiment


def answers(experiment: str, language: Language) -> Iterator[tuple[str, Key]]:
    """Ask cell by cell; the end of the input, or q, ends it early."""
    keys = ", ".join(f"{key.letter.of(language)} {key.word.of(language)}" for key in KEYS)
    click.echo(TEXTS["intro"].format(keys=keys).of(language))
    cells = QUESTIONS[experiment]
    for number, cell in enumerate(cells, start=1):
        key = _key(_question(cell, number, len(cells)).of(language), language)
        if key is None:
            return
        yield cell, key


def _question(cell: str, number: int, of: int) -> Text:
    *bind, vantage, address = cell.split("/")
    ends = label(labels.VANTAGES, vantage).short, label(labels.ADDRESSES, address).short
    question = TEXTS["question"].format(number=number, of=of, vantage=ends[0], address=ends[1])
    return join(question, TEXTS["bind"].format(bind=bind[0]) if bind else None)


def _key(question: str, language: Language) -> Key | None:
    """Ask until one of the keys comes; None where the learner has had enough."""
    keys = {key.letter.of(language): key for key in KEYS}
    click.echo(f"\n{question}")
    while True:
        try:
            answer = input(f"[{'/'.join(keys)}] ").strip().lower()
        except EOFError:
            return None
        if answer in keys or answer == _QUIT:
            return keys.get(answer)
        click.echo(TEXTS["unknown-key"].format(letters=", ".join(keys)).of(language))


def grade(experiment: Experiment, answers: Mapping[str, Key], request: Request) -> None:
    """Show each cell with the answer beside it, then the score: what could not be measured is no mistake."""
    language = request.language
    grades: list[bool] = []
    for name, key in answers.items():
        cell = find_cell(experiment, name)
        request.show_cell(experiment, cell)
        result = "unmeasured"
        if cell.measured.outcome != "unmeasured":
            grades.append(cell.measured.outcome in key.outcomes)
            result = "right" if grades[-1] else "wrong"
        click.echo(f"\n  {TEXTS[result].format(word=key.word).of(language)}")
    score = "score" if grades else "nothing-measured" if answers else "no-answer"
    click.echo("\n" + TEXTS[score].format(right=sum(grades), of=len(grades)).of(language))
