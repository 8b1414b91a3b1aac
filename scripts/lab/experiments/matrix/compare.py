"""Predicted beside measured: when the two agree, and which cells a counterfactual flips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Flip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.experiments.results import Cell, Measurement, Prediction


def agrees(predicted: Prediction, measured: Measurement) -> bool:
    """Tell whether the measurement is as predicted.

    The outcome is the same and, where the prediction names who answers, so is that. A packet that leaves for elsewhere
    may meet anything there but one of our Pods; what could not be tried agrees with nothing. Of another server than the
    cluster's DNS, silence is as good as a no: a computer may be offline.
    """
    if "outside-cluster-dns" in predicted.rules and (measured.outcome, measured.resolved) == ("timeout", ()):
        return predicted.outcome == "no-name"
    if predicted.outcome == "elsewhere":
        return measured.outcome != "unmeasured" and not (measured.outcome == "answers" and measured.who)
    return predicted.outcome == measured.outcome and predicted.who in {"", measured.who}


def flips(cells: Sequence[Cell]) -> Iterator[Flip]:
    """Yield the cells of each variant whose outcome is not the base's, predicted or measured.

    A cell's base has the same vantage point and address, and no variant; one without a base is no flip. A flip that
    was not predicted, or did not come, does not agree.
    """
    base = {(cell.vantage, cell.address): cell for cell in cells if not cell.variant}
    for cell in cells:
        before = base.get((cell.vantage, cell.address))
        if cell.variant and before:
            predicted = (before.predicted.outcome, cell.predicted.outcome)
            measured = (before.measured.outcome, cell.measured.outcome)
            same = before.agrees and cell.agrees
            if predicted[0] != predicted[1] or (measured[0] != measured[1] and not same):
                yield Flip(cell.variant, cell.vantage, cell.address, predicted, measured, same, cell.because)
