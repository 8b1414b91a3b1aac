"""Every experiment by its name: it is there, it can be run, and its published schema is the one of the code."""

import json
from importlib import import_module

import msgspec
import pytest

from lab.config import ROOT
from lab.errors import BadInput
from lab.experiments import catalog, results, run, texts

ENTRIES = [pytest.param(entry, id=entry.id) for entry in catalog.CATALOGUE.values()]


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_can_be_run_and_asks_something_in_both_languages(entry):
    module = import_module(f"lab.experiments.{entry.module}")
    assert callable(module.run)
    assert callable(getattr(module, "environment", None)) or not entry.watchable
    assert entry.question.en.endswith("?")
    assert entry.question.fr.endswith("\N{NARROW NO-BREAK SPACE}?")


def test_a_result_has_its_title_and_question_from_here():
    begun, entry = run.begin("readiness"), catalog.find("readiness")
    ended = begun.ended(results.ClusterVersions("lab", *("1",) * 5), [], [])
    assert (ended.experiment, ended.title, ended.question) == ("readiness", entry.title, entry.question)


def test_an_unknown_name_is_answered_with_those_that_there_are():
    with pytest.raises(BadInput) as refused:
        catalog.find("name")
    assert refused.value.what == "there is no experiment 'name'"
    assert all(name in refused.value.hint for name in (*catalog.CATALOGUE, "all"))


def test_what_happens_in_time_has_no_stage_to_look_at_again():
    with pytest.raises(BadInput, match="limits happens in time"):
        catalog.find("limits").environment(None, None, "", None)


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        pytest.param("Pourquoi ?", "Pourquoi\N{NARROW NO-BREAK SPACE}?", id="narrow"),
        pytest.param("Ici : non ; là, « oui ».", "Ici\xa0: non\u202f; là, «\xa0oui\xa0».", id="colon and guillemets"),
        pytest.param("`host: ::1` et http://a?b", "`host: ::1` et http://a?b", id="no text"),
        pytest.param("Déjà\xa0: là", "Déjà\xa0: là", id="set already"),
    ],
)
def test_french_has_the_spaces_of_its_typography(typed, set_):
    text = texts.Text(en="Here : ?", fr=typed)
    assert (text.en, text.fr) == ("Here : ?", set_)
    assert msgspec.json.decode(msgspec.json.encode({"en": "Here : ?", "fr": typed}), type=texts.Text) == text


def test_the_published_schema_is_the_code_s():
    published = json.loads((ROOT / "scripts" / "lab" / "experiments" / "schema.json").read_text())
    ours = json.loads(msgspec.json.encode(results.schema()))
    assert published == ours, "lab experiment --schema > scripts/lab/experiments/schema.json"
