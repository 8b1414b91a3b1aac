"""Every experiment on Kubernetes 1.35 and on 1.37: both as predicted, and each difference between them expected."""

from __future__ import annotations

import pytest
from differences import differences

from lab.config import MINORS
from lab.experiments import beside

pytestmark = pytest.mark.cluster
NEWER, OLDER = MINORS
EXPECTED = {
    "cluster/kubernetes": "the two versions themselves",
}
"""Every difference that there is to be, with its reason."""


@pytest.mark.parametrize("minor", MINORS)
def test_everything_is_as_predicted(found, minor):
    wrong = {name: beside.disagreements(one) for name, one in found[minor].items() if not one.agrees}
    assert not wrong


def test_each_cluster_is_of_its_minor(found):
    for minor in MINORS:
        versions = {one.cluster.kubernetes for one in found[minor].values()}
        assert [version.removeprefix("v").rpartition(".")[0] for version in versions] == [minor]


def test_the_two_differ_in_what_is_listed_and_in_nothing_else(found):
    seen = {one.name: (one.older, one.newer) for one in differences(found[OLDER], found[NEWER])}
    assert seen.keys() == EXPECTED.keys(), {name: seen.get(name) for name in seen.keys() ^ EXPECTED.keys()}
