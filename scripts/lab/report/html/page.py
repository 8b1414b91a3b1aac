"""The report: experiments as one HTML file, in both languages, that asks nothing of anybody else.

Tables, reasons and verdicts are in its markup; a script adds the exhibits of every cell, and the way of its packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from lab.experiments.texts import Text
from lab.report.experiments import words
from lab.report.experiments.grids import Grid, Mechanism, grids, label, mechanisms, route
from lab.report.experiments.lanes import told
from lab.report.html import lanes, scene
from lab.report.html.data import Reason, cell_id, packed, reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.results import Cell, Claim, Expectation, Experiment, Flip, Label, Timeline
    from lab.experiments.texts import Language

_TEMPLATES = Path(__file__).parent / "templates"
_JOINED = "\u2060"
"""The character between which and its neighbours no line ends."""
_CROWD = 9
"""So many Pods fill a screen."""
_WIDE = 9
"""From so many columns on, heads stand upright and a print lies on its side."""


def render(experiments: Sequence[Experiment], language: Language) -> str:
    """Return the page; `language` is the one that it opens in."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = whole
    environment.filters["both"] = both
    environment.filters["tspans"] = tspans
    found = [Shown(one) for one in experiments]
    return environment.get_template("page.html.j2").render(
        language=language,
        shown=found,
        data=packed(experiments),
        style=_file("report.css"),
        script=_file("report.js"),
        words=words,
        Text=Text,
        kinds=scene.KINDS,
        told=told,
    )


def both(said: Text) -> Markup:
    """Write a text in both languages, of which the page shows one; once where they are the same."""
    if said.en == said.fr:
        return _coded(said.en)
    return Markup('<span lang="en">{}</span><span lang="fr">{}</span>').format(_coded(said.en), _coded(said.fr))


def whole(text: Markup) -> Markup:
    """Keep a program's option, such as `--target`, on one line."""
    return text.replace("--", f"-{_JOINED}-{_JOINED}")


def tspans(said: Text) -> Markup:
    """Write the same inside a drawing's text."""
    if said.en == said.fr:
        return escape(said.en)
    return Markup('<tspan lang="en">{}</tspan><tspan lang="fr">{}</tspan>').format(said.en, said.fr)


def _coded(text: str) -> Markup:
    """Escape a text, and set in code what stands between backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(parts))


def _file(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text("utf-8"))  # noqa: S704 - the package's own file


@dataclass(frozen=True)
class Shown:
    """An experiment, with what its part of the page asks of it."""

    experiment: Experiment

    @cached_property
    def id(self) -> str:
        """Its name in the page."""
        return self.experiment.experiment

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """Its tables."""
        return grids(self.experiment)

    @cached_property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """What decided its cells."""
        return mechanisms(self.experiment.cells)

    @cached_property
    def drawing(self) -> scene.Drawing | None:
        """The picture of it, where it has one."""
        return scene.drawn(self.experiment.scene) if self.experiment.scene else None

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Every cell in words, those together of which the same is told."""
        return reasons(self.experiment)

    @property
    def crowded(self) -> bool:
        """Whether its picture is too large to stand open."""
        return self.experiment.scene is not None and len(self.experiment.scene.pods) > _CROWD

    @cached_property
    def total(self) -> int:
        """How much was predicted."""
        return sum(len(kind) for kind in self._judged)

    @cached_property
    def wrong(self) -> int:
        """How much of it was seen otherwise."""
        return sum(not one.agrees for kind in self._judged for one in kind)

    @property
    def _judged(self) -> tuple[Sequence[Cell | Flip | Expectation], ...]:
        return self.experiment.cells, self.experiment.flips, self.experiment.expectations

    def wide(self, grid: Grid) -> bool:
        """Whether a table has many columns."""
        return len(grid.columns) >= _WIDE

    def cell_id(self, cell: Cell) -> str:
        """Return a cell's name in the page."""
        return cell_id(self.experiment, self._numbers[id(cell)])

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {id(cell): number for number, cell in enumerate(self.experiment.cells)}

    def route(self, cell: Cell) -> Text:
        """Name a cell by its two ends."""
        return route(self.experiment, cell).short

    def variant(self, name: str) -> Label:
        """Return a counterfactual's label."""
        return label(self.experiment.variants, name)

    def vantage(self, name: str) -> Label:
        """Return a vantage point's label."""
        return label(self.experiment.vantages, name)

    def ends(self, flip: Flip) -> tuple[Text, Text]:
        """Return the names of a flip's two ends."""
        return label(self.experiment.vantages, flip.vantage).short, label(self.experiment.addresses, flip.address).short

    def flipped(self, flip: Flip) -> str:
        """Return the page's name of the cell that a flip is about; empty where it is not told."""
        wanted = (flip.variant, flip.vantage, flip.address)
        found = (cell for cell in self.experiment.cells if (cell.variant, cell.vantage, cell.address) == wanted)
        return next(map(self.cell_id, found), "")

    def lanes(self, timeline: Timeline) -> lanes.Lanes:
        """Return a timeline's drawing."""
        return lanes.drawn(self.experiment, timeline)

    def lane(self, timeline: Timeline, name: str) -> Text:
        """Return a lane's name."""
        return label(timeline.lanes, name).short

    def cells_shown_by(self, claim: Claim) -> str:
        """Name the cells and expectations that show a claim."""
        return ", ".join(claim.shown_by)
