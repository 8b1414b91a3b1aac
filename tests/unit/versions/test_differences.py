"""What differs between two runs has a name, and what no two runs have alike is no difference."""

from __future__ import annotations

import pytest
from differences import ABSENT, Difference, differences
from msgspec.structs import replace

from lab.experiments.results import Cell, Claim, ClusterVersions, Expectation, Experiment, Measurement, Prediction
from lab.experiments.texts import Text

WORDS = Text("", "")
CELL = Cell(
    "app",
    "service",
    "http://cats",
    Prediction("answers", "back"),
    Measurement("answers", "back", seconds=0.1, resolved=("10.96.0.1",)),
    agrees=True,
    mechanism="search-list",
    because=WORDS,
)
FACT = Expectation("killed", "eater", WORDS, WORDS, Text("137, OOMKilled", ""), agrees=True, because=WORDS)
CLAIM = Claim("localhost", WORDS, "true", WORDS, ())
CLUSTER = ClusterVersions("cats", "v1.35.4", "containerd://2.4.2", "6.1", "v1", "cats-control-plane")
NAMES = Experiment(
    "names", WORDS, WORDS, CLUSTER, "now", 9.0, agrees=True, cells=(CELL,), expectations=(FACT,), claims=(CLAIM,)
)


def found(**changed):
    return {"names": replace(NAMES, **changed)}


def cell(**measured):
    return replace(CELL, measured=replace(CELL.measured, **measured))


@pytest.mark.parametrize(
    ("after", "difference"),
    [
        pytest.param(
            found(cluster=replace(CLUSTER, kubernetes="v1.37.2")),
            ("cluster/kubernetes", "v1.35.4", "v1.37.2"),
            id="version",
        ),
        pytest.param(
            found(cells=(cell(outcome="refused"),)),
            ("names/app/service", "answers (back) by search-list", "refused by search-list"),
            id="outcome",
        ),
        pytest.param(
            found(cells=(cell(who="twin"),)),
            ("names/app/service", "answers (back) by search-list", "answers (twin) by search-list"),
            id="who",
        ),
        pytest.param(
            found(cells=(CELL, replace(CELL, variant="hostname"))),
            ("names/hostname/app/service", ABSENT, "answers (back) by search-list"),
            id="only-in-one",
        ),
        pytest.param(
            found(expectations=(replace(FACT, measured=Text("1, Error", "")),)),
            ("names/killed of eater", "137, killed", "1, Error"),
            id="expectation",
        ),
        pytest.param(
            found(claims=(replace(CLAIM, verdict="nuance"),)), ("names/localhost", "true", "nuance"), id="claim"
        ),
    ],
)
def test_a_difference_has_a_name_and_both_sides(after, difference):
    assert differences(found(), after) == [Difference(*difference)]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(found(began="later", seconds=11.0), id="times"),
        pytest.param(found(cells=(cell(seconds=0.9, resolved=("10.96.7.7",)),)), id="addresses"),
        pytest.param(found(cluster=replace(CLUSTER, name="dogs", node="dogs-control-plane")), id="names-of-clusters"),
    ],
)
def test_what_no_two_runs_have_alike_is_no_difference(after):
    assert differences(found(), after) == []


def test_what_a_name_leads_to_is_no_difference():
    """It is an address, another one on each cluster."""
    one, other = (cell(outcome="resolves", who=who) for who in ("10.96.0.1", "10.96.0.2"))
    assert differences(found(cells=(one,)), found(cells=(other,))) == []


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(found(cells=(replace(cell(outcome="timeout"), agrees=False),)), id="cell"),
        pytest.param(
            found(expectations=(replace(FACT, measured=Text("Error, 1", ""), agrees=False),)), id="expectation"
        ),
        pytest.param(found(claims=(replace(CLAIM, verdict="false"),), agrees=False), id="claim"),
        pytest.param({}, id="could-not-be-run"),
    ],
)
def test_what_went_wrong_on_one_cluster_is_no_difference_between_two(after):
    assert differences(found(), after) == []
    assert differences(after, found()) == []


def test_a_fact_about_the_node_has_one_name_on_both():
    other = replace(CLUSTER, node="dogs-control-plane")
    before = found(expectations=(replace(FACT, subject="cats-control-plane"),))
    after = found(cluster=other, expectations=(replace(FACT, subject="dogs-control-plane"),))
    assert differences(before, after) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param("after 2.5 s", "after 3.1 s", True, id="seconds"),
        pytest.param("61 MiB", "60.2 MiB", True, id="memory"),
        pytest.param("13.8 times", "9 times", True, id="times"),
        pytest.param("137, OOMKilled", "137, Error", True, id="the-notice-of-a-kill"),
        pytest.param("1, Error", "137, Error", False, id="no-kill"),
        pytest.param("exit code 137", "exit code 143", False, id="exit-code"),
        pytest.param("2 restarts", "3 restarts", False, id="restarts"),
    ],
)
def test_amounts_are_no_difference_and_counts_are(one, other, alike):
    before, after = (found(expectations=(replace(FACT, measured=Text(words, "")),)) for words in (one, other))
    assert (differences(before, after) == []) is alike
