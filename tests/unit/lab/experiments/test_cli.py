"""`lab experiment` in process: what it lists, what it refuses before anything is made, and how it ends."""

from __future__ import annotations

import contextlib
import json
import sys

import msgspec
import pytest

from lab import cli
from lab.cli import experiment_run, output
from lab.errors import BadInput, LabError
from lab.experiments import catalog, parallel, results
from lab.experiments.matrix import cluster_dns
from lab.experiments.results import Cell, ClusterVersions, Exhibit, Experiment, Measurement, Prediction
from lab.experiments.texts import Text
from lab.steps import Step

TEXT = Text("It is in the hosts file.", "Il est dans le fichier hosts.")
LINE = Exhibit("hosts", "names/cats: /etc/hosts", "10.244.0.7\tcats", TEXT, "kubectl exec cats -- cat /etc/hosts")


def cell(vantage, address, predicted, measured, variant=""):
    return Cell(
        vantage,
        address,
        "http://cats:3000",
        Prediction(predicted, "cats"),
        Measurement(measured, "cats"),
        agrees=predicted == measured,
        mechanism="hosts",
        because=TEXT,
        exhibits=(LINE,),
        variant=variant,
    )


def result(*cells):
    seen = ClusterVersions("cats", "v1.37.2", "containerd://2.4.2", "6.1", "v2", "node")
    agrees = all(one.agrees for one in cells)
    return Experiment("names", TEXT, TEXT, seen, "2026-01-01T00:00:00Z", 1.0, agrees=agrees, cells=cells)


GOOD = result(cell("guest", "pod-name", "answers", "answers"), cell("other", "pod-name", "no-name", "no-name"))
BAD = result(cell("guest", "pod-name", "answers", "refused"), cell("other", "pod-name", "no-name", "no-name"))


