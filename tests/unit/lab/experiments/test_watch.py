"""--watch tells the differences first: what flipped, from what to what, and once for each mechanism why."""

from __future__ import annotations

from lab.cli import watch
from lab.experiments.results import Cell, ClusterVersions, Experiment, Measurement, Prediction
from lab.experiments.texts import Text

WHY = Text("Nobody is behind the Service.", "Personne derrière le Service.")


def cell(vantage, outcome, mechanism="no-endpoint"):
    ends = Prediction(outcome), Measurement(outcome)
    return Cell(vantage, "service", "http://cats", *ends, agrees=True, mechanism=mechanism, because=WHY)


def test_each_flip_is_a_line_and_each_mechanism_is_explained_once():
    seen = ClusterVersions("", "", "", "", "", "")
    cells = tuple(cell(one, "refused") for one in ("app", "other"))
    found = Experiment("names", WHY, WHY, seen, "", 0.0, agrees=True, cells=cells)
    differ = [(cell("app", "answers"), cells[0]), (None, cells[1])]
    lines = list(watch._lines(differ, found, "en"))
    assert lines == [
        "  app → service: ● answers ⇒ ○ refused",
        "  other → service: ○ refused",
        "    Nobody is behind the Service.",
    ]
