"""Every experiment on a cluster: what is measured is what is predicted, the model can be wrong, nothing is left."""

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
from lab.experiments.matrix import bind_addresses, engine, environment, names, whatif
from lab.experiments.model.predict import RULES, predict
from lab.experiments.results import Experiment
from lab.images import app
from lab.kubernetes import client, namespaces
from lab.steps import Event, Report

pytestmark = pytest.mark.cluster
nightly = pytest.mark.nightly
SILENT = Report(lambda _event: None, Event("start", "test"))
MATRICES = {"names": names.MATRIX, "binds": bind_addresses.MATRIX, "whatif": whatif.matrix()}
TIMEOUT = 400
"""Seconds for all experiments, on a machine that has other work too."""


@pytest.fixture(scope="session")
def api(cluster):
    return client.api(cluster.settings)


def wait_until_deleted(api, names):
    def left():
        return [name for name in names if api.get(f"/api/v1/namespaces/{name}")]

    waiting.until("the experiment's namespaces to be gone", lambda: (not left(), f"still ending: {left()}"), timeout=60)


@pytest.fixture(scope="session")
def names_result(cluster):
    (result,) = testing.decode(cluster.lab("experiment", "names", "--json", timeout=TIMEOUT, check=False))
    return result


@pytest.fixture(scope="session")
def document(cluster):
    """The output of every experiment, run at the same time as a person would."""
    return cluster.lab("experiment", "all", "--json", timeout=TIMEOUT, check=False)


@pytest.fixture(scope="session")
def results(document, cluster, write_stderr):
    """Every experiment's result, of its second run where the first disagreed."""
    return testing.retry_alone(cluster, testing.decode(document), TIMEOUT, write_stderr)


@pytest.fixture(scope="session")
def measured(cluster, api):
    """Cells of the matrices measured once more, with the model of their cluster: what each rule is held against."""
    image = app.references(cluster.settings)[app.repository("back")]
    context = engine.MeasurementContext(cluster.settings, api, image)
    cells = []
    for matrix in MATRICES.values():
        with environment.environment(matrix, cluster.settings, api, image, SILENT) as created:
            model = engine.read_model(api, created.namespaces)
            attempts = matrix.attempts(model, created.namespaces)
            results, _ = engine.evaluate(context, model, attempts)
        cells += [(model, attempt, cell.measured) for attempt, cell in zip(attempts, results, strict=True)]
    return cells


def test_names_are_measured_as_predicted(names_result):
    assert names_result.agrees, testing.disagreements(names_result)
    assert len(names_result.cells) > 200


@pytest.mark.parametrize("name", ["binds", "readiness"])
def test_an_experiment_alone_is_as_predicted(cluster, name):
    done = cluster.lab("experiment", name, "--json", timeout=TIMEOUT, check=False)
    (result,) = testing.decode(done)
    assert result.agrees, testing.disagreements(result)
    assert done.code == 0


def test_the_name_answers_with_at_least_three_exhibits(names_result):
    (cell,) = [cell for cell in names_result.cells if (cell.vantage, cell.address) == ("guest", "pod-name")]
    assert cell.measured.outcome == "answers"
    assert len({exhibit.kind for exhibit in cell.exhibits}) >= 3
    assert "k8-chatroulette-back" in next(exhibit.text for exhibit in cell.exhibits if exhibit.kind == "hosts")


@pytest.mark.parametrize("name", [name for name, entry in catalog.CATALOGUE.items() if "timed" in entry.module])
def test_the_server_takes_the_manifests_that_an_experiment_prints(cluster, namespace, name):
    manifests = cluster.lab("experiment", name, "--manifests").stdout
    namespace.kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifests)


@nightly
@pytest.mark.parametrize("name", catalog.CATALOGUE)
def test_every_experiment_is_as_predicted(results, name):
    assert results[name].agrees, testing.disagreements(results[name])
    assert results[name].cells or results[name].expectations or results[name].claims
    for expectation in results[name].expectations:
        assert expectation.source.startswith("https://"), expectation.id
        assert expectation.exhibits, expectation.id