@pytest.fixture
def lab(monkeypatch, capsys, tmp_path):
    """Run the command line on a machine where no cluster is, in no language."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("LAB_CACHE", str(tmp_path))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("lab.cli.signal.signal", lambda *_: None)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lab", "experiment", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out = capsys.readouterr()
        return ended.value.code, out.out, out.err

    return run


@pytest.fixture
def finds(monkeypatch):
    """Let every experiment find this, without a cluster."""

    def find(found, image=lambda *_: "image"):
        monkeypatch.setattr(experiment_run.client, "api", lambda _settings: None)
        monkeypatch.setattr(cluster_dns, "until_ready", lambda *_, **__: None)
        monkeypatch.setattr(experiment_run, "_image", image)
        monkeypatch.setattr(catalog.Entry, "run", lambda *_, **__: found)

    return find


def test_alone_it_lists_every_experiment_with_its_question(lab):
    code, out, _ = lab()
    assert code == 0
    lines = out.splitlines()
    french = lab("--lang", "fr")[1].splitlines()
    for one, line in zip(catalog.CATALOGUE.values(), lines, strict=False):
        assert line.split()[0] == one.id
        assert line.endswith(one.question.en)
    assert max(map(len, [*lines, *french])) <= 100


def test_the_list_speaks_french_where_it_is_asked_to(lab, monkeypatch):
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert catalog.CATALOGUE["names"].question.fr in lab()[1]
    assert catalog.CATALOGUE["names"].question.en in lab("--lang", "en")[1]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        pytest.param({}, "en", id="nothing set"),
        pytest.param({"LANG": "fr_FR.UTF-8"}, "fr", id="LANG"),
        pytest.param({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en", id="LC_ALL before LANG"),
        pytest.param({"LANG": "en_US.UTF-8", "LC_MESSAGES": "fr_CA"}, "fr", id="LC_MESSAGES before LANG"),
        pytest.param({"LC_ALL": "", "LANG": "fr"}, "fr", id="empty is not set"),
        pytest.param({"LANG": "de_DE"}, "en", id="another language"),
    ],
)
def test_the_language_is_chosen_as_programs_do(monkeypatch, environment, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, environment.get(name, ""))
    assert experiment_run.language() == language


def test_the_list_is_json_for_programs(lab):
    listed = json.loads(lab("--json")[1])
    assert [one["id"] for one in listed] == list(catalog.CATALOGUE)
    assert listed[0]["question"].keys() == {"en", "fr"}


def test_the_schema_is_printed(lab):
    code, out, _ = lab("--schema")
    assert code == 0
    assert json.loads(out) == json.loads(msgspec.json.encode(results.schema()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["name"], "there is no experiment 'name'", id="unknown"),
        pytest.param(["limits", "--watch"], "--watch looks at cells, and limits is no such matrix", id="watch-time"),
        pytest.param(["all", "--watch"], "--watch looks at cells, and all is no such matrix", id="watch-all"),
        pytest.param(["qos", "--predict"], "--predict looks at cells, and qos is no such matrix", id="predict-time"),
        pytest.param(["qos", "--why"], "--why looks at cells, and qos is no such matrix", id="why-time"),
        pytest.param(["names", "--only", "hostname"], "--only goes with whatif, not with names", id="only-names"),
        pytest.param(["--predict", "--watch"], "--predict asks once, --watch looks again and again", id="both"),
        pytest.param(["--why", "nowhere/pod-name"], "no matrix has a cell 'nowhere/pod-name'", id="from"),
        pytest.param(["--why", "guest/nowhere"], "no matrix has a cell 'guest/nowhere'", id="to"),
        pytest.param(["--why", "guest"], "no matrix has a cell 'guest'", id="half-a-cell"),
        pytest.param(["binds", "--why"], "binds has no cell 'guest/pod-name'", id="why-binds"),
        pytest.param(["--only", "hostname", "--why"], "whatif has no cell 'guest/pod-name'", id="why-whatif"),
        pytest.param(["--html", "x.html"], "--html needs an experiment to tell of", id="report-of-nothing"),
        pytest.param(["names", "--html", ""], "the report cannot be written to .: Is a directory", id="html nowhere"),
        pytest.param(
            ["names", "--html", "/proc/x"],
            "the report cannot be written to /proc/x: No such file or directory",
            id="html no",
        ),
        pytest.param(["names", "--html", "/no/such/x.html"], "there is no folder /no/such for the report", id="html"),
    ],
)
def test_what_cannot_be_is_refused_before_the_cluster_is_looked_for(lab, words, said):
    code, out, err = lab(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"✗ {said}"
    assert err.splitlines()[1].startswith("  → ")


@pytest.mark.parametrize("option", ["--why", "--predict", "--watch"])
def test_what_is_told_to_a_person_is_no_document(lab, option):
    code, out, _ = lab("names", option, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "--why, --predict and --watch are for a person"


def test_without_a_cluster_it_says_how_to_get_one(lab):
    code, _, err = lab("names")
    assert code == 2
    assert "make kind-up" in err


def test_what_is_as_predicted_ends_with_0_and_shows_the_matrix(lab, finds):
    finds(GOOD)
    code, out, _ = lab("names")
    assert code == 0
    assert "2 cells" in out


def test_what_is_not_ends_with_1_and_shows_both_with_their_evidence(lab, finds):
    finds(BAD)
    code, out, err = lab("names")
    assert code == 1
    assert "✗ measured is not what was predicted: names: guest/pod-name" in err
    assert "answers" in out
    assert "refused" in out
    assert LINE.text.split()[1] in out


def test_json_is_one_document_whatever_was_found(lab, finds):
    finds(BAD)
    code, out, _ = lab("names", "--json")
    assert code == 1
    assert msgspec.json.decode(out, type=Experiment) == BAD


@pytest.fixture
def makes(monkeypatch):
    """Let the image be made first, by a step that has something to say, while another lab holds the lock."""

    def act(report):
        report.note("the image is made")

    @contextlib.contextmanager
    def exclusive(_command, on_state):
        on_state("another lab")
        yield

    monkeypatch.setattr("lab.cli.session.lock.exclusive", exclusive)
    monkeypatch.setattr(experiment_run.images, "app_steps", lambda *_: [Step("the backend", act)])
    monkeypatch.setattr(experiment_run.images.app, "references", lambda _settings: {"back": "image"})
    monkeypatch.setattr(experiment_run.images.app, "repository", lambda name: name)


@pytest.mark.usefixtures("makes")
def test_what_is_made_first_is_told_beside_the_document(lab, finds):
    finds(GOOD, experiment_run._image)
    code, out, err = lab("names", "--json")
    assert code == 0
    assert msgspec.json.decode(out, type=Experiment) == GOOD
    assert "the image is made" in err
    assert "waiting for another lab" in err


def test_an_experiment_that_could_not_be_run_leaves_one_document(lab, finds, monkeypatch):
    finds(GOOD)
    failed = {"qos": LabError("qos: no room", "make some"), "top": LabError("top: no answer", "make some")}
    ran = parallel.Together({"names": GOOD}, failed)
    monkeypatch.setattr(parallel, "together", lambda *_: ran)
    monkeypatch.setattr("lab.experiments.course.claims.judged", lambda _found: GOOD)
    code, out, _ = lab("all", "--json")
    assert code == 1
    assert len(json.loads(out)) == 2
    assert "✗ qos: no room; top: no answer\n  → make some\n" in lab("all")[2]


def test_why_explains_the_one_cell_and_no_other(lab, finds):
    finds(GOOD)
    code, out, _ = lab("--why")
    assert code == 0
    assert TEXT.en in out
    assert LINE.command in out
    assert "no such name" not in out
    assert "With --watch they stay" in out


def test_where_watch_is_refused_why_does_not_recommend_it(lab, finds):
    finds(msgspec.structs.replace(GOOD, experiment="whatif", cells=(cell("app", "pod-name", "answers", "answers"),)))
    code, out, _ = lab("whatif", "--why", "app/pod-name")
    assert code == 0
    assert TEXT.en in out
    assert "--watch" not in out


def test_why_of_a_cell_that_is_not_there_names_those_that_are(lab, finds):
    finds(GOOD)
    code, _, err = lab("--why", "init/pod-name")
    assert code == 2
    assert "names has no cell 'init/pod-name'" in err
    assert "guest, other" in err


def test_the_report_is_written_and_said(lab, finds, tmp_path):
    finds(GOOD)
    file = tmp_path / "report.html"
    code, _, err = lab("names", "--html", str(file))
    assert code == 0
    assert str(file) in err
    assert LINE.text in file.read_text()


def test_a_report_that_cannot_be_written_costs_no_result(lab, finds):
    finds(GOOD)
    code, out, err = lab("names", "--html", "/dev/full")
    assert code == 1
    assert "the report /dev/full was not written" in err
    assert TEXT.en in out


def test_ctrl_c_says_that_what_was_made_goes_away(lab, finds, monkeypatch):
    finds(GOOD)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    removed = []
    monkeypatch.setattr(catalog.Entry, "run", interrupted)
    monkeypatch.setattr("lab.kubernetes.namespaces.of_this_process", lambda _api: ["names-12ab"])
    monkeypatch.setattr("lab.kubernetes.namespaces.delete", lambda _api, name: removed.append(name))
    monkeypatch.setattr("lab.kubernetes.namespaces.delete_orphans", lambda _api: removed.append("what the dead left"))
    code, _, err = lab("names", "--lang", "fr")
    assert (code, removed) == (130, ["names-12ab", "what the dead left"])
    assert "interrompu" in err


@pytest.mark.parametrize(
    ("named", "variant"),
    [
        pytest.param("app/forward", "127.0.0.1", id="the first variant that has it"),
        pytest.param("::1/app/forward", "::1", id="a variant"),
    ],
)
def test_a_cell_is_found_with_and_without_its_variant(named, variant):
    found = result(*(cell("app", "forward", "answers", "answers", variant=one) for one in ("127.0.0.1", "::1")))
    assert output.cell(found, named).variant == variant


def test_a_cell_without_an_address_is_none():
    with pytest.raises(BadInput, match="has no cell 'guest'"):
        output.cell(GOOD, "guest")
