"""The report as a file: everything is in its markup, in both languages, and it asks nobody for anything."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from html.parser import HTMLParser

import msgspec
import pytest

from lab.experiments.catalog import CATALOGUE
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text, same
from lab.report.html import diagram, page, timeline
from lab.report.html.data import reasons

from . import samples

replaced = msgspec.structs.replace


class Reader(HTMLParser):
    """Reads a page: which ids and addresses it has, and its texts in one language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.ids, self.links, self.texts, self.open = language, [], [], [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in {"meta", "link", "input", "path", "rect", "circle", "br"}:
            self.open.append((tag, values.get("lang", self.language)))
        self.ids += filter(None, [values.get("id")])
        self.links += [(tag, name, value) for name, value in attributes if name in {"src", "href", "action"}]

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, text):
        hidden = any(tag in {"script", "style"} or language != self.language for tag, language in self.open[1:])
        self.texts += [] if hidden else [text]


def read(text: str, language: str = "en") -> Reader:
    reader = Reader(language)
    reader.feed(text)
    return reader


@pytest.fixture(scope="module")
def whole() -> str:
    return page.render(samples.every_kind(), "en")


@pytest.fixture(scope="module")
def data(whole) -> dict:
    packed = re.search(r'id="data">(.*?)</script>', whole, re.DOTALL)
    assert packed
    return json.loads(zlib.decompress(b64decode(packed[1])))


def test_it_names_nothing_outside_itself(whole):
    """Links to sources may be followed by people; nothing is loaded."""
    loaded = [link for link in read(whole).links if link[0] != "a"]
    assert loaded == [("link", "href", "data:,")]
    assert "default-src 'none'" in whole
    assert not re.search(r"@import|url\(\s*['\"]?(?!#|data:)", whole)


def test_every_id_is_there_once():
    """`top` is an experiment too: no id of the page's own is one's name."""
    experiments = {name: replaced(samples.claims(), experiment=name) for name in CATALOGUE}
    experiments |= {each.experiment: each for each in samples.every_kind()}
    ids = read(page.render(list(experiments.values()), "en")).ids
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize(
    ("language", "says", "not_said"),
    [
        pytest.param("en", "The hosts file has the new hostname only.", "n’a que le nouveau", id="en"),
        pytest.param("fr", "Le fichier hosts n’a que le nouveau hostname.", "has the new hostname", id="fr"),
    ],
)
def test_both_languages_are_in_the_one_file(whole, language, says, not_said):
    text = " ".join(read(whole, language).texts)
    assert says in text
    assert not_said not in text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_opens_in_the_language_given(language):
    text = page.render([samples.claims()], language)
    assert f'<html lang="{language}">' in text
    assert re.search(rf'id="speak-{language}" value="{language}" checked', text)


def test_tables_reasons_and_verdicts_need_no_script(whole):
    text = " ".join(" ".join(read(whole).texts).split())
    for experiment in samples.every_kind():
        assert all(cell.because.en in text for cell in experiment.cells)
        assert all(flip.because.en in text for flip in experiment.flips)
        assert all(expectation.because.en in text for expectation in experiment.expectations)
        assert all(claim.says.en in text for claim in experiment.claims)
    assert "true, with a nuance" in text
    assert whole.count('<button class="cell"') == sum(len(each.cells) for each in samples.every_kind())


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        pytest.param(same("it <says> so"), "it &lt;says&gt; so", id="escaped"),
        pytest.param(same("ask `a<b`"), "ask <code>a&lt;b</code>", id="code in backticks"),
        pytest.param(same("one ` alone"), "one ` alone", id="a backtick alone"),
        pytest.param(Text("yes", "oui"), '<span lang="en">yes</span><span lang="fr">oui</span>', id="two languages"),
    ],
)
def test_a_text_becomes_markup(text, markup):
    assert str(page.both(text)) == markup


def test_a_program_s_option_stays_on_one_line():
    assert page.unbroken(page.both(same("debug --target"))) == "debug -\u2060-\u2060target"


def test_a_cell_that_is_not_as_predicted_is_marked_with_both_signs():
    cells = re.findall(
        r"<td class=\"o-[^>]*differs.*?</td>", page.render([samples.names(agrees=False)], "en"), re.DOTALL
    )
    assert len(cells) == 1
    assert "○≠●" in cells[0]


