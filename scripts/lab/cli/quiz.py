"""`lab experiment --predict`: the learner says first what they expect, and is graded cell by cell, with evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lab.cli import output
from lab.experiments import parallel
from lab.experiments.matrix import labels
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.cli.experiment import Bench
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Experiment, Label, Outcome
    from lab.experiments.texts import Language

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


@dataclass(frozen=True)
class Key:
    """What one may answer: its letter and word in both languages, and the outcomes that it means."""

    letter: Text
    word: Text
    outcomes: tuple[Outcome, ...]


KEYS = (
    Key(Text("a", "r"), Text("answers", "répond"), ("answers", "resolves")),
    Key(Text("n", "n"), Text("no such name", "nom inconnu"), ("no-name",)),
    Key(Text("r", "f"), Text("refused", "refusé"), ("refused", "reset")),
    Key(Text("t", "d"), Text("times out", "délai dépassé"), ("timeout",)),
)
_QUIT = "q"
_INTRO = Text(
    "While the cluster measures: what do you expect? {keys}; q ends.",
    "Pendant que le cluster mesure : à quoi vous attendez-vous ? {keys} ; q pour finir.",
)
_ASKED = Text("{number}/{of}  From {place}, {address}?", "{number}/{of}  Depuis {place}, {address} ?")
_LISTENS = Text("  (the app listens on {bind} only)", "  (l’appli n’écoute que sur {bind})")
_UNKNOWN = Text("One of {letters}, please.", "Une lettre parmi {letters}, s’il vous plaît.")
_WAITS = Text("Now the cluster’s own answers …", "Et maintenant, les réponses du cluster …")
_RIGHT = Text("✓ as you said: {word}", "✓ comme vous l’avez dit : {word}")
_WRONG = Text("✗ you said {word}", "✗ vous aviez dit {word}")
_SCORE = Text("{right} of {of} as you expected.", "{right} sur {of} comme vous l’attendiez.")
_UNMEASURED = Text("! not measured, so not counted", "! non mesuré, donc pas compté")
_NONE = Text("No answer, no score.", "Sans réponse, pas de score.")
_NOTHING = Text("Nothing of it was measured: no score.", "Rien n’en a été mesuré : pas de score.")


def ask(bench: Bench, entry: Entry) -> Experiment:
    """Ask while it is measured, then grade; raises LabError where it cannot be measured."""
    language = bench.wishes.language
    with parallel.beside(entry, bench.settings, bench.image) as running:
        answers = dict(_answers(entry.id, language))
        click.echo(f"\n{_WAITS.of(language)}")
        found = parallel.result(running, lambda _text: None)
    _grade(found, answers, language)
    return found


def _answers(experiment: str, language: Language) -> Iterator[tuple[str, Key]]:
    """Ask cell by cell; the end of the input, or q, ends it early."""
    letters = ", ".join(f"{key.letter.of(language)} {key.word.of(language)}" for key in KEYS)
    click.echo(_INTRO.of(language).format(keys=letters))
    asked = QUESTIONS[experiment]
    for number, cell in enumerate(asked, start=1):
        key = _key(_question(cell, number, len(asked), language), language)
        if key is None:
            return
        yield cell, key


def _question(cell: str, number: int, of: int, language: Language) -> str:
    *bind, vantage, address = cell.split("/")
    filled = {"number": number, "of": of, "place": _short(labels.VANTAGES, vantage, language)}
    listens = "".join(_LISTENS.of(language).format(bind=one) for one in bind)
    return _ASKED.of(language).format(**filled, address=_short(labels.ADDRESSES, address, language)) + listens


def _short(known: Sequence[Label], id_: str, language: Language) -> str:
    return next(one.short.of(language) for one in known if one.id == id_)


def _key(question: str, language: Language) -> Key | None:
    """Ask until one of the keys comes; None where the learner has had enough."""
    letters = {key.letter.of(language): key for key in KEYS}
    click.echo(f"\n{question}")
    while True:
        try:
            said = input(f"[{'/'.join(letters)}] ").strip().lower()
        except EOFError:
            return None
        if said in letters or said == _QUIT:
            return letters.get(said)
        click.echo(_UNKNOWN.of(language).format(letters=", ".join(letters)))


def _grade(found: Experiment, answers: Mapping[str, Key], language: Language) -> None:
    """Show each cell with the answer beside it, then the score: what could not be measured is no mistake."""
    graded: list[bool] = []
    for name, key in answers.items():
        cell = output.cell(found, name)
        output.show_cell(found, cell, language)
        said = _UNMEASURED
        if cell.measured.outcome != "unmeasured":
            graded.append(cell.measured.outcome in key.outcomes)
            said = _RIGHT if graded[-1] else _WRONG
        click.echo(f"\n  {said.of(language).format(word=key.word.of(language))}")
    score = _SCORE if graded else _NOTHING if answers else _NONE
    click.echo("\n" + score.of(language).format(right=sum(graded), of=len(graded)))
