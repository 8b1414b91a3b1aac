"""`lab experiment --predict`: the learner says first what they expect, and is graded cell by cell, with evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from lab.cli.experiment_request import find_cell
from lab.experiments import parallel
from lab.experiments.matrix import labels
from lab.experiments.texts import join, load
from lab.report.grids import label
from lab.report.phrases import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lab.cli.experiment_request import Request
    from lab.config import Settings
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
_MOST_KEPT = 100


@dataclass(frozen=True)
class Key:
    """What one may answer: its letter and word in both languages, and the outcomes that it means."""

    letter: Text
    word: Text
    outcomes: tuple[Outcome, ...]


_OUTCOMES: Mapping[str, tuple[Outcome, ...]] = {
    "answers": ("answers",),
    "resolves": ("resolves",),
    "no-name": ("no-name",),
    "refused": ("refused", "reset"),
    "timeout": ("timeout",),
}
KEYS = {name: Key(_LETTERS[name], _WORDS[name], outcomes) for name, outcomes in _OUTCOMES.items()}
_LOOK_UPS = ("resolves", "no-name", "timeout")
_CALLS = ("answers", "refused", "timeout")
_NAMED = frozenset({"localhost", "pod-name", "container-name", "service"})
"""The addresses that are names, which may not exist."""
_QUIT = "q"


class Answer(msgspec.Struct, frozen=True):
    """One answer beside what was measured; ``right`` is None where nothing was."""

    cell: str
    answer: str
    measured: str
    right: bool | None


class Score(msgspec.Struct, frozen=True):
    """What `--predict` keeps of one round: how many answers were right, ``of`` those that could be graded."""

    experiment: str
    at: str
    right: int
    of: int
    answers: tuple[Answer, ...]


def ask(request: Request, entry: Entry) -> Experiment:
    """Ask while it is measured, then grade; raises LabError where it cannot be measured."""
    with parallel.running(entry, request.settings, request.image) as child:
        given = dict(answers(entry.id, request.language))
        click.echo(f"\n{TEXTS['waiting'].of(request.language)}")
        experiment = child.result()
    score = grade(experiment, given, request.language)
    keep(request.settings, score)
    show_exhibits(experiment, list(given), request)
    return experiment


def keys_of(cell: str) -> tuple[Key, ...]:
    """Return the answers that a cell's kind can have: a look-up calls nobody, and an address is no name."""
    address = cell.rpartition("/")[2]
    names = _LOOK_UPS if address.startswith(("nslookup-", "getent-")) else _CALLS
    return tuple(KEYS[name] for name in KEYS if name in names or (name == "no-name" and address in _NAMED))


def answers(experiment: str, language: Language) -> Iterator[tuple[str, Key]]:
    """Ask cell by cell; the end of the input, or q, ends it early."""
    click.echo(TEXTS["intro"].of(language))
    cells = QUESTIONS[experiment]
    for number, cell in enumerate(cells, start=1):
        key = _key(_question(cell, number, len(cells)).of(language), keys_of(cell), language)
        if key is None:
            return
        yield cell, key


def _question(cell: str, number: int, of: int) -> Text:
    return TEXTS["question"].format(number=number, of=of, cell=_named(cell))


def _named(cell: str) -> Text:
    *bind, vantage, address = cell.split("/")
    ends = label(labels.VANTAGES, vantage).short, label(labels.ADDRESSES, address).short
    named = TEXTS["cell"].format(vantage=ends[0], address=ends[1])
    return join(named, TEXTS["bind"].format(bind=bind[0]) if bind else None)


def _key(question: str, keys: Sequence[Key], language: Language) -> Key | None:
    """Ask until one of the keys comes; None where the learner has had enough."""
    by_letter = {key.letter.of(language): key for key in keys}
    choices = ", ".join(f"{letter} {key.word.of(language)}" for letter, key in by_letter.items())
    click.echo(f"\n{question}")
    while True:
        try:
            answer = input(f"[{choices}] ").strip().lower()
        except EOFError:
            return None
        if answer in by_letter or answer == _QUIT:
            return by_letter.get(answer)
        click.echo(TEXTS["unknown-key"].format(letters=", ".join(by_letter)).of(language))


def grade(experiment: Experiment, given: Mapping[str, Key], language: Language) -> Score:
    """Show each answer's grade on a line and the score; what could not be measured is no mistake."""
    graded = []
    for number, (name, key) in enumerate(given.items(), start=1):
        cell = find_cell(experiment, name)
        outcome = cell.measured.outcome
        right = None if outcome == "unmeasured" else outcome in key.outcomes
        result = "unmeasured" if right is None else "right" if right else "wrong"
        values = {"number": number, "cell": _named(name), "word": key.word, "measured": OUTCOMES[outcome]}
        click.echo(TEXTS[result].format(**values).of(language))
        graded.append(Answer(name, key.word.en, outcome, right))
    counted = [answer.right for answer in graded if answer.right is not None]
    text = "score" if counted else "nothing-measured" if given else "no-answer"
    click.echo("\n" + TEXTS[text].format(right=sum(counted), of=len(counted)).of(language))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Score(experiment.experiment, now, sum(counted), len(counted), tuple(graded))


def show_exhibits(experiment: Experiment, cells: Sequence[str], request: Request) -> None:
    """Show a cell with its exhibits for each number that is typed, until an empty line or the end of the input."""
    while cells:
        click.echo(TEXTS["exhibits"].format(most=len(cells)).of(request.language))
        try:
            typed = input("> ").strip()
        except EOFError:
            return
        if not typed or typed == _QUIT:
            return
        if typed.isdecimal() and 1 <= int(typed) <= len(cells):
            request.show_cell(experiment, find_cell(experiment, cells[int(typed) - 1]))


def keep(settings: Settings, score: Score) -> None:
    """Add a score to those that are kept; one without an answer is none."""
    if score.answers:
        path = _path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode([*scores(settings), score][-_MOST_KEPT:]))


def scores(settings: Settings, experiment: str = "") -> list[Score]:
    """Return the scores that were kept, oldest first; a file that is none counts as empty."""
    try:
        kept = msgspec.json.decode(_path(settings).read_bytes(), type=list[Score])
    except (OSError, msgspec.DecodeError):
        return []
    return [score for score in kept if experiment in {"", score.experiment}]


def _path(settings: Settings) -> Path:
    return settings.cache / "predictions.json"
