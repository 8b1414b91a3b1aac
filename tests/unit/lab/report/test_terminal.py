"""An experiment on a terminal: it fits 100 columns, and says the same without colour."""

from __future__ import annotations

import io
from typing import get_args

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as RichText

from lab.experiments.results import Label, Outcome
from lab.experiments.texts import Text
from lab.report import phrases, timelines
from lab.report.grids import grids, mechanisms
from lab.report.terminal import experiment as terminal
from lab.report.terminal import timeline

from . import samples


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


def row(text: str, begins: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(begins)).removeprefix(begins).split()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("experiment", [pytest.param(one, id=one.experiment) for one in samples.every_kind()])
def test_it_fits_100_columns_with_and_without_colour(experiment, language):
    plain = shown(experiment, language)
    assert max(map(cell_len, plain.splitlines())) <= 100
    assert "\x1b" not in plain
    coloured = shown(experiment, language, colour=True)
    assert "\x1b" in coloured
    assert RichText.from_ansi(coloured).plain.split() == plain.split()


def test_a_cell_stands_under_its_address_by_its_sign():
    """Eighteen addresses are numbered columns, with the key below."""
    text = shown(samples.names())
    assert row(text, "node ") == list("○○○●????") + list("?●?●●?????")
    assert row(text, "ephemeral --target ") == list("●○●●●?●●●●●●●●→?→→")
    assert " 16  nslookup Pod name           k8-chatroulette-back" in text


