"""`lab experiment` in process: what it lists, what it refuses before anything is made, and how it ends."""

import contextlib
import io
import json
import re
import sys

import msgspec
import pytest
import yaml

from lab import cli
from lab.cli import experiment_request, experiment_run, quiz, watch
from lab.config import load
from lab.errors import LabError
from lab.experiments import catalog, parallel, results
from lab.experiments.matrix import labels
from lab.experiments.results import Experiment
from lab.experiments.texts import Text
from lab.steps import Step

from ..report import samples  # noqa: TID252 - the same made-up experiments as the reports' tests

replaced = msgspec.structs.replace

GOOD, BAD = samples.names(), samples.names(agrees=False)
WHY = next(cell for cell in GOOD.cells if (cell.vantage, cell.address) == ("guest", "pod-name"))


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
def results_in(monkeypatch):
    """Let every experiment have this result, without a cluster; the image is there."""

    def let(result):
        monkeypatch.setattr(experiment_request.client, "api", lambda _settings: None)
        monkeypatch.setattr(experiment_request.images, "app_steps", lambda *_: [])
        monkeypatch.setattr("lab.cli.experiment_run.until_dns_is_ready", lambda *_, **__: None)
        monkeypatch.setattr(catalog.Entry, "run", lambda *_, **__: result)

    return let


@pytest.mark.parametrize(("words", "language"), [((), "en"), (("--lang", "fr"), "fr")])
def test_alone_it_lists_every_experiment_with_its_question(lab, words, language):
    code, out, _ = lab(*words)
    assert code == 0
    for entry, line in zip(catalog.CATALOGUE.values(), out.splitlines(), strict=False):
        assert line.split()[0] == entry.id
        assert line.endswith(entry.question.of(language))
    assert max(map(len, out.splitlines())) <= 100


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


def test_programs_get_the_list_and_the_schema_as_json(lab):
    assert [entry["id"] for entry in json.loads(lab("--json")[1])] == list(catalog.CATALOGUE)
    assert json.loads(lab("--schema")[1]) == json.loads(msgspec.json.encode(results.schema()))


