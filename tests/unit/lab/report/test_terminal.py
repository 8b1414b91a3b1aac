"""An experiment on a terminal: it fits 100 columns, and says the same without colour."""

import io
from typing import get_args

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as RichText

from lab.experiments.results import Label, Outcome
from lab.experiments.texts import same
from lab.report import phrases, timelines
from lab.report.grids import grids, mechanisms
from lab.report.terminal import experiment as terminal

from . import samples

replaced = msgspec.structs.replace


def shown(experiment, language="en", *, colour=False, width=100) -> str:
    out = Console(
        file=io.StringIO(),
        width=width,
        highlight=False,
        color_system="truecolor" if colour else None,
        force_terminal=colour,
    )
    terminal.show(experiment, language, out)
    return out.file.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def row(text: str, name: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(name)).removeprefix(name).split()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("experiment", [pytest.param(one, id=one.experiment) for one in samples.every_kind()])
def test_it_fits_the_terminal_with_and_without_colour(experiment, language):
    plain = shown(experiment, language)
    assert max(map(cell_len, plain.splitlines())) <= 100
    assert max(map(cell_len, shown(experiment, language, width=80).splitlines())) <= 80
    assert "\x1b" not in plain
    coloured = shown(experiment, language, colour=True)
    assert "\x1b" in coloured
    assert RichText.from_ansi(coloured).plain.split() == plain.split()


def many_addresses(count, length):
    """A matrix of so many columns, each with a name of so many letters."""
    labels = tuple(Label(f"a{n}", same(f"{n:x<{length}}"), same("")) for n in range(count))
    cells = tuple(replaced(samples.cell("other", "service"), address=label.id) for label in labels)
    return replaced(samples.names(), addresses=labels, cells=cells)


@pytest.mark.parametrize(
    ("experiment", "heads", "cells"),
    [
        pytest.param(many_addresses(3, 3), ["0xx", "1xx", "2xx"], ["?", "no", "such", "name"] * 3, id="with words"),
        pytest.param(many_addresses(6, 3), ["0xx", "1xx"], ["?"] * 6, id="signs under names"),
        pytest.param(many_addresses(20, 12), ["1", "2", "18"], ["?"] * 18, id="signs under numbers, in two tables"),
    ],
)
def test_columns_are_as_telling_as_there_is_room(experiment, heads, cells):
    text = shown(experiment)
    assert all(head in text.split() for head in heads)
    assert row(text, "other Pod ") == cells
    has_key = heads[0] == "1"
    assert ("20 19xxxxxxxxxx http://cats:80" in words(text)) is has_key


def test_what_is_not_as_predicted_shows_both_and_its_evidence():
    text = words(shown(samples.names(agrees=False)))
    wrong = text.split("predicted ≠ measured, 1 cell")[1]
    assert "predicted ○ refused" in wrong
    assert "measured ● answers" in wrong
    assert f"10.244.0.7 {samples.APP}" in wrong
    assert wrong.endswith("1 of 38 not as predicted")


def test_vantage_points_without_a_common_address_have_tables_of_their_own():
    first, *rest = grids(samples.names())
    assert [column.id for column in first.columns] == samples.COMMON
    assert [[column.id for column in grid.columns] for grid in rest] == [["probe", "probe-loopback"], ["forward"]]
    assert sum(len(grid.cells) for grid in (first, *rest)) == len(samples.names().cells)


def test_what_applies_nowhere_stays_in_the_largest_table_of_its_vantage_point():
    cell = samples.cell("kubelet-http", "service")
    ends = {
        "predicted": replaced(cell.predicted, outcome="not-applicable"),
        "measured": replaced(cell.measured, outcome="not-applicable"),
    }
    whole = samples.names()
    tables = grids(replaced(whole, cells=(*whole.cells, replaced(cell, **ends))))
    assert [("kubelet-http", "service") in grid.cells for grid in tables] == [False, True, False]


def test_variants_that_flip_nothing_are_columns():
    (grid,) = grids(samples.binds())
    assert [column.id for column in grid.columns] == [bind.id for bind in samples.BINDS]


def test_a_mechanism_is_shown_once_by_a_cell_that_is_as_predicted():
    decided = next(each for each in mechanisms(samples.names(agrees=False).cells) if each.id == "own-loopback")
    assert [cell.agrees for cell in decided.cells].count(False) == 1
    assert decided.example.agrees
    text = shown(samples.names())
    assert "Why: 5 mechanisms" in text
    assert text.count("is decided by hosts-file.") == 1