def test_a_verdict_that_was_not_foreseen_is_marked_in_words(whole):
    claims = samples.claims()
    unforeseen = page.render([replaced(claims, claims=(replaced(claims.claims[0], agrees=False),))], "en")
    assert "not the verdict that was known before" not in whole
    assert "not the verdict that was known before" in unforeseen


def test_the_data_has_every_cell_and_each_exhibit_once(data):
    assert len(data["cells"]) == sum(len(experiment.cells) for experiment in samples.every_kind())
    assert len(data["exhibits"]) == len({tuple(exhibit) for exhibit in data["exhibits"]})
    exhibits = [data["exhibits"][number][1] for number in data["cells"]["names-0"]["x"]]
    assert exhibits == [exhibit.text for exhibit in samples.names().cells[0].exhibits]


def test_the_data_has_the_path_of_each_packet_through_the_diagram(data):
    paths = [tuple(data["paths"][data["cells"][f"names-{n}"]["w"]]) for n in range(len(samples.names().cells))]
    assert paths == [cell.way for cell in samples.names().cells]
    layout = diagram.layout(samples.diagram())
    assert all(layout[key] for path in paths for key in path)


def test_seven_hundred_cells_with_exhibits_stay_below_a_megabyte_and_a_half():
    """Each exhibit is another, which real ones are not."""
    cells = []
    for number in range(900):
        cell = samples.cell("app", "service", f"variant-{number // 40}")
        other = Exhibit("hosts", f"/etc/hosts {number}", f"10.244.{number % 9}.{number}\tcat-{number}", cell.because)
        cells.append(replaced(cell, vantage=f"v{number % 40}", exhibits=(*cell.exhibits, other)))
    large = replaced(samples.whatif(), cells=tuple(cells))
    assert len(page.render([samples.names(), large], "en").encode()) < 1_500_000


def test_cells_with_the_same_explanation_share_it():
    first, second = samples.cell("app", "service"), samples.cell("other", "service")
    alike = replaced(first, vantage="guest")
    whole = replaced(samples.names(), cells=(first, alike, second))
    assert [reason.numbers for reason in reasons(whole)] == [(0, 1), (2,)]


def test_what_the_diagram_shows_stands_inside_its_namespace_and_apart():
    layout = diagram.layout(samples.diagram())
    for area in layout.of("namespace"):
        inside = [shape for shape in layout.of("pod", "host-pod", "service") if contains(area, shape)]
        assert inside
        assert not [(a.key, b.key) for a in inside for b in inside if a is not b and overlap(a, b)]
    pods = layout.of("pod", "host-pod")
    assert all(any(contains(area, pod) for area in layout.of("namespace")) for pod in pods)
    assert len(pods) == len(samples.diagram().pods)
    assert all(shape.y + shape.height <= layout.height for shape in layout.shapes)


def contains(outer, inner) -> bool:
    across = outer.x <= inner.x and inner.x + inner.width <= outer.x + outer.width
    return across and outer.y <= inner.y and inner.y + inner.height <= outer.y + outer.height


def overlap(one, other) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not beside and not above


def test_a_timeline_is_drawn_to_scale():
    layout = timeline.layout(samples.readiness(), samples.timeline())
    leaves, returns = layout.windows
    assert (leaves.start, leaves.width) == pytest.approx((100 * 4 / 18.2, 100 * 3.5 / 18.2), abs=0.02)
    assert leaves.start < leaves.at < leaves.start + leaves.width
    assert (returns.at > returns.start + returns.width, returns.agrees) == (True, False)
    assert [at for _, at in layout.ticks][:3] == [0, 2, 4]


def test_the_words_of_a_moment_have_room_until_the_next():
    layout = timeline.layout(samples.readiness(), samples.timeline())
    answers = [mark for track in layout.tracks for mark in track.marks if mark.says.en == "answers"]
    assert [mark.room for mark in answers[:-1]] == pytest.approx([100 / 18.2] * 17, abs=0.02)
    assert answers[-1].at + answers[-1].room == pytest.approx(100)


def test_a_window_that_ends_after_what_is_shown_stays_open():
    whole = samples.readiness()
    late = replaced(whole.expectations[0], within=(4.0, 60.0))
    whole = replaced(whole, expectations=(late, *whole.expectations[1:]))
    windows = timeline.layout(whole, samples.timeline()).windows
    assert [window.ends for window in windows] == [False, True]
    assert windows[0].start + windows[0].width == pytest.approx(100)
