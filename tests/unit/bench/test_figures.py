"""What the benchmarks make of what they saw."""

from __future__ import annotations

import pytest
import services
from figures import Bound, Figure, Series

from lab.errors import LabError


def figure(asked: Bound | None, ours: tuple[float, ...] = (4.0, 30.0, 5.0)) -> Figure:
    floor, other = Series("floor", (2.0, 4.0)), Series("other", (10.0,))
    return Figure("it", "s", Series("ours", ours), (floor, other), asked)


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        pytest.param(None, None, id="nothing asked"),
        pytest.param(Bound("most", 5), True, id="exactly at most"),
        pytest.param(Bound("most", 4.9), False, id="more than at most"),
        pytest.param(Bound("least", 5), True, id="exactly at least"),
        pytest.param(Bound("least", 5.1), False, id="less than at least"),
        pytest.param(Bound("times the floor", 1.7), True, id="within times the floor"),
        pytest.param(Bound("times the floor", 1.6), False, id="beyond times the floor"),
    ],
)
def test_the_median_is_what_counts(asked: Bound | None, *, reached: bool | None) -> None:
    assert figure(asked).reached() is reached


def test_a_row_names_what_was_beside_it() -> None:
    assert figure(Bound("times the floor", 1.5)).row() == (
        "it",
        "5.00 s\n3 runs: 4.00-30.0",
        "floor: 3.00\nother: 10.0",
        "1.67\n0.50",
        "≤ 1.5 times floor",
        "✗",
    )


def test_programs_get_every_value() -> None:
    data = figure(Bound("least", 3000)).data()
    assert data["ours"] == {"what": "ours", "values": (4.0, 30.0, 5.0), "median": 5.0}
    assert [beside["ratio"] for beside in data["beside"]] == [5 / 3, 0.5]
    assert (data["asked"], data["reached"]) == ("≥ 3,000 s", False)


def test_wrk_is_read() -> None:
    assert services.rate("Running 8s test\n  123 requests\nRequests/sec:   4051.17\nTransfer/sec:  1MB\n") == 4051.17


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("  Non-2xx or 3xx responses: 12\nRequests/sec:   4051.17\n", id="wrong answers"),
        pytest.param("  Socket errors: connect 0, read 3, write 0\nRequests/sec:   4051.17\n", id="errors"),
        pytest.param("unable to connect to 127.0.0.1:1 Connection refused\n", id="no answer"),
    ],
)
def test_a_load_that_failed_is_no_figure(said: str) -> None:
    with pytest.raises(LabError, match="wrk"):
        services.rate(said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("44.25MiB / 128MiB", 44.25, id="MiB"),
        pytest.param("1.5GiB / 3GiB", 1536, id="GiB"),
        pytest.param("512KiB / 0B", 0.5, id="KiB"),
    ],
)
def test_docker_stats_is_read(said: str, expected: float) -> None:
    assert services.mebibytes(said) == expected
