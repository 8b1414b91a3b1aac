"""An experiment on a terminal of 100 columns: what was measured, why, and whether it is what was predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lab.experiments.results import differs, not_shown
from lab.report import phrases
from lab.report.grids import grids, label, mechanisms, route
from lab.report.phrases import TEXTS
from lab.report.terminal import expectations, matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType

    from lab.experiments.results import Cell, Claim, Experiment, Flip, Measurement, Outcome
    from lab.experiments.texts import Language

_VERDICT_STYLES = {"true": "green", "nuance": "yellow", "false": "bold red", "unknown": "dim"}
SHOWN = 6
"""So many cells that are not as predicted are shown in full: they mostly have one cause."""


def show(experiment: Experiment, language: Language, console: Console) -> None:
    """Print an experiment: matrices, mechanisms, flips, expectations, timelines, claims, and a last line."""
    width = min(matrix.WIDTH, console.width)
    _print(
        (
            *_head(experiment, language),
            *_matrices(experiment, language, width),
            *_mechanisms(experiment, language),
            *_differences(experiment, language),
            *_flips(experiment, language),
            *expectations.lines(experiment, language, width),
            *_claims(experiment, language),
            _summary(experiment, language),
        ),
        console,
    )


def show_cell(cell: Cell, experiment: Experiment, language: Language, console: Console) -> None:
    _print(_cell(cell, experiment, language), console)


def show_differences(experiment: Experiment, language: Language, console: Console) -> None:
    _print(_differences(experiment, language), console)


def _print(parts: Iterable[RenderableType], console: Console) -> None:
    for part in parts:
        console.print(part, width=min(matrix.WIDTH, console.width))


def _heading(text: str) -> Padding:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def _head(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    yield _heading(experiment.title.of(language))
    yield Text(experiment.question.of(language))
    cluster = experiment.cluster
    cgroup = f"cgroup {cluster.cgroup.removeprefix('cgroup ')}"
    yield Text(f"Kubernetes {cluster.kubernetes}, {cluster.runtime}, Linux {cluster.kernel}, {cgroup}", "dim")


def _matrices(experiment: Experiment, language: Language, width: int) -> Iterator[RenderableType]:
    """Yield the matrices; with counterfactuals only the base, whose changes stand below as flips."""
    if not experiment.cells:
        return
    for grid in grids(experiment):
        if not (grid.variant and experiment.flips):
            yield from (Padding(part, (1, 0, 0, 0)) for part in matrix.lines(grid, language, width))
    yield Padding(matrix.legend(experiment.cells, language), (1, 0, 0, 0))


def _mechanisms(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    groups = mechanisms(cell for cell in experiment.cells if not (cell.variant and experiment.flips))
    if not groups:
        return
    count = phrases.counted(len(groups), "mechanism").of(language)
    yield _heading(f"{TEXTS['why'].of(language)}{TEXTS['colon'].of(language)}{count}")
    table = Table.grid(Column(width=3, justify="right"), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for mechanism in groups:
        example = mechanism.example
        count = phrases.counted(len(mechanism.cells), "cell").of(language)
        name = f"{route(experiment, example).short.of(language)}  {example.vantage}/{example.address}"
        table.add_row(matrix.mark(example), Text.assemble((mechanism.id, "bold"), (f"  {count}  {name}", "dim")))
        table.add_row("", Text(example.because.of(language)))
    yield table


def _differences(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    wrong = [cell for cell in experiment.cells if not cell.agrees]
    if wrong:
        yield _heading(f"{TEXTS['differs'].of(language)}, {phrases.counted(len(wrong), 'cell').of(language)}")
    for cell in wrong[:SHOWN]:
        yield from _cell(cell, experiment, language)
    if len(wrong) > SHOWN:
        rest = phrases.counted(len(wrong) - SHOWN, "cell").of(language)
        more = f"… {rest}{TEXTS['colon'].of(language)}{TEXTS['more-in-html'].of(language)}"
        yield Padding(Text(more), (1, 0, 0, 2))


def _flips(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    if not experiment.flips:
        return
    yield _heading(TEXTS["flips"].of(language))
    variants = [*(variant.id for variant in experiment.variants), *(flip.variant for flip in experiment.flips)]
    for variant in dict.fromkeys(variants):
        flips = [flip for flip in experiment.flips if flip.variant == variant]
        yield _variant(experiment, variant, len(flips), language)
        yield from (Padding(_flip(experiment, flip, language), (0, 0, 0, 2)) for flip in flips)


def _variant(experiment: Experiment, variant: str, flips: int, language: Language) -> RenderableType:
    tried = sum(cell.variant == variant for cell in experiment.cells)
    name = label(experiment.variants, variant)
    count = phrases.flips(flips, tried).of(language)
    text = Text.assemble((name.short.of(language), "bold"), (f"  {count}", "dim"))
    if more := name.more.of(language):
        text.append(f"\n{more}")
    return Padding(text, (1, 0, 0, 0))


def _flip(experiment: Experiment, flip: Flip, language: Language) -> Table:
    text = Text(f"{route(experiment, flip).short.of(language)}{TEXTS['colon'].of(language)}")
    text.append_text(_change(flip.measured, language))
    if not flip.agrees:
        text.append(f"  ≠ {TEXTS['predicted'].of(language)} ", "bold red")
        text.append_text(_change(flip.predicted, language))
    text.append(f"\n{flip.because.of(language)}", "dim")
    table = Table.grid(Column(width=1), Column(overflow="fold"), padding=(0, 1, 0, 0))
    table.add_row(matrix.tick(agrees=flip.agrees), text)
    return table


def _change(outcomes: tuple[Outcome, Outcome], language: Language) -> Text:
    return Text(" ⇒ ").join(matrix.outcome(outcome, language) for outcome in outcomes)


def _summary(experiment: Experiment, language: Language) -> RenderableType:
    unseen = bool(not_shown(experiment))
    sign = ("✗ ", "bold red") if not experiment.agrees else ("? ", "yellow") if unseen else ("✓ ", "bold green")
    took = phrases.duration(experiment.seconds).of(language)
    counts = phrases.counts(experiment).of(language)
    text = Text.assemble(sign, f"{experiment.experiment}, {took}{TEXTS['colon'].of(language)}{counts}")
    if agreement := phrases.agreement(experiment):
        text.append(f"{TEXTS['semicolon'].of(language)}{agreement.of(language)}")
    return Padding(text, (1, 0, 0, 0))


def _cell(cell: Cell, experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    head = matrix.mark(cell).append(f" {route(experiment, cell).short.of(language)}", "bold")
    if cell.variant:
        head.append(f" ({label(experiment.variants, cell.variant).short.of(language)})")
    yield Padding(head.append(f"  {cell.url}", "dim"), (1, 0, 0, 0))
    yield Padding(_outcomes(cell, language), (0, 0, 0, 2))
    yield Padding(Text(cell.because.of(language)), (0, 0, 0, 2))
    yield from _exhibits(cell, language)
    yield from _rules(cell, language)


def _exhibits(cell: Cell, language: Language) -> Iterator[RenderableType]:
    for number, exhibit in enumerate(cell.exhibits, start=1):
        head = Text.assemble((f"{number}. ", "bold"), exhibit.shows.of(language), (f"  [{exhibit.where}]", "dim"))
        yield Padding(head, (1, 0, 0, 2))
        yield Padding(Text(exhibit.text.rstrip("\n"), "cyan", overflow="fold"), (0, 0, 0, 6))
        if exhibit.command:
            yield Padding(Text(f"$ {exhibit.command}", "dim", overflow="fold"), (0, 0, 0, 5))


def _rules(cell: Cell, language: Language) -> Iterator[RenderableType]:
    """Yield the rules of the prediction, in words."""
    if sentences := phrases.rules(cell):
        yield Padding(Text(TEXTS["rules"].of(language), "bold"), (1, 0, 0, 2))
    for rule, says in sentences:
        yield Padding(Text.assemble(says.of(language), (f"  {rule}", "dim")), (0, 0, 0, 5))


def _outcomes(cell: Cell, language: Language) -> Table:
    table = Table.grid(Column(style="dim"), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for title, result in (("predicted", cell.predicted), ("measured", cell.measured)):
        who = f" ({result.who})" if result.who else ""
        table.add_row(TEXTS[title].of(language), matrix.outcome(result.outcome, language).append(who))
    table.add_row("", Text(" · ".join(filter(None, _details(cell.measured, language))), "dim"))
    return table


def _details(measured: Measurement, language: Language) -> Iterator[str]:
    yield measured.detail
    if measured.resolved:
        yield TEXTS["resolved-to"].format(addresses=", ".join(measured.resolved)).of(language)
    if measured.seconds >= phrases.SHORT:
        yield phrases.seconds(measured.seconds).of(language)


def _claims(experiment: Experiment, language: Language) -> Iterator[RenderableType]:
    if experiment.claims:
        yield _heading(TEXTS["claims"].of(language))
    yield from (Padding(_claim(claim, language), (1, 0, 0, 0)) for claim in experiment.claims)


def _claim(claim: Claim, language: Language) -> Table:
    style = _VERDICT_STYLES[claim.verdict]
    verdict = f"\n{phrases.VERDICTS[claim.verdict].of(language)}{TEXTS['colon'].of(language)}"
    text = Text.assemble((claim.says.of(language), "bold"), (verdict, style), claim.because.of(language))
    if differs(claim):
        text.append(f"\n≠ {TEXTS['unforeseen'].of(language)}", "bold red")
    if claim.shown_by:
        text.append(f"\n{', '.join(claim.shown_by)}", "dim")
    table = Table.grid(Column(width=1), Column(overflow="fold"), padding=(0, 1, 0, 0))
    table.add_row(Text(phrases.VERDICT_SIGNS[claim.verdict], style), text)
    return table
