"""The report as a file: what its markup and its data hold; tests/browser/test_report.py opens it."""

import json
import re
import zlib
from base64 import b64decode

import msgspec
import pytest

from lab.experiments.catalog import CATALOGUE
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text, same
from lab.report.html import diagram, page, timeline
from lab.report.html.data import reasons

from . import samples

replaced = msgspec.structs.replace


@pytest.fixture(scope="module")
def whole() -> str:
    return page.render(samples.every_kind(), "en")


@pytest.fixture(scope="module")
def data(whole) -> dict:
    packed = re.search(r'id="data">(.*?)</script>', whole, re.DOTALL)
    assert packed
    return json.loads(zlib.decompress(b64decode(packed[1])))


def test_every_id_is_there_once():
    """`top` is an experiment too: no id of the page's own is one's name."""
    experiments = {name: replaced(samples.claims(), experiment=name) for name in CATALOGUE}
    experiments |= {each.experiment: each for each in samples.every_kind()}
    ids = re.findall(r'\bid="([^"]+)"', page.render(list(experiments.values()), "en"))
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_opens_in_the_language_given(language):
    text = page.render([samples.claims()], language)
    assert f'<html lang="{language}">' in text
    assert f'id="speak-{language}" value="{language}" checked' in text


@pytest.mark.parametrize("experiment", samples.every_kind(), ids=lambda experiment: experiment.experiment)
def test_tables_reasons_and_verdicts_are_markup_in_both_languages(whole, experiment):
    results = (*experiment.cells, *experiment.flips, *experiment.expectations, *experiment.claims)
    assert all(page.both(result.because) in whole for result in results)
    assert all(f'id="b-{experiment.experiment}-{number}"' in whole for number in range(len(experiment.cells)))


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


def test_a_verdict_that_was_not_foreseen_is_marked_in_words(whole):
    claims = samples.claims()
    unforeseen = page.render([replaced(claims, claims=(replaced(claims.claims[0], agrees=False),))], "en")
    assert "not the verdict that was known before" not in whole
    assert "not the verdict that was known before" in unforeseen


def test_a_question_that_is_asked_of_several_things_names_them(whole):
    readiness = samples.readiness()
    named = replaced(readiness.expectations[0], subject="memory: 64Mi")
    several = replaced(readiness, expectations=(named, *readiness.expectations[1:]))
    assert '<code class="subject">' not in whole
    assert '<code class="subject">memory: 64Mi</code> ' in page.render([several], "en")


def test_the_data_has_every_cell_and_each_exhibit_once(data):
    assert len(data["cells"]) == sum(len(experiment.cells) for experiment in samples.every_kind())
    assert len(data["exhibits"]) == len({tuple(exhibit) for exhibit in data["exhibits"]})


def test_the_diagram_has_a_shape_for_each_stop_of_a_packet(data):
    layout = diagram.layout(samples.diagram())
    assert tuple(data["paths"][0]) == samples.names().cells[0].way
    assert all(layout[key] for path in data["paths"] for key in path)


def test_nine_hundred_cells_with_exhibits_stay_below_a_megabyte_and_a_half():
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
    assert all(shape.y + shape.height <= layout.height for shape in layout.shapes)


def contains(outer, inner) -> bool:
    across = outer.x <= inner.x and inner.x + inner.width <= outer.x + outer.width
    return across and outer.y <= inner.y and inner.y + inner.height <= outer.y + outer.height


def overlap(one, other) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not beside and not above


def test_a_timeline_is_drawn_to_scale():
    shown, (leaves, returns, _) = samples.timeline(), samples.readiness().expectations
    window = timeline.window(leaves, shown)
    assert window == pytest.approx((100 * 4 / 18.2, 100 * 3.5 / 18.2), abs=0.02)
    assert window.start < timeline.place(leaves.at, shown) < window.start + window.width
    assert timeline.place(returns.at, shown) > sum(timeline.window(returns, shown))
    assert [seconds for _, seconds in timeline.ticks(shown)][:3] == [0, 2, 4]


def test_the_words_of_a_moment_have_room_until_the_next():
    *answers, last = [span for _, span in timeline.marks(samples.timeline(), "name")]
    assert [span.width for span in answers] == pytest.approx([100 / 18.2] * 17, abs=0.02)
    assert sum(last) == pytest.approx(100)


def test_a_window_that_ends_after_what_is_shown_stays_open():
    whole = samples.readiness()
    late = replaced(whole.expectations[0], within=(4.0, 60.0))
    whole = replaced(whole, expectations=(late, *whole.expectations[1:]))
    assert sum(timeline.window(late, samples.timeline())) == pytest.approx(100)
    assert page.render([whole], "en").count('<span class="window endless"') == 1
