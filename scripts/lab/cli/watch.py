"""`lab experiment --watch`: the stage stays; whatever is changed on it is looked at again, the differences first."""

from __future__ import annotations

import contextlib
import select
import sys
import time
from typing import TYPE_CHECKING

import click

from lab.cli import output
from lab.errors import LabError
from lab.experiments.matrix import diff
from lab.experiments.texts import Text
from lab.report.experiments.grids import route
from lab.report.experiments.words import OUTCOMES, SIGNS
from lab.steps import Event, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.cli.experiment import Bench
    from lab.cli.output import Wishes
    from lab.experiments.catalog import Entry
    from lab.experiments.matrix.environment import Stage
    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Language

ROUND = 60.0
"""Seconds of one wait; there is another after it."""
_STANDS = Text(
    en="The Pods stand in {spaces}. Change them in a second terminal, such as\n"
    "  kubectl -n {first} label pod --all chatroulette.lab/subject-\n"
    "What you change is measured again; so is all where you press Enter. Ctrl-C takes it away.",
    fr="Les Pods sont dans {spaces}. Changez-les dans un second terminal, par exemple\n"
    "  kubectl -n {first} label pod --all chatroulette.lab/subject-\n"
    "Ce que vous changez est mesuré de nouveau ; tout l’est si vous tapez Entrée. Ctrl-C termine.",
)
_CHANGED = Text(en="Changed: {names}. Measuring again …", fr="Changé : {names}. Nouvelle mesure …")
_SAME = Text(en="{count} cells, none differs from before.", fr="{count} cases, aucune n’a changé.")
_DIFFER = Text(en="{some} of {count} cells differ from before:", fr="{some} cases sur {count} ont changé :")
_FAILED = Text(en="It cannot be measured like that: {what}", fr="Impossible à mesurer ainsi : {what}")
_BACK = Text(en="put it back as it was, or begin anew", fr="remettez-le comme il était, ou recommencez")
_KEY = "Enter"
_ENTER = Text(en="nothing, you asked", fr="rien, vous l’avez demandé")


def watch(bench: Bench, entry: Entry) -> None:
    """Look, and look again at each change, until Ctrl-C; raises LabError where the stage does not come up."""
    with contextlib.ExitStack() as stack:
        with bench.showing() as emit:
            report = Report(emit, Event("progress", entry.id, expected=entry.seconds, number=1, of=1))
            stage = stack.enter_context(entry.staged(bench.settings, bench.api, bench.image, report))
            seen = diff.state(bench.api, stage.namespaces)
            found = stage.look()
        _show(found, bench.wishes)
        click.echo(_said(_STANDS, bench, spaces=", ".join(stage.namespaces), first=stage.namespaces[0]))
        while True:
            seen = _changed(bench, stage.namespaces, seen)
            found = _again(bench, stage, found)


def _changed(bench: Bench, namespaces: Sequence[str], before: dict[str, str]) -> dict[str, str]:
    """Wait until something was changed, or Enter pressed, and say what."""
    enter = {key: value for key, value in before.items() if key == _KEY}

    def look() -> dict[str, str]:
        if _pressed():
            enter[_KEY] = str(time.monotonic())
        return {**diff.state(bench.api, namespaces), **enter}

    while (now := diff.awaited(look, before, ROUND)) is None:
        continue
    names = [name for name in diff.different(before, now) if name != _KEY]
    click.echo(_said(_CHANGED, bench, names=", ".join(names) or _ENTER.of(bench.wishes.language)))
    return now


def _pressed() -> bool:
    """Tell whether a line was typed; without a terminal nobody types."""
    if not (sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]):
        return False
    return bool(sys.stdin.readline())


def _again(bench: Bench, stage: Stage, before: Experiment) -> Experiment:
    """Look again and show the differences first; what cannot be measured is said, and the stage stays."""
    try:
        found = stage.look()
    except LabError as error:
        click.echo(_said(_FAILED, bench, what=error.what))
        click.echo(f"  → {_said(_BACK, bench)}")
        return before
    differ = list(diff.between(before, found))
    counted = {"some": len(differ), "count": len(found.cells)}
    click.echo(_said(_DIFFER if differ else _SAME, bench, **counted))
    for line in _lines(differ, found, bench.wishes.language):
        click.echo(line)
    _show(found, bench.wishes)
    return found


def _lines(differ: Sequence[tuple[Cell | None, Cell]], found: Experiment, language: Language) -> Iterator[str]:
    """Say what flipped, mechanism by mechanism, and of each once why."""
    for mechanism in dict.fromkeys(cell.mechanism for _, cell in differ):
        some = [(was, cell) for was, cell in differ if cell.mechanism == mechanism]
        for was, cell in some:
            ends = [_outcome(one, language) for one in (was, cell) if one is not None]
            bind = f" ({cell.variant})" if cell.variant else ""
            yield f"  {route(found, cell).short.of(language)}{bind}: {' ⇒ '.join(ends)}"
        yield f"    {some[0][1].because.of(language)}"


def _outcome(cell: Cell, language: Language) -> str:
    outcome = cell.measured.outcome
    return f"{SIGNS[outcome]} {OUTCOMES[outcome].of(language)}"


def _show(found: Experiment, wishes: Wishes) -> None:
    output.show([found], wishes)
    if wishes.html:
        output.write([found], wishes.html, wishes.language)


def _said(words: Text, bench: Bench, **filled: object) -> str:
    return words.of(bench.wishes.language).format(**filled)
