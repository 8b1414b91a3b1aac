"""The tests' own plugin: what it leaves behind, and what it tells of a failed test."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lab import shell, testing
from lab.errors import LabError, TimedOut


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
