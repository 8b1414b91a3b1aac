"""Every experiment on Kubernetes 1.35 and on 1.37: both as predicted, and each difference between them expected."""

import pytest
from differences import differences

from lab.config import MINORS
from lab.experiments.catalog import CATALOGUE
from lab.testing import disagreements

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]
NEWER, OLDER = MINORS
EXPECTED = {
    "cluster/kubernetes": "the two versions themselves",
}
"""Every difference that there is to be, with its reason."""
VARIES = {
    "limits/memory-reason of memory": "on cgroup v1 the end of the process can overtake the notice of its kill",
}
"""What differs from one run to the next on one minor too, and is predicted to."""


@pytest.mark.parametrize("minor", MINORS)
def test_everything_is_as_predicted(results, minor):
    experiments = [results[minor][name] for name in CATALOGUE]
    wrong = [f"{each.experiment}\n{disagreements(each)}" for each in experiments if not each.agrees]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("minor", MINORS)
def test_every_experiment_was_run_on_a_cluster_of_its_minor(results, minor):
    assert results[minor].keys() == CATALOGUE.keys()
    versions = {result.cluster.kubernetes for result in results[minor].values()}
    assert [version.removeprefix("v").rpartition(".")[0] for version in versions] == [minor]


def test_the_two_differ_in_what_is_listed_and_in_nothing_else(results):
    differ = {each.name: (each.older, each.newer) for each in differences(results[OLDER], results[NEWER])}
    assert differ.keys() - VARIES.keys() == EXPECTED.keys(), differ
