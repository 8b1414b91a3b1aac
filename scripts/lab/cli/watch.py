"""`lab experiment --watch`: the Pods stay; whatever is changed on them is measured again, the differences first."""

from __future__ import annotations

import contextlib
import select
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import click

from lab.errors import LabError
from lab.experiments.matrix import diff
from lab.experiments.messages import translated
from lab.experiments.texts import load
from lab.report.grids import route
from lab.report.phrases import OUTCOMES, SIGNS
from lab.steps import Event, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.cli.experiment_request import Request
    from lab.experiments.catalog import Entry
    from lab.experiments.matrix.environment import Environment
    from lab.experiments.results import Cell, Experiment
    from lab.experiments.texts import Language

TEXTS = load("cli").section("watch")
ROUND = 60.0
"""Seconds of one wait; there is another after it."""
_ENTER = "Enter"


def watch(request: Request, entry: Entry) -> NoReturn:
    """Measure, and measure again at each change, until Ctrl-C; raises LabError where the Pods do not come up."""
    with contextlib.ExitStack() as stack:
        with request.view() as emit:
            report = Report(emit, Event("progress", entry.id, expected=entry.seconds, number=1, of=1))
            environment = stack.enter_context(entry.environment(request.settings, request.api, request.image, report))
            state = diff.state(request.api, environment.namespaces)
            experiment = environment.measure()
        _show(request, experiment)
        names = ", ".join(environment.namespaces)
        _print(request, "ready", namespaces=names, first=environment.namespaces[0])
        while True:
            state = _changed(request, environment.namespaces, state)
            experiment = _measure_again(request, environment, experiment)


def _changed(request: Request, namespaces: Sequence[str], before: dict[str, str]) -> dict[str, str]:
    """Wait until something was changed, or Enter pressed, and print what."""
    enter = {key: value for key, value in before.items() if key == _ENTER}

    def look() -> dict[str, str]:
        if _is_enter_pressed():
            enter[_ENTER] = str(time.monotonic())
        return {**diff.state(request.api, namespaces), **enter}

    while (now := diff.awaited(look, before, ROUND)) is None:
        continue
    names = ", ".join(name for name in diff.different(before, now) if name != _ENTER)
    _print(request, "changed", names=names or TEXTS["enter"])
    return now


def _is_enter_pressed() -> bool:
    """Tell whether a line was typed; without a terminal nobody types."""
    if not (sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]):
        return False
    return bool(sys.stdin.readline())


def _measure_again(request: Request, environment: Environment, before: Experiment) -> Experiment:
    """Measure again and show the differences first; what cannot be measured is said, and the Pods stay."""
    try:
        experiment = environment.measure()
    except LabError as error:
        _print(request, "failed", what=translated(error.what, request.language))
        click.echo(f"  → {TEXTS['restore'].of(request.language)}")
        return before
    differences = list(diff.between(before, experiment))
    _print(request, "differ" if differences else "same", some=len(differences), count=len(experiment.cells))
    for line in lines(differences, experiment, request.language):
        click.echo(line)
    _show(request, experiment)
    return experiment


def lines(differences: Sequence[tuple[Cell | None, Cell]], experiment: Experiment, language: Language) -> Iterator[str]:
    """Yield what flipped, mechanism by mechanism, and of each once why."""
    for mechanism in dict.fromkeys(cell.mechanism for _, cell in differences):
        pairs = [(before, cell) for before, cell in differences if cell.mechanism == mechanism]
        for before, cell in pairs:
            outcomes = [_outcome(each, language) for each in (before, cell) if each is not None]
            bind = f" ({cell.variant})" if cell.variant else ""
            yield f"  {route(experiment, cell).short.of(language)}{bind}: {' ⇒ '.join(outcomes)}"
        yield f"    {pairs[0][1].because.of(language)}"


def _outcome(cell: Cell, language: Language) -> str:
    outcome = cell.measured.outcome
    return f"{SIGNS[outcome]} {OUTCOMES[outcome].of(language)}"


def _show(request: Request, experiment: Experiment) -> None:
    request.show(experiment)
    request.write([experiment])


def _print(request: Request, text: str, **values: object) -> None:
    click.echo(TEXTS[text].format(**values).of(request.language))
