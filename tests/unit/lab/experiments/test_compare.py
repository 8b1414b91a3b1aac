"""Predicted beside measured."""

import pytest

from lab.experiments.matrix import engine
from lab.experiments.results import Cell, Measurement, Prediction
from lab.experiments.texts import Text

NO = Text(en="", fr="")
OUTSIDE = ("outside-cluster-dns",)


@pytest.mark.parametrize(
    ("predicted", "measured", "expected"),
    [
        pytest.param(Prediction("answers", "a"), Measurement("answers", "a"), True, id="the one named answers"),
        pytest.param(Prediction("answers", "a"), Measurement("answers", "b"), False, id="another one answers"),
        pytest.param(Prediction("answers"), Measurement("answers", "b"), True, id="whoever answers"),
        pytest.param(Prediction("refused"), Measurement("timeout"), False, id="another outcome"),
        pytest.param(Prediction("resolves", "1.2.3.4"), Measurement("resolves", "1.2.3.5"), False, id="elsewhere led"),
        pytest.param(Prediction("elsewhere"), Measurement("timeout"), True, id="nothing comes back from elsewhere"),
        pytest.param(Prediction("elsewhere"), Measurement("answers"), True, id="a stranger answers"),
        pytest.param(Prediction("elsewhere"), Measurement("unmeasured"), False, id="nobody asked elsewhere"),
        pytest.param(Prediction("elsewhere"), Measurement("answers", "a"), False, id="a Pod of ours answers"),
        pytest.param(Prediction("no-name", "", OUTSIDE), Measurement("timeout"), True, id="another DNS is silent"),
        pytest.param(Prediction("no-name"), Measurement("timeout"), False, id="the cluster's DNS is silent"),
        pytest.param(
            Prediction("no-name", "", OUTSIDE),
            Measurement("timeout", resolved=("1.2.3.4",)),
            False,
            id="a name after all",
        ),
    ],
)
def test_agrees(predicted, measured, expected):
    assert engine.agrees(predicted, measured) is expected


def cell(predicted, measured, variant="", address="x"):
    prediction, result = Prediction(predicted), Measurement(measured)
    agrees = engine.agrees(prediction, result)
    return Cell("app", address, "http://x", prediction, result, agrees, "rule", NO, variant=variant)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(("answers", "answers"), ("no-name", "no-name"), [True], id="predicted and seen"),
        pytest.param(("answers", "answers"), ("answers", "answers"), [], id="nothing changes"),
        pytest.param(("answers", "answers"), ("answers", "refused"), [False], id="seen, not predicted"),
        pytest.param(("answers", "answers"), ("refused", "answers"), [False], id="predicted, not seen"),
        pytest.param(("elsewhere", "timeout"), ("elsewhere", "refused"), [], id="elsewhere is elsewhere"),
    ],
)
def test_flips(before, after, expected):
    flips = list(engine.flips([cell(*before), cell(*after, variant="v"), cell("refused", "refused", "v", "alone")]))
    assert [flip.agrees for flip in flips] == expected
    assert all((flip.variant, flip.address) == ("v", "x") for flip in flips)