@pytest.mark.parametrize(
    ("words", "error"),
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
        pytest.param(["binds", "--why"], "binds has no cell 'guest/localhost'", id="why-binds"),
        pytest.param(["--only", "hostname", "--why"], "whatif has no cell 'guest/localhost'", id="why-whatif"),
        pytest.param(["--html", "x.html"], "--html needs an experiment to tell of", id="report-of-nothing"),
        pytest.param(["names", "--html", ""], "the report cannot be written to .: Is a directory", id="html nowhere"),
        pytest.param(["names", "--html", "/proc/x"],
                     "the report cannot be written to /proc/x: No such file or directory", id="html no"),
        pytest.param(["names", "--html", "/no/such/x.html"], "there is no folder /no/such for the report", id="html"),
        pytest.param(["--manifests"], "--manifests needs an experiment", id="manifests-of-nothing"),
        pytest.param(["names", "--manifests"], "--manifests prints the Pods of an experiment in time",
                     id="manifests-matrix"),
        pytest.param(["names"], "there is no kubeconfig", id="no cluster"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_made(lab, words, error):
    code, out, err = lab(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[0].startswith(f"✗ {error}")
    assert err.splitlines()[1].startswith("  → ")


@pytest.mark.parametrize("option", ["--why", "--watch"])
def test_what_is_for_a_person_is_no_document(lab, option):
    code, out, _ = lab("names", option, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "--why and --watch are for a person"


def test_manifests_are_printed_and_nothing_is_run(lab, monkeypatch):
    monkeypatch.setattr(experiment_request.images, "app_steps", lambda *_: [])
    code, out, _ = lab("readiness", "--manifests")
    assert code == 0
    assert [item["kind"] for item in yaml.safe_load_all(out)] == ["Service", "Pod", "Pod"]


def decoded(document):
    """Read a result; how long it took is the run's own, and here no time at all."""
    return replaced(msgspec.json.decode(document, type=Experiment), seconds=GOOD.seconds)


def test_one_duration_is_told_of_one_run(lab, results_in):
    results_in(replaced(GOOD, seconds=66.4))
    out = lab("names")[1]
    assert re.findall(r"names,? +([^:,]* s\b)", out) == ["0.0 s", "0.0 s"]
    assert "66" not in out


@pytest.mark.parametrize(("result", "code"), [(GOOD, 0), (BAD, 1)])
def test_the_exit_code_says_whether_all_is_as_predicted(lab, results_in, result, code):
    results_in(result)
    ended, out, err = lab("names")
    assert ended == code
    assert f"{len(GOOD.cells)} cells" in out
    wrong = [f"{cell.vantage}/{cell.address}" for cell in result.cells if not cell.agrees]
    assert all(f"✗ measured is not what was predicted: names: {name}" in err for name in wrong)
    ended, out, _ = lab("names", "--json")
    assert (ended, decoded(out)) == (code, result)


def test_what_is_made_first_is_shown_beside_the_document(lab, results_in, monkeypatch):
    """The image is built by a step that has something to say, while another lab holds the lock."""

    @contextlib.contextmanager
    def exclusive(_settings, _command, on_state):
        on_state("another lab")
        yield

    results_in(GOOD)
    step = Step("the backend", lambda report: report.note("it is made"))
    monkeypatch.setattr(experiment_request.images, "app_steps", lambda *_: [step])
    monkeypatch.setattr("lab.cli.session.lock.exclusive", exclusive)
    code, out, err = lab("names", "--json")
    assert (code, decoded(out)) == (0, GOOD)
    assert "it is made" in err
    assert "waiting for another lab" in err


def test_an_experiment_that_could_not_be_run_leaves_one_document(lab, results_in, monkeypatch):
    results_in(GOOD)
    failed = {"qos": LabError("qos: no room", "make some"), "top": LabError("top: no answer", "make some")}
    monkeypatch.setattr(parallel, "run_all", lambda *_: parallel.Results({"names": GOOD}, failed))
    monkeypatch.setattr("lab.experiments.course.claims.judged", lambda _results: GOOD)
    code, out, _ = lab("all", "--json")
    assert code == 1
    assert len(json.loads(out)) == 2
    assert "✗ qos: no room; top: no answer\n  → make some\n" in lab("all")[2]


def test_why_explains_the_one_cell_and_no_other(lab, results_in):
    results_in(replaced(GOOD, cells=(*GOOD.cells, replaced(WHY, address="localhost", url="http://localhost:3000"))))
    code, out, _ = lab("--why")
    assert code == 0
    assert out.index("http://localhost:3000") < out.index(WHY.url), "both halves of the course's question"
    assert WHY.exhibits[0].command in " ".join(out.split())
    assert "no such name" not in out
    assert "With --watch they stay" in out
    results_in(samples.binds())
    assert "● answers" in lab("binds", "--why", "::1/app/service")[1]
    results_in(samples.whatif())
    assert "--watch" not in lab("whatif", "--why", "app/pod-name")[1], "it would be refused"


def test_why_of_a_cell_that_is_not_there_names_those_that_are(lab, results_in):
    results_in(GOOD)
    code, _, err = lab("--why", "init/pod-name")
    assert code == 2
    assert "names has no cell 'init/pod-name'" in err
    assert "app, guest, other" in err


def test_a_report_that_cannot_be_written_costs_no_result(lab, results_in, tmp_path):
    results_in(GOOD)
    file = tmp_path / "report.html"
    code, _, err = lab("names", "--html", str(file))
    assert (code, str(file) in err, WHY.exhibits[0].text in file.read_text()) == (0, True, True)
    code, out, err = lab("names", "--html", "/dev/full")
    assert code == 1
    assert "the report /dev/full was not written" in err
    assert f"{len(GOOD.cells)} cells" in out


def test_ctrl_c_says_that_what_was_made_goes_away(lab, results_in, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    results_in(GOOD)
    removed = []
    monkeypatch.setattr(catalog.Entry, "run", interrupted)
    monkeypatch.setattr("lab.kubernetes.namespaces.of_this_process", lambda _api: ["names-12ab"])
    monkeypatch.setattr("lab.kubernetes.namespaces.delete", lambda _api, name: removed.append(name))
    monkeypatch.setattr("lab.kubernetes.namespaces.delete_orphans", lambda _api: removed.append("orphans"))
    code, _, err = lab("names", "--lang", "fr")
    assert (code, removed) == (130, ["names-12ab", "orphans"])
    assert "interrompu" in err


def test_watch_says_each_flip_and_explains_each_mechanism_once():
    before = samples.cell("app", "service")
    why = Text("Nobody is behind the Service.", "Personne derrière le Service.")
    refused = replaced(before, measured=replaced(before.measured, outcome="refused"), because=why)
    other = replaced(refused, vantage="other")
    lines = list(watch.lines([(before, refused), (None, other)], GOOD, "en"))
    assert lines == [
        "  app container → Service: ● answers ⇒ ○ refused",
        "  other Pod → Service: ○ refused",
        "    Nobody is behind the Service.",
    ]


@pytest.mark.parametrize(
    ("language", "typed", "words"),
    [
        pytest.param("en", "anrt", ["answers", "no such name", "refused", "times out"], id="English"),
        pytest.param("fr", "rnfd", ["répond", "nom inconnu", "refusé", "délai dépassé"], id="French"),
        pytest.param("en", "aaaaaaafn", [*["answers"] * 6, "name found", "no such name"], id="nslookup calls nobody"),
        pytest.param("en", "xA", ["answers"], id="an unknown key is asked again, capitals are fine"),
        pytest.param("en", "aqa", ["answers"], id="q ends"),
    ],
)
def test_predict_takes_one_key_a_question_until_q_or_the_end(monkeypatch, language, typed, words):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(typed)))
    assert [key.word.of(language) for _, key in quiz.answers("names", language)] == words


@pytest.mark.parametrize("cell", [cell for cells in quiz.QUESTIONS.values() for cell in cells])
def test_each_question_is_of_a_vantage_point_and_an_address(cell):
    *_, vantage, address = cell.split("/")
    assert vantage in {label.id for label in labels.VANTAGES}
    assert address in {label.id for label in labels.ADDRESSES}


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("guest/pod-name", ["answers", "no such name", "refused", "times out"]),
        ("guest/nslookup-pod-name", ["name found", "no such name", "times out"]),
        ("127.0.0.1/other/pod-ip", ["answers", "refused", "times out"]),
        ("127.0.0.1/port-forward/forward", ["answers", "refused", "times out"]),
    ],
)
def test_only_answers_of_the_cell_s_kind_are_offered(cell, words):
    assert [key.word.en for key in quiz.keys_of(cell)] == words


ANSWERS, NO_NAME, REFUSED = (quiz.KEYS[name] for name in ("answers", "no-name", "refused"))
UNMEASURED = replaced(
    GOOD, cells=tuple(replaced(cell, measured=results.Measurement("unmeasured")) for cell in GOOD.cells)
)


@pytest.fixture
def lab_cache(capsys, tmp_path):
    return capsys, load({"LAB_CACHE": str(tmp_path)})


@pytest.mark.parametrize(
    ("experiment", "given", "texts", "score"),
    [
        pytest.param(
            GOOD,
            {"app/pod-name": ANSWERS, "other/pod-name": NO_NAME, "guest/pod-name": REFUSED},
            ["answers, as you said", "no such name, as you said", "you said: refused", "2 of 3 as you expected."],
            (2, 3),
            id="graded",
        ),
        pytest.param(UNMEASURED, {"app/pod-name": REFUSED}, ["not measured, so not counted", "Nothing of it was"],
                     (0, 0), id="what could not be measured is no mistake"),
        pytest.param(GOOD, {}, ["No answer, no score."], (0, 0), id="no answer"),
    ],
)  # fmt: skip
def test_each_prediction_is_graded_on_a_line_and_the_score_is_kept(lab_cache, experiment, given, texts, score):
    capsys, settings = lab_cache
    graded = quiz.grade(experiment, given, "en")
    out = capsys.readouterr().out
    assert [text for text in texts if text not in out] == []
    assert len(out.splitlines()) == len(given) + 2
    assert (graded.right, graded.of) == score
    quiz.keep(settings, graded)
    assert quiz.scores(settings, "names") == ([graded] if given else [])
    assert quiz.scores(settings, "binds") == []


def test_exhibits_are_shown_of_the_number_that_is_typed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("7\n2\n\n1\n"))
    options = {"why": "", "only": (), "predict": True, "watch": False, "manifests": False, "html": None}
    request = experiment_request.Request(None, "names", "en", **options)
    quiz.show_exhibits(GOOD, ["other/pod-name", "guest/pod-name"], request)
    assert capsys.readouterr().out.count("is decided by hosts-file.") == 1


def test_the_kept_scores_are_read_as_json(lab, tmp_path):
    assert json.loads(lab("--predict", "--json")[1]) == []
    answer = quiz.Answer("guest/pod-name", "answers", "answers", right=True)
    quiz.keep(load({"LAB_CACHE": str(tmp_path)}), quiz.Score("names", "2026-05-04T10:11:12Z", 1, 1, (answer,)))
    (score,) = json.loads(lab("names", "--predict", "--json")[1])
    assert (score["right"], score["of"], score["answers"][0]["measured"]) == (1, 1, "answers")
    assert lab("nothing", "--predict", "--json")[0] == 2