def test_a_terminal_of_80_columns_has_two_tables_and_whole_labels():
    text = shown(samples.names(), width=80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert row(text, "ephemeral --target ") == list("●○●●●?●●●●●●●")


def test_what_is_not_as_predicted_shows_both_and_its_evidence():
    text = shown(samples.names(agrees=False))
    assert row(text, "app container ")[:3] == ["●", "○≠●", "●"]
    wrong = text.split("predicted ≠ measured, 1 cell")[1]
    assert "predicted  ○ refused" in wrong
    assert "measured   ● answers" in wrong
    assert "10.244.0.7      k8-chatroulette-back" in wrong
    assert wrong.rstrip().splitlines()[-1].rstrip() == "✗ names, 7.9 s: 221 cells; 1 of 221 not as predicted"


def test_vantage_points_without_a_common_address_have_tables_of_their_own():
    first, *rest = grids(samples.names())
    assert (len(first.rows), len(first.columns)) == (12, 18)
    assert [[column.id for column in one.columns] for one in rest] == [
        ["probe", "probe-loopback"],
        ["forward"],
        ["proxy"],
    ]
    assert sum(len(one.cells) for one in (first, *rest)) == len(samples.names().cells)


def test_what_applies_nowhere_stays_in_the_largest_table_of_its_vantage_point():
    whole = samples.names()
    nowhere = msgspec.structs.replace(
        samples.cell("kubelet-http", "service"),
        predicted=msgspec.structs.replace(whole.cells[0].predicted, outcome="not-applicable"),
        measured=msgspec.structs.replace(whole.cells[0].measured, outcome="not-applicable"),
    )
    tables = grids(msgspec.structs.replace(whole, cells=(*whole.cells, nowhere)))
    assert [("kubelet-http", "service") in one.cells for one in tables] == [False, True, False, False]


def test_variants_that_flip_nothing_are_columns_with_words():
    assert row(shown(samples.binds()), "other Pod → ::1 ") == ["○", "refused"] * 3


def test_too_many_words_leave_signs_under_named_columns():
    """Six bind addresses have no room for words, but need no numbers."""
    six = tuple(Label(f"bind-{n}", Text(en=f"[::{n}]:3000", fr="x"), Text(en="", fr="")) for n in range(6))
    cells = tuple(samples.cell("node", "service", one.id) for one in six)
    text = shown(msgspec.structs.replace(samples.binds(), variants=six, cells=cells))
    assert row(text, "node → Service ") == ["?"] * 6
    assert "[::5]:3000" in text


def test_more_columns_than_fit_go_on_in_a_second_table():
    many = [Label(f"a{n}", Text(en=f"address {n}", fr="x"), Text(en="", fr="")) for n in range(20)]
    cell = samples.cell("node", "service")
    cells = tuple(msgspec.structs.replace(cell, address=one.id) for one in many)
    text = shown(msgspec.structs.replace(samples.names(), addresses=tuple(many), cells=cells))
    heads = [
        line.split() for line in text.splitlines() if line.split()[:1] in (["1"], ["19"]) and "address" not in line
    ]
    assert heads == [[str(n) for n in range(1, 19)], ["19", "20"]]


def test_each_mechanism_says_how_many_cells_it_decides_and_why():
    text = shown(samples.names())
    assert "Why: 12 mechanisms" in text
    assert "●  hosts-file  16 cells  app container → Pod name" in text
    assert "From app, http://k8-chatroulette-back:3000 is decided by hosts-file." in text


def test_a_mechanism_is_shown_by_a_cell_that_is_as_predicted():
    one = next(each for each in mechanisms(samples.names(agrees=False).cells) if each.id == "own-loopback")
    assert one.cells[0].agrees is False
    assert one.example == one.cells[1]


def test_flips_stand_under_their_counterfactual_and_only_the_base_is_a_table():
    text = shown(samples.whatif())
    assert "spec.hostname: felix  1 of 8 cells flips" in text
    assert "✓ app container → Pod name: ● answers ⇒ ? no such name" in text
    assert "rename  0 of 8 cells flip" in text
    assert text.count("────") > 0
    assert sum("Pod IP" in line and "Service" in line for line in text.splitlines()) == 1


def test_a_flip_that_was_not_predicted_shows_both():
    whole = samples.whatif()
    flip = msgspec.structs.replace(whole.flips[0], measured=("answers", "answers"), agrees=False)
    text = shown(msgspec.structs.replace(whole, flips=(flip,), agrees=False))
    assert "✗ app container → Pod name: ● answers ⇒ ● answers  ≠ predicted ● answers ⇒ ? no such name" in text
    assert "1 of 25 not as predicted" in text


def test_expectations_stand_beside_what_was_seen_with_window_and_time():
    text = shown(samples.readiness())
    assert "✓  1  leaves: does it happen?   yes        yes         4.0 to 7.5 s, at 5.9 s" in text
    assert "≠ too late  12.0 to 14.0 s, at 16.2 s" in text
    assert "1, 2, 3  failureThreshold times periodSeconds." in text
    assert "≠ trop tard  12,0 à 14,0\u00a0s, à 16,2\u00a0s" in shown(samples.readiness(), "fr")


def test_a_lane_draws_stretches_moments_and_windows_where_they_were():
    lines = shown(samples.readiness()).splitlines()
    endpoints = next(line for line in lines if line.startswith("endpoints "))[timeline.NAMES + 2 :]
    assert endpoints[0] == "━"
    assert endpoints.index("▒") == timeline.Scale(18.2, 100 - timeline.NAMES - 2).column(5.9)
    window = next(line for line in lines if line.startswith("1. leaves"))
    assert window.index("[") < window.index("◆") < window.index("]")
    late = next(line for line in lines if line.startswith("2. returns"))
    assert late.index("]") < late.index("✗")


def test_a_timeline_ends_where_the_terminal_does():
    """On 80 columns too: neither its end nor the names of its lanes are cut off."""
    text = shown(samples.readiness(), width=80)
    assert any(line.rstrip().endswith("18.2 s") and "0.0 s" in line for line in text.splitlines())
    assert "…" not in text


def test_what_only_repeats_is_told_once():
    told = [(one.at, one.lane) for one in timelines.changes(samples.timeline())]
    assert [at for at, lane in told if lane == "name"] == [0.0]
    assert [at for at, lane in told if lane == "endpoints"] == [0.0, 5.9, 16.2]


def test_an_expectation_belongs_to_the_timeline_of_its_subject():
    whole = samples.readiness()
    two = msgspec.structs.replace(
        whole, timelines=(*whole.timelines, msgspec.structs.replace(whole.timelines[0], id="else", lanes=()))
    )
    assert [number for number, _ in timelines.expectations(two, two.timelines[0])] == [1, 2]
    assert timelines.expectations(two, two.timelines[1]) == ()
    assert len(timelines.expectations(whole, whole.timelines[0])) == 2


def test_an_expectation_whose_id_names_a_timeline_belongs_to_no_other():
    whole = samples.readiness()
    other = msgspec.structs.replace(whole.timelines[0], id="errors")
    named = msgspec.structs.replace(whole.expectations[0], id="errors-leaves")
    two = msgspec.structs.replace(
        whole, timelines=(*whole.timelines, other), expectations=(named, *whole.expectations[1:])
    )
    assert [number for number, _ in timelines.expectations(two, other)] == [1]
    assert [number for number, _ in timelines.expectations(two, whole.timelines[0])] == [2]


def test_a_question_that_is_asked_of_several_things_names_them():
    whole = samples.readiness()
    named = msgspec.structs.replace(whole.expectations[0], subject="memory: 64Mi")
    assert "readiness leaves: does" not in shown(whole)
    assert "memory: 64Mi leaves: does" in shown(
        msgspec.structs.replace(whole, expectations=(named, *whole.expectations[1:]))
    )


def test_a_verdict_that_was_not_foreseen_is_told():
    whole = samples.claims()
    other = msgspec.structs.replace(whole, claims=(msgspec.structs.replace(whole.claims[0], agrees=False),))
    assert "known before" not in shown(whole)
    assert "≠ pas le verdict connu d’avance" in shown(other, "fr")


@pytest.mark.parametrize(
    ("verdict", "en", "fr"),
    [
        pytest.param("true", "true: It is", "vrai\u00a0: C’est", id="true"),
        pytest.param("nuance", "true, with a nuance: It", "vrai, avec une nuance\u00a0: C’est", id="nuance"),
        pytest.param("false", "not as said: It", "pas comme c’est dit\u00a0: C’est", id="false"),
        pytest.param("unknown", "not seen here: It", "pas observé ici\u00a0: C’est", id="unknown"),
    ],
)
def test_a_claim_has_its_verdict_in_words(verdict, en, fr):
    whole = samples.claims()
    one = msgspec.structs.replace(whole, claims=tuple(each for each in whole.claims if each.verdict == verdict))
    assert en in shown(one)
    assert fr in shown(one, "fr")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_cell_is_shown_with_its_exhibits_as_they_were_taken(language):
    out = Console(file=io.StringIO(), width=100, highlight=False)
    whole = samples.names()
    terminal.show_cell(whole.cells[4], whole, language, out)
    text = out.file.getvalue()
    assert ("The line that kubelet wrote" if language == "en" else "La ligne écrite par kubelet") in text
    assert "0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 <&>" in text
    assert "$ kubectl -n names-4f21 exec k8-chatroulette-back -c back -- cat /etc/hosts" in text


def test_every_outcome_has_a_sign_of_its_own_and_a_word_in_both_languages():
    outcomes = set(get_args(Outcome))
    assert set(phrases.SIGNS) == set(phrases.OUTCOMES) == outcomes
    assert len(set(phrases.SIGNS.values())) == len(outcomes)
    assert all(len(sign) == cell_len(sign) == 1 for sign in phrases.SIGNS.values())
    assert all(phrases.OUTCOMES[outcome].en != phrases.OUTCOMES[outcome].fr for outcome in outcomes)