@nightly
def test_the_document_is_what_the_schema_says(document):
    """It is read strictly, and writing it again gives the same: no field is unknown, none has another type."""
    experiments = msgspec.json.decode(document.stdout, type=list[Experiment], strict=True)
    assert msgspec.json.decode(msgspec.json.encode(experiments)) == msgspec.json.decode(document.stdout)


@nightly
def test_each_change_flips_the_cells_that_it_should_and_no_other(results):
    cells, flips = results["whatif"].cells, results["whatif"].flips
    base = {(cell.vantage, cell.address): cell for cell in cells if not cell.variant}
    for side in ("predicted", "measured"):
        flipped = {
            (cell.variant, cell.vantage, cell.address)
            for cell in cells
            if cell.variant
            and (before := base.get((cell.vantage, cell.address)))
            and getattr(before, side).outcome != getattr(cell, side).outcome
        }
        assert flipped == {(flip.variant, flip.vantage, flip.address) for flip in flips}
    without_flips = {label.id for label in MATRICES["whatif"].variants} - {flip.variant for flip in flips}
    assert without_flips == {"hosts-edit-guest"}, "only a hand edit that kubelet has written over leaves nothing"


@nightly
@pytest.mark.parametrize("rule", RULES)
def test_an_inverted_rule_disagrees(measured, rule):
    """The model can be wrong: inverted, each of its rules disagrees with a cell that agrees with it."""
    rules = RULES.inverted(rule)
    assert any(
        engine.agrees(predict(*cell), measurement) and not engine.agrees(predict(*cell, rules), measurement)
        for model, attempt, measurement in measured
        for cell in [(model, attempt.vantage, attempt.key)]
    )


@nightly
@pytest.mark.parametrize("name", SENTENCES)
def test_the_course_s_sentences_get_the_verdict_that_is_known(results, name):
    (claim,) = [claim for claim in results["claims"].claims if claim.id == name]
    assert claim.verdict == SENTENCES[name].verdict, claim.because.en
    assert claim.exhibits


def test_a_wrong_prediction_ends_with_1_and_shows_both(cluster, monkeypatch, capsys):
    """Both stand there, the predicted and the measured outcome, with the evidence of what was measured."""
    monkeypatch.setattr(
        "lab.experiments.matrix.engine.predict", functools.partial(predict, rules=RULES.inverted("pod-hosts-file"))
    )
    for name, value in cluster.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["lab", "experiment", "names", "--lang", "en"])
    monkeypatch.setattr("lab.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr()
    assert ended.value.code == 1
    assert "measured is not what was predicted" in shown.err
    assert "predicted ≠ measured" in shown.out
    assert "/etc/hosts" in shown.out


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param("names", signal.SIGINT, id="one, Ctrl-C"),
        pytest.param("all", signal.SIGINT, id="all, Ctrl-C", marks=nightly),
        pytest.param("all", signal.SIGTERM, id="all, SIGTERM to the first process only", marks=nightly),
    ],
)
def test_an_interrupted_experiment_leaves_nothing_and_says_so(cluster, api, name, how):
    with running(cluster, name) as process:
        made = appears(api, process)
        if how is signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what it made is going away" in errors
    assert not made_by(api, process.pid)
    wait_until_deleted(api, made)


def test_what_a_killed_one_leaves_the_next_takes_away(cluster, api):
    with running(cluster, "names") as process:
        made = appears(api, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
    assert made
    cluster.lab("experiment", "course")
    left = [each["metadata"]["name"] for each in api.items("/api/v1/namespaces", labelSelector=namespaces.LABEL)]
    wait_until_deleted(api, [*made, *left])


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
        each["metadata"]["name"]: each["metadata"]["annotations"][namespaces.OWNER].partition("@")[0]
        for each in api.items("/api/v1/namespaces", labelSelector=namespaces.LABEL)
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
        with_pods = [name for name in made_by(api, process.pid) if api.items(f"/api/v1/namespaces/{name}/pods")]
        return bool(with_pods), f"no Pod yet; the process: {process.poll()}"

    waiting.until("the experiment's Pods", look, timeout=60)
    return made_by(api, process.pid)