def test_flips_stand_under_their_counterfactual_and_only_the_base_is_a_table():
    text = words(shown(samples.whatif()))
    assert "spec.hostname: felix 1 of 6 cells flips" in text
    assert "✓ app container → Pod name: ● answers ⇒ ? no such name" in text
    assert "rename 0 of 6 cells flip" in text
    assert text.count("Pod IP Pod name Service") == 1
    whole = samples.whatif()
    flip = replaced(whole.flips[0], measured=("answers", "answers"), agrees=False)
    text = words(shown(replaced(whole, flips=(flip,), agrees=False)))
    assert "✗ app container → Pod name: ● answers ⇒ ● answers ≠ predicted ● answers ⇒ ? no such name" in text


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        pytest.param("en", ["yes yes 4.0 to 7.5 s, at 5.9 s", "≠ too late 12.0 to 14.0 s, at 16.2 s"], id="en"),
        pytest.param("fr", ["oui oui 4,0 à 7,5 s, à 5,9 s", "≠ trop tard 12,0 à 14,0 s, à 16,2 s"], id="fr"),
    ],
)
def test_expectations_stand_beside_what_happened_with_window_and_time(language, lines):
    text = words(shown(samples.readiness(), language))
    assert all(line in text for line in lines)
    assert text.count("failureThreshold times") == 1, "a reason stands once"


def test_what_only_repeats_is_shown_once():
    moments = [(moment.at, moment.lane) for moment in timelines.changes(samples.timeline())]
    assert [at for at, track in moments if track == "name"] == [0.0]
    assert [at for at, track in moments if track == "endpoints"] == [0.0, 5.9, 16.2]


@pytest.mark.parametrize(
    ("other", "first", "own", "others"),
    [
        pytest.param(None, "leaves", [1, 2], [], id="the only timeline has all that have a time"),
        pytest.param("else", "leaves", [1, 2], [], id="those of its subject"),
        pytest.param("errors", "errors-leaves", [2], [1], id="one whose id begins with another timeline's"),
    ],
)
def test_an_expectation_belongs_to_one_timeline(other, first, own, others):
    whole = samples.readiness()
    more = [replaced(whole.timelines[0], id=other, lanes=())] if other else []
    expectations = (replaced(whole.expectations[0], id=first), *whole.expectations[1:])
    whole = replaced(whole, timelines=(*whole.timelines, *more), expectations=expectations)
    shown = [[number for number, _ in timelines.expectations(whole, each)] for each in whole.timelines]
    assert shown == [own, *([others] if other else [])]


def test_a_timeline_draws_moments_and_windows_where_they_were():
    lines = shown(samples.readiness()).splitlines()
    kept = next(line for line in lines if line.startswith("1. leaves"))
    assert kept.index("[") < kept.index("◆") < kept.index("]")
    missed = next(line for line in lines if line.startswith("2. returns"))
    assert missed.index("]") < missed.index("✗")
    assert any(line.rstrip().endswith("18.2 s") and "0.0 s" in line for line in lines)
    endpoints = next(line for line in lines if line.startswith("endpoints "))
    assert kept.index("[") < endpoints.index("▒") < kept.index("]")


@pytest.mark.parametrize(
    ("verdict", "en", "fr"),
    [
        pytest.param("true", "true: It is", "vrai : C’est", id="true"),
        pytest.param("nuance", "true, with a nuance: It", "vrai, avec une nuance : C’est", id="nuance"),
        pytest.param("false", "not as said: It", "pas comme c’est dit : C’est", id="false"),
        pytest.param("unknown", "not seen here: It", "pas observé ici : C’est", id="unknown"),
    ],
)
def test_a_claim_has_its_verdict_in_words(verdict, en, fr):
    whole = samples.claims()
    only = replaced(whole, claims=tuple(claim for claim in whole.claims if claim.verdict == verdict))
    assert en in words(shown(only))
    assert fr in words(shown(only, "fr"))
    unforeseen = replaced(only, claims=(replaced(only.claims[0], agrees=False),))
    assert "not the verdict that was known before" not in words(shown(only))
    assert "not the verdict that was known before" in words(shown(unforeseen))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_cell_is_shown_with_its_exhibits_as_they_were_taken(language):
    out = Console(file=io.StringIO(), width=100, highlight=False)
    whole = samples.names()
    terminal.show_cell(whole.cells[0], whole, language, out)
    text = out.file.getvalue()
    for exhibit in whole.cells[0].exhibits:
        assert exhibit.shows.of(language) in text
        assert exhibit.text.split()[-1] in text
    assert f"$ {whole.cells[0].exhibits[0].command}" in text


def test_every_outcome_has_a_sign_of_its_own_and_a_word_in_both_languages():
    outcomes = get_args(Outcome)
    signs = [phrases.SIGNS[outcome] for outcome in outcomes]
    assert len(set(signs)) == len(outcomes)
    assert all(len(sign) == cell_len(sign) == 1 for sign in signs)
    assert all(phrases.OUTCOMES[outcome].en != phrases.OUTCOMES[outcome].fr for outcome in outcomes)
