"""The tests' own plugin: what it leaves behind, and what it tells of a failed test."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lab import shell, testing
from lab.errors import LabError, TimedOut
from lab.experiments.results import Cell, Claim, ClusterVersions, Experiment, Measurement, Prediction, encode
from lab.experiments.texts import Text


def dump(answer):
    return testing.Namespace("mine", SimpleNamespace(kubectl=answer)).dump()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(TimedOut("`kubectl`", 20, "nothing", ""), "`kubectl`", id="does not answer"),
        pytest.param(LabError("there is no such cluster", ""), "there is no such cluster", id="gone"),
        pytest.param(PermissionError(13, "Permission denied"), "Permission denied", id="not to be run"),
    ],
)
def test_a_dump_says_what_cannot_be_had(error, said):
    def answer(*_words, **_options):
        raise error

    assert dump(answer).count(said) == len(testing.DUMPED)


def test_a_dump_has_every_pods_log():
    def answer(*words, **_options):
        out = "pod/a\npod/b\n" if words[-1] == "name" else f"{' '.join(words)} found\n"
        return shell.Completed(("kubectl",), 0, out, "")

    text = dump(answer)
    assert "logs pod/a --all-containers --prefix --tail=30 found" in text
    assert "logs pod/b" in text


WORDS, SEEN = Text("x", "x"), ClusterVersions("cats", "v1.37.2", "c://1", "6.1", "v2", "node")


def experiment(name, *, agrees):
    measured = Measurement("answers" if agrees else "refused", detail="" if agrees else "ECONNREFUSED")
    cell = Cell("app", "pod-ip", "http://x", Prediction("answers"), measured, agrees, "", WORDS, ())
    claim = Claim("c", WORDS, "true" if agrees else "unknown", WORDS, (), agrees=agrees)
    return Experiment(
        name, WORDS, WORDS, SEEN, "2026-01-01T00:00:00Z", 1.0, agrees=agrees, cells=(cell,) * 12, claims=(claim,)
    )


@pytest.fixture
def again(monkeypatch):
    """Let there be three experiments, of which those whose names are given disagree, or cannot be run, alone too."""

    def settle(first, *, wrong=(), broken=()):
        def lab(_word, name, *_words, **_options):
            asked.append(name)
            found = b'{"error": "no room"}' if name in broken else encode(experiment(name, agrees=name not in wrong))
            return shell.Completed(("lab",), 1, found.decode(), "")

        asked, said = [], []
        return testing.settled(SimpleNamespace(lab=lab), first, 9, said.append), asked, said

    monkeypatch.setattr(testing.catalogue, "CATALOGUE", dict.fromkeys(("names", "binds", "qos")))
    return settle


def test_what_disagreed_or_is_missing_is_run_once_more_alone(again):
    found, asked, said = again([experiment("names", agrees=True), experiment("binds", agrees=False)], wrong=["qos"])
    assert asked == ["binds", "qos"]
    assert "ECONNREFUSED" in said[0]
    assert "qos is run once more" in said[1]
    assert {name: one.agrees for name, one in found.items()} == {"names": True, "binds": True, "qos": False}


def test_what_cannot_be_run_fails_the_test_that_asks_for_it_with_its_words(again):
    found, *_ = again([experiment("names", agrees=True)], broken=["qos"])
    assert found.keys() == {"names", "binds"}
    with pytest.raises(pytest.fail.Exception, match=r"qos: no experiment, but: .*no room"):
        found["qos"]


def test_a_disagreement_is_told_with_both_sides_and_the_detail():
    told = testing.disagreements(experiment("names", agrees=False)).splitlines()
    assert len(told) == 11
    assert told[0].startswith("  app/pod-ip: predicted Prediction(outcome='answers'")
    assert "ECONNREFUSED" in told[0]
    assert told[-1] == "  and 3 more"
    assert testing.disagreements(experiment("names", agrees=True)) == ""


@pytest.mark.parametrize(
    ("keep", "ran"),
    [
        pytest.param(False, ["kind-up", "kind-down"], id="taken away"),
        pytest.param(True, ["kind-up"], id="kept where that was asked for"),
    ],
)
@pytest.mark.parametrize("fails", ["kind-up", "the tests"])
def test_a_cluster_is_taken_away_whatever_happened(keep, ran, fails):
    seen = []

    def lab(word, **_options):
        seen.append(word)
        if word == fails:
            raise LabError("no", "")

    def use():
        with testing.running(SimpleNamespace(lab=lab), keep=keep):
            raise LabError("no", "")

    with pytest.raises(LabError):
        use()
    assert seen == ran
