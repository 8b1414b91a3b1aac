"""Every experiment on a cluster: what is measured is what is predicted, the model can be wrong, nothing is left."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from lab import cli, testing, waiting
from lab.experiments import catalog
from lab.experiments.course.claims import SENTENCES
from lab.experiments.matrix import bind_addresses, compare, engine, environment, names, whatif
from lab.experiments.model.predict import predict
from lab.experiments.model.rules import RULES, inverted
from lab.experiments.results import Experiment
from lab.images import app
from lab.kubernetes import client, namespaces
from lab.steps import Event, Report

pytestmark = pytest.mark.cluster
QUIET = Report(lambda _event: None, Event("start", "test"))
MATRICES = {"names": names.MATRIX, "binds": bind_addresses.MATRIX, "whatif": whatif.of(whatif.chosen(()))}
EVERYTHING = 400
"""Seconds for all experiments, on a machine that has other work too."""


@pytest.fixture(scope="session")
def api(cluster):
    return client.api(cluster.settings)


@pytest.fixture(scope="session")
def document(cluster):
    """Run everything once, as a person would; its disagreements are the tests' matter."""
    return cluster.lab("experiment", "all", "--json", timeout=EVERYTHING, check=False)


@pytest.fixture(scope="session")
def found(document, cluster, aloud):
    """What each found, at its second try where the first disagreed."""
    return testing.settled(cluster, testing.read(document), EVERYTHING, aloud)


@pytest.fixture(scope="session")
def measured(cluster, api):
    """Measure the matrices once more, with their worlds at hand: what each rule is held against."""
    image = app.references(cluster.settings)[app.repository("back")]
    hand = engine.Hand(cluster.settings, api, image)
    kept = []
    for one in MATRICES.values():
        with environment.staged(cluster.settings, api, image, one, QUIET) as stands:
            world = engine.read(hand, stands.namespaces)
            tries = one.tries(world, stands.namespaces)
            seen = stands.look().cells
        kept += [(world, tried, cell.measured) for tried, cell in zip(tries, seen, strict=True)]
    return kept


@pytest.mark.parametrize("name", catalog.CATALOGUE)
def test_what_is_measured_is_what_was_predicted(found, name):
    assert found[name].agrees, testing.disagreements(found[name])
    assert found[name].cells or found[name].expectations or found[name].claims


def test_there_are_more_than_250_cells(found):
    assert sum(len(found[name].cells) for name in MATRICES) >= 250


def test_the_document_is_what_the_schema_says(document):
    """It is read strictly, and writing it again gives the same: no field is unknown, none has another type."""
    read = msgspec.json.decode(document.stdout, type=list[Experiment], strict=True)
    assert msgspec.json.decode(msgspec.json.encode(read)) == msgspec.json.decode(document.stdout)


def test_the_name_answers_with_at_least_three_exhibits(found):
    (cell,) = [one for one in found["names"].cells if (one.vantage, one.address) == ("guest", "pod-name")]
    assert cell.measured.outcome == "answers"
    assert len({exhibit.kind for exhibit in cell.exhibits}) >= 3
    assert "k8-chatroulette-back" in next(one.text for one in cell.exhibits if one.kind == "hosts")


def test_each_change_flips_the_cells_that_it_should_and_no_other(found):
    cells = found["whatif"].cells
    base = {(one.vantage, one.address): one for one in cells if not one.variant}
    for side in ("predicted", "measured"):
        flipped = {
            (one.variant, one.vantage, one.address)
            for one in cells
            if one.variant
            and (before := base.get((one.vantage, one.address)))
            and getattr(before, side).outcome != getattr(one, side).outcome
        }
        assert flipped == {(one.variant, one.vantage, one.address) for one in found["whatif"].flips}
    quiet = {one.id for one in whatif.VARIANTS} - {one.variant for one in found["whatif"].flips}
    assert quiet == {"hosts-edit-guest"}, "only a hand edit that kubelet has written over leaves nothing"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_says_the_opposite_is_found_out(measured, rule):
    """The model can be wrong: turned around, each of its rules disagrees with something that agrees with it."""
    turned = inverted(rule)
    assert any(
        compare.agrees(predict(*cell), seen) and not compare.agrees(predict(*cell, turned), seen)
        for world, tried, seen in measured
        for cell in [(world, tried.vantage, engine.told(tried))]
    )


@pytest.mark.parametrize("name", SENTENCES)
def test_the_course_s_sentences_get_the_verdict_that_is_known(found, name):
    (claim,) = [claim for claim in found["claims"].claims if claim.id == name]
    assert claim.verdict == SENTENCES[name].verdict, claim.because.en
    assert claim.exhibits


def test_a_wrong_prediction_ends_with_1_and_shows_both(cluster, monkeypatch, capsys):
    """Both stand there, the predicted and the measured outcome, with the evidence of what was measured."""
    turned = functools.partial(predict, rules=inverted("pod-hosts-file"))
    monkeypatch.setattr("lab.experiments.matrix.engine.predict", turned)
    for name, value in cluster.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["lab", "experiment", "names", "--lang", "en"])
    monkeypatch.setattr("lab.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr()
    assert ended.value.code == 1
    assert "measured is not what was predicted" in shown.err
    assert "names: " in shown.err
    assert "predicted ≠ measured" in shown.out
    assert "/etc/hosts" in shown.out


def test_nothing_of_all_this_is_left(api, found, measured):
    assert found
    assert measured
    left = [one["metadata"]["name"] for one in api.items("/api/v1/namespaces", labelSelector=namespaces.LABEL)]
    namespaces.gone(api, left)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param("names", signal.SIGINT, id="one, Ctrl-C"),
        pytest.param("all", signal.SIGINT, id="all, Ctrl-C"),
        pytest.param("all", signal.SIGTERM, id="all, SIGTERM to the first process only"),
    ],
)
def test_an_interrupted_experiment_leaves_nothing_and_says_so(cluster, api, name, how):
    with running(cluster, name) as process:
        made = appears(api, process)
        if how is signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what it made is going away" in said
    assert not made_by(api, process.pid)
    namespaces.gone(api, made)


def test_what_a_killed_one_leaves_the_next_takes_away(cluster, api):
    with running(cluster, "names") as process:
        made = appears(api, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
    assert made
    cluster.lab("experiment", "course")
    namespaces.gone(api, made)


@contextlib.contextmanager
def running(cluster, name):
    """Run an experiment as a terminal would, in a process group of its own."""
    program = [Path(sys.prefix) / "bin" / "lab", "experiment", name, "--lang", "en"]
    env = {**os.environ, **cluster.env}
    process = subprocess.Popen(
        program, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def made_by(api, group):
    """Name the namespaces whose owner is of that process group, and lives."""
    owners = {
        one["metadata"]["name"]: one["metadata"]["annotations"][namespaces.OWNER].partition("@")[0]
        for one in api.items("/api/v1/namespaces", labelSelector=namespaces.LABEL)
    }
    return [name for name, pid in owners.items() if group_of(int(pid)) == group]


def group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def appears(api, process):
    """Wait for the experiment's first Pods, and return all its namespaces."""

    def look():
        with_pods = [one for one in made_by(api, process.pid) if api.items(f"/api/v1/namespaces/{one}/pods")]
        return bool(with_pods), f"no Pod yet; the process: {process.poll()}"

    waiting.until("the experiment's Pods", look, timeout=60)
    return made_by(api, process.pid)
