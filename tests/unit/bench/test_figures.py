"""What would make a published figure wrong."""

import sys
from pathlib import Path

import pytest

from lab.errors import LabError

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import loads
import page
import services
from figures import Bound, figure


@pytest.mark.parametrize(
    ("bound", "reached"),
    [(Bound("most", 4.9), False), (Bound("least", 5), True), (Bound("times the floor", 1.7), True)],
)
def test_the_median_is_what_counts(bound, reached):
    assert figure("it", "s", (4.0, 30.0, 5.0), bound, beside={"floor": (2.0, 4.0), "other": 10.0}).reached() is reached


def test_every_wrong_message_counts():
    assert loads.Result({"lost": 1, "doubled": 2, "out_of_order": 3, "strange": 4}, {}, {}).wrong == 10


def test_a_load_that_failed_is_no_figure():
    with pytest.raises(LabError, match="Non-2xx"):
        services.rate("  Non-2xx or 3xx responses: 12\nRequests/sec:   4051.17\n")


def test_a_page_that_lighthouse_could_not_load_is_no_figure():
    with pytest.raises(LabError, match="NO_FCP"):
        page.lighthouse_figure("it", [{"runtimeError": {"message": "NO_FCP"}}])
