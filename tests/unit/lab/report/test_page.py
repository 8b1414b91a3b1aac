"""The report as a file: everything is in its markup, in both languages, and it asks nobody for anything."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from html.parser import HTMLParser

import msgspec
import pytest

from lab.experiments.results import Exhibit
from lab.report.html import diagram, page, timeline
from lab.report.html.data import reasons

from . import samples


class Reader(HTMLParser):
    """Reads a page: which ids and addresses it has, and its texts in one language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.ids, self.links, self.texts, self.open = language, [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in {"meta", "link", "input", "path", "rect", "circle", "br"}:
            self.open.append((tag, given.get("lang", self.language)))
        self.ids += filter(None, [given.get("id")])
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


def data_of(text: str) -> dict:
    packed = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert packed
    return json.loads(zlib.decompress(b64decode(packed[1])))


def test_it_names_nothing_outside_itself(whole):
    """Links to sources may be followed by people; nothing is loaded."""
    loaded = [link for link in read(whole).links if link[0] != "a"]
    assert loaded == [("link", "href", "data:,")]
    assert "default-src 'none'" in whole
    assert not re.search(r"@import|url\(\s*['\"]?(?!#|data:)", whole)


def test_every_id_is_there_once(whole):
    ids = read(whole).ids
    assert len(ids) == len(set(ids))


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
    """Every cell's because, every flip, expectation and verdict stands in the markup."""
    text = " ".join(" ".join(read(whole).texts).split())
    for one in samples.every_kind():
        assert all(cell.because.en in text for cell in one.cells)
        assert all(flip.because.en in text for flip in one.flips)
        assert all(each.because.en in text for each in one.expectations)
        assert all(f"{claim.says.en}" in text for claim in one.claims)
    assert "true, with a nuance" in text
    assert whole.count('<button class="cell"') == sum(len(one.cells) for one in samples.every_kind())


def test_what_a_cell_says_cannot_become_markup(whole):
    assert "<says>" not in whole
    assert "&lt;says&gt;" in whole


def test_a_text_in_backticks_is_set_in_code():
    assert str(page.both(samples.said("ask `a<b`", "ask `a<b`"))) == "ask <code>a&lt;b</code>"
    assert str(page.both(samples.both("one ` alone"))) == "one ` alone"


def test_a_cell_that_is_not_as_predicted_has_both_and_a_frame():
    text = page.render([samples.names(agrees=False)], "en")
    cell = re.search(r'<td class="o-refused differs">.*?</td>', text, re.DOTALL)
    assert cell
    assert "○≠●" in cell[0]
    assert (
        text.count("differs") - page._file("report.css").count("differs") - page._file("report.js").count("differs")
        == 1
    )


def test_the_data_has_every_cell_and_each_exhibit_once(whole):
    data = data_of(whole)
    assert len(data["cells"]) == sum(len(one.cells) for one in samples.every_kind())
    assert len(data["exhibits"]) == len({tuple(one) for one in data["exhibits"]})
    first = data["cells"]["names-0"]
    shown = [data["exhibits"][number][1] for number in first["x"]]
    assert shown == [one.text for one in samples.names().cells[0].exhibits]


def test_seven_hundred_cells_with_exhibits_stay_below_a_megabyte_and_a_half():
    """Each exhibit is another, which real ones are not."""
    cells = []
    for number in range(900):
        cell = samples.cell("app", "service", f"variant-{number // 40}")
        other = Exhibit("hosts", f"/etc/hosts {number}", f"10.244.{number % 9}.{number}\tcat-{number}", cell.because)
        cells.append(msgspec.structs.replace(cell, vantage=f"v{number % 40}", exhibits=(*cell.exhibits, other)))
    large = msgspec.structs.replace(samples.whatif(), cells=tuple(cells))
    assert len(page.render([samples.names(), large], "en").encode()) < 1_500_000


def test_cells_of_which_the_same_is_told_are_told_together():
    one, two = samples.cell("app", "service"), samples.cell("other", "service")
    alike = msgspec.structs.replace(two, because=one.because)
    whole = msgspec.structs.replace(samples.names(), cells=(one, alike, two))
    assert [each.numbers for each in reasons(whole)] == [(0, 1), (2,)]


def test_each_cell_is_told_with_the_way_of_its_packet(whole):
    """The way is the cell's own: the page says it by number."""
    told = data_of(whole)
    ways = [tuple(told["paths"][told["cells"][f"names-{number}"]["w"]]) for number in range(len(samples.names().cells))]
    assert ways == [one.way for one in samples.names().cells]
    drawing = diagram.layout(samples.scene())
    assert all(drawing[key] for one in ways for key in one)


def test_rooms_and_what_is_in_them_stand_inside_their_floor_and_apart():
    drawing = diagram.layout(samples.scene())
    rooms = drawing.of("pod", "host-pod")
    assert len(rooms) == 6
    for floor in drawing.of("namespace"):
        inside = [one for one in (*rooms, *drawing.of("service")) if floor.y <= one.y < floor.y + floor.height]
        assert inside
        assert all(one.x >= floor.x and one.x + one.width <= floor.x + floor.width for one in inside)
        assert all(one.y + one.height <= floor.y + floor.height for one in inside)
        assert not [(a.key, b.key) for a in inside for b in inside if a is not b and overlap(a, b)]
    assert all(one.y + one.height <= drawing.height for one in drawing.shapes)


def overlap(one, two) -> bool:
    beside = one.x + one.width <= two.x or two.x + two.width <= one.x
    above = one.y + one.height <= two.y or two.y + two.height <= one.y
    return not beside and not above


def test_a_timeline_is_drawn_to_scale():
    drawing = timeline.layout(samples.readiness(), samples.timeline())
    leaves, returns = drawing.windows
    assert (leaves.start, leaves.width) == pytest.approx((100 * 4 / 18.2, 100 * 3.5 / 18.2), abs=0.02)
    assert leaves.start < leaves.at < leaves.start + leaves.width
    assert (returns.at > returns.start + returns.width, returns.agrees) == (True, False)
    assert [at for _, at in drawing.ticks][:3] == [0, 2, 4]


def test_words_have_room_until_the_next_mark():
    """Answers come each second: each has a second's room, and the last all that is left."""
    drawing = timeline.layout(samples.readiness(), samples.timeline())
    answers = [mark for mark in drawing.tracks[2].marks if mark.says.en == "answers"]
    assert [mark.room for mark in answers[:-1]] == pytest.approx([100 / 18.2] * 17, abs=0.02)
    assert answers[-1].at + answers[-1].room == pytest.approx(100)


def test_a_window_that_ends_after_what_is_shown_stays_open():
    whole = samples.readiness()
    late = msgspec.structs.replace(whole.expectations[0], within=(4.0, 60.0))
    drawing = timeline.layout(
        msgspec.structs.replace(whole, expectations=(late, *whole.expectations[1:])), samples.timeline()
    )
    assert [(one.ends, round(one.start + one.width)) for one in drawing.windows] == [(False, 100), (True, 77)]


def test_an_experiment_may_bear_any_name():
    """`top` is one: no id of the page's own is an experiment's."""
    names = ("names", "binds", "whatif", "readiness", "liveness", "startup", "probes", "limits", "qos", "top")
    every = [msgspec.structs.replace(samples.claims(), experiment=one) for one in (*names, "termination", "database")]
    ids = read(page.render(every, "en")).ids
    assert sorted(ids) == sorted(set(ids))


def test_a_question_that_is_asked_of_several_things_names_them():
    whole = samples.readiness()
    two = msgspec.structs.replace(
        whole,
        expectations=(msgspec.structs.replace(whole.expectations[0], subject="memory: 64Mi"), *whole.expectations[1:]),
    )
    assert 'class="subject"' not in page.render([whole], "en")
    assert '<code class="subject">memory: 64Mi</code> ' in page.render([two], "en")


def test_a_verdict_that_was_not_foreseen_is_marked_in_words():
    whole = samples.claims()
    other = msgspec.structs.replace(whole, claims=(msgspec.structs.replace(whole.claims[0], agrees=False),))
    assert "not the verdict that was known before" not in page.render([whole], "en")
    assert '<li class="v-true differs">' in page.render([other], "en")
    assert "not the verdict that was known before" in page.render([other], "en")
