"""The report of experiments as people read it: opened from a file, with a mouse, with keys, by ear, on paper."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from lab.report.html import page

from ..unit.lab.report import samples  # noqa: TID252 - the same made-up experiments as in the unit tests
from .conftest import Person, start_browser
from .test_access import axe, in_both_themes  # noqa: F401 - a fixture is used by its name

if TYPE_CHECKING:
    from pathlib import Path

WRONG = "#b-names-1"
APP_BY_NAME = f"#b-names-{samples.number_of('app', 'pod-name')}"
BELOW_WRONG = f"b-names-{samples.number_of('guest', 'loopback6')}"
SHOWN = "return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility()).length"


def report() -> list:
    return [samples.names(agrees=False), *samples.every_kind()[1:]]


@pytest.fixture(scope="module")
def reader_of(programs: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Person]]:
    """Bring a browser that reads the report from a file, in a language."""
    folder: Path = tmp_path_factory.mktemp("report")
    browser = start_browser(programs, "en", tmp_path_factory.mktemp("profile"))

    def bring(language: str = "en", width: int = 1280) -> Person:
        file = folder / f"report.{language}.html"
        file.write_text(page.render(report(), language), encoding="utf-8")
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        reader = Person(browser, file.as_uri())
        reader.size(width, motion="reduce")
        browser.get("about:blank")
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(reader.url)
        reader.until("document.documentElement.matches('.ready')", "the script has not run")
        return reader

    yield bring
    browser.quit()


@pytest.fixture
def reader(reader_of: Callable[..., Person]) -> Person:
    """Somebody who reads it in English at a desk."""
    return reader_of()


@pytest.mark.parametrize(
    ("language", "width"),
    [
        pytest.param("en", 390, id="en-phone"),
        pytest.param("fr", 1280, id="fr-desktop"),
        pytest.param("fr", 390, id="fr-phone", marks=pytest.mark.nightly),
        pytest.param("en", 1280, id="en-desktop", marks=pytest.mark.nightly),
    ],
)
def test_axe_finds_nothing(reader_of, axe, language, width):  # noqa: F811 - the fixture's name
    """As it opens; with everything unfolded; with a cell open that is not as predicted."""
    reader = reader_of(language, width)
    states = {"closed": in_both_themes(reader, axe, width)}
    states["unfolded"] = in_both_themes(unfold(reader), axe, width)
    reader.click(WRONG)
    states["a cell"] = in_both_themes(reader, axe, width)
    assert not {state: what for state, what in states.items() if what}


def test_it_asks_nothing_of_anybody_and_complains_of_nothing(reader):
    reader.click(APP_BY_NAME)
    rows = [json.loads(row["message"])["message"] for row in reader.browser.get_log("performance")]
    asked = {row["params"]["request"]["url"] for row in rows if row["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {reader.url}
    assert reader.console_errors() == []


def test_a_click_opens_the_exhibits_of_a_cell(reader):
    reader.click(APP_BY_NAME)
    assert reader.find("#panel-title").text == "app container → Pod name"
    assert reader.find("#panel-predicted").text == "● answers k8-chatroulette-back"
    assert reader.text("#panel-url") == "http://k8-chatroulette-back:3000"
    assert "is decided by hosts-file" in reader.find("#panel-because").text
    exhibits = [exhibit.text for exhibit in reader.find_all("#panel-exhibits pre")]
    assert [text.split() for text in exhibits] == [
        ["10.244.0.7", "k8-chatroulette-back"],
        ["0:", "00000000:0BB8", "00000000:0000", "0A", "00000000:00000000", "<&>"],
    ]
    assert reader.find(APP_BY_NAME).get_attribute("aria-expanded") == "true"


def test_the_path_of_the_packet_is_drawn_from_the_container_through_its_network(reader):
    reader.click(APP_BY_NAME)
    passed = reader.browser.execute_script(
        "return [...document.querySelectorAll('#panel-picture .passed')].map((one) => one.dataset.key)"
    )
    pod = "names-4f21/k8-chatroulette-back"
    assert passed == [f"container {pod}/back", f"net {pod}"]
    assert reader.text("#panel-picture .ending text") == "●"
    assert reader.browser.execute_script("return document.querySelectorAll('figure .packet').length") == 0


def test_what_differs_has_a_double_frame_and_both_words(reader):
    styles = "return getComputedStyle(document.querySelector(arguments[0])).borderTopStyle"
    assert reader.browser.execute_script(styles, WRONG) == "double"
    assert reader.browser.execute_script(styles, APP_BY_NAME) == "solid"
    assert reader.find(WRONG).text.split() == ["○≠●", "refused", "≠", "answers"]


def test_keys_alone_reach_open_and_leave_a_cell(reader):
    """One stop of Tab a matrix, arrows inside, Enter opens, Escape closes and gives the focus back."""
    reader.browser.execute_script("document.querySelector('#b-names-0').focus()")
    reader.press(Keys.ARROW_RIGHT)
    reader.press(Keys.ARROW_DOWN)
    assert reader.focused() == BELOW_WRONG
    assert reader.browser.execute_script(SHOWN, ".matrix#names-g1 .cell[tabindex='0']") == 1
    reader.press(Keys.ENTER)
    assert reader.focused() == "panel-title"
    assert reader.find("#panel-title").text == "ephemeral → ::1"
    reader.press(Keys.ESCAPE)
    assert reader.focused() == BELOW_WRONG
    assert reader.browser.execute_script(SHOWN, "#panel") == 0


def test_a_cell_is_read_aloud_with_its_row_and_column(reader):
    tree = reader.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = [one["name"]["value"] for one in tree if one["role"]["value"] == "button" and "name" in one]
    assert "app container Pod name answers" in names
    assert not [name for name in names if "répond" in name]


def test_the_other_language_is_one_click_away_everywhere(reader):
    reader.click(APP_BY_NAME)
    reader.browser.execute_script("document.querySelector('#speak-fr').click()")
    assert reader.browser.execute_script("return document.documentElement.lang") == "fr"
    assert reader.browser.title == "Qui répond, et pourquoi"
    assert reader.find("#panel-title").text == "conteneur de l’application → nom du Pod"
    assert reader.find(APP_BY_NAME).text.split() == ["●", "répond"]
    assert reader.browser.execute_script(SHOWN, "body [lang=en]:not(.always)") == 0


def test_a_sign_or_a_mechanism_shows_only_its_cells(reader):
    reader.click("#names [data-only=elsewhere]")
    assert [one.get_attribute("id") for one in reader.find_all("#names .cell.shown")] == [
        f"b-names-{at}" for at, cell in enumerate(report()[0].cells) if cell.measured.outcome == "elsewhere"
    ]
    reader.click("#names [data-which=hosts-file]")
    by_hosts_file = [cell for cell in samples.names().cells if cell.mechanism == "hosts-file"]
    assert len(reader.find_all("#names .cell.shown")) == len(by_hosts_file)
    assert reader.find("#names [data-only=elsewhere]").get_attribute("aria-pressed") == "false"
    reader.click("#names [data-which=hosts-file]")
    assert not reader.find_all("#names.filtered")


def test_a_flip_opens_the_cell_that_flips(reader):
    reader.click("#whatif .opens")
    assert reader.find("#panel-title").text == "app container → Pod name"
    reader.press(Keys.ESCAPE)
    assert reader.browser.execute_script("return document.activeElement.matches('.opens')")


def unfold(reader: Person) -> Person:
    reader.browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return reader


def test_nothing_is_wider_than_the_screen(reader):
    assert unfold(reader).browser.execute_script("return document.documentElement.scrollWidth") <= 1280


def test_on_a_phone_only_a_table_slides_and_says_so(reader_of):
    """Timelines, expectations and the picture have all their words on the screen; the picture is boxes there."""
    reader = unfold(reader_of("fr", 390))
    assert reader.browser.execute_script("return document.documentElement.scrollWidth") <= 390
    wide = (
        "return [...document.querySelectorAll('.experiment *')].filter((one) => one.scrollWidth > one.clientWidth + 1"
    )
    slides = (
        " && getComputedStyle(one).overflowX === 'auto').map((one) => one.firstElementChild.className.split(' ')[0])"
    )
    assert set(reader.browser.execute_script(wide + slides)) == {"matrix"}
    assert "Faites glisser" in reader.find("#names .sideways").text
    assert not reader.browser.execute_script("return document.querySelector('#names figure > svg').checkVisibility()")
    assert reader.find("#names .boxes .pod b").text in {pod.name for pod in samples.diagram().pods}


def test_without_a_script_tables_reasons_and_verdicts_are_read(reader_of):
    reader = reader_of()
    reader.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    reader.browser.get(reader.url)
    assert reader.find(APP_BY_NAME).text.split() == ["●", "answers"]
    reader.find("#names .each summary").click()
    assert "is decided by hosts-file" in reader.find("#names .each").text
    assert "true, with a nuance" in reader.find("#claims").text
    reader.find("label:has(#speak-fr)").click()
    assert reader.find(APP_BY_NAME).text.split() == ["●", "répond"]


def test_on_paper_the_exhibits_stand_open_and_the_buttons_are_gone(reader):
    """Printing unfolds the exhibits of each mechanism, not those of every cell, and folds them again afterwards."""
    reader.browser.execute_script(
        "addEventListener('beforeprint', () => (window.unfolded = document.querySelectorAll('.printed[open]').length))"
    )
    pdf = reader.browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")
    reader.until("window.unfolded > 10", "nothing was unfolded for the printer")
    assert reader.browser.execute_script("return document.querySelectorAll('.printed[open]').length") == 0
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert reader.browser.execute_script(SHOWN, ".languages, .hint, .each") == 0
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
