"""A busy machine is named as the cause, by the kernel's own figures and by what was late in its own words."""

import pytest
from msgspec.structs import replace

from lab.experiments import pressure
from lab.experiments.pressure import Pressure, causes
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text

from ..report import samples  # noqa: TID252 - the same made-up experiments as the reports' tests

PSI = "some avg10=96.99 avg60=98.27 avg300=91.44 total=1108727070\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
QUIET = Pressure(0.1, 0.5, 2)


def late(words):
    exhibit = Exhibit("event", "pod cats", words, Text("its words", "ses mots"))
    bad = samples.names(agrees=False)
    return replace(bad, cells=tuple(replace(cell, exhibits=(exhibit,)) for cell in bad.cells))


@pytest.mark.parametrize(("text", "total"), [(PSI, 1108727070.0), ("", None), ("full total=3", None)])
def test_the_time_in_which_something_waited_is_read_off_the_kernel(text, total):
    assert pressure.total(text) == total


@pytest.mark.parametrize(
    ("measured", "throttled", "experiments", "words"),
    [
        pytest.param(Pressure(0.87, 9.4, 2), 0, [], ("in 87 % of the time", "load 9.4 on 2 cores"), id="pressure"),
        pytest.param(Pressure(None, 9.4, 2), 0, [], ("load 9.4 on 2 cores",), id="no PSI in this kernel"),
        pytest.param(QUIET, 12.5, [], ("held back for 12.5 s",), id="a node with a CPU limit"),
        pytest.param(QUIET, 0, [late("Readiness probe failed: context deadline exceeded")],
                     ("Something was late", "context deadline exceeded"), id="a late probe"),
    ],
)  # fmt: skip
def test_what_speaks_for_the_machine_is_named(measured, throttled, experiments, words):
    said = causes(measured, throttled, experiments)
    assert all(word in said.en for word in words)


@pytest.mark.parametrize("experiments", [[], [late("connection refused")], [samples.names()]])
def test_a_quiet_machine_is_no_cause(experiments):
    assert causes(QUIET, 0, experiments) is None


def test_figures_are_french_in_french():
    assert "charge 9,4 sur 2 cœurs" in causes(Pressure(0.9, 9.4, 2), 0, []).fr
