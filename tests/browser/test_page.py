"""The page as people use it: pointer, keyboard, two languages, narrow and wide, with and without a backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

    from .conftest import Program

LIT = ".window.lit svg.cat"
SOON = 15


def until(browser: Chrome, true: Callable[[Chrome], object], why: str = "") -> object:
    wait = WebDriverWait(browser, SOON, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException])
    return wait.until(true, why)


def one(browser: Chrome, css: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, css)


def text(browser: Chrome, css: str) -> str:
    return str(one(browser, css).get_property("textContent")).strip()


def visit(browser: Chrome, url: str) -> None:
    browser.get(url)
    until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, LIT), "no cat came to a window")


def settled(browser: Chrome) -> None:
    """Wait until the backend's cats are at the windows."""
    until(browser, lambda b: text(b, "#backend-version")[0].isdigit(), "the backend did not answer")
    until(browser, lambda b: len(b.find_elements(By.CSS_SELECTOR, ".window:not(:disabled)")) == 24, "not 24 cats")


def greeted(browser: Chrome) -> None:
    until(browser, lambda b: text(b, "#chat-count"), "no encounter was counted")


def focused_label(browser: Chrome) -> str:
    return str(browser.switch_to.active_element.get_attribute("aria-label"))


def severe(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]


def test_a_click_on_a_cat(browser: Chrome, page_url: str) -> None:
    """It greets, says which Pod and version drew it, and counts: twice makes one more."""
    visit(browser, page_url)
    settled(browser)
    cat = one(browser, ".window.lit")
    name = cat.text
    cat.click()
    greeted(browser)
    assert text(browser, "#chat-name") == name
    assert text(browser, "#chat-greeting")
    assert text(browser, "#chat-pod").startswith("k8-chatroulette-back")
    assert text(browser, "#chat-version").startswith("version ")
    first = int(text(browser, "#chat-count").split()[0])
    one(browser, "#chat-close").click()
    cat.click()
    until(browser, lambda b: text(b, "#chat-count").startswith(str(first + 1)), "the second visit was not counted")
    assert not severe(browser)


def test_keyboard_only(browser: Chrome, page_url: str) -> None:
    """Tab to a window, arrows between them, Enter knocks, Escape closes, and the focus is back where it was."""
    visit(browser, page_url)
    settled(browser)
    for _ in range(8):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if focused_label(browser).startswith("Meet"):
            break
    first = focused_label(browser)
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    second = focused_label(browser)
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    below = focused_label(browser)
    assert len({first, second, below}) == 3
    browser.switch_to.active_element.send_keys(Keys.ARROW_UP, Keys.ENTER)
    greeted(browser)
    assert second.startswith(f"Meet {text(browser, '#chat-name')}.")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(browser, lambda b: not one(b, "#chat").get_property("open"), "Escape did not close")
    assert focused_label(browser) == second


def test_another_cat_moves_the_focus_with_it(browser: Chrome, page_url: str) -> None:
    visit(browser, page_url)
    settled(browser)
    windows = browser.find_elements(By.CSS_SELECTOR, ".window")
    windows[0].click()
    greeted(browser)
    one(browser, "#chat-next").click()
    until(browser, lambda b: text(b, "#chat-name") == windows[1].text, "the next cat did not come")
    one(browser, "#chat-close").click()
    until(browser, lambda b: b.switch_to.active_element == windows[1], "the focus did not follow")


def test_the_language_switch_is_remembered(open_browser: Callable[..., Chrome], page_url: str) -> None:
    browser = open_browser("fr-FR,fr")
    visit(browser, page_url)
    assert one(browser, "html").get_attribute("lang") == "fr"
    one(browser, "button[value=en]").click()
    until(browser, lambda b: one(b, "html").get_attribute("lang") == "en", "the switch did nothing")
    visit(browser, page_url)
    assert one(browser, "html").get_attribute("lang") == "en"
    assert "after hours" in one(browser, ".sign").text


def test_french_counts_and_greets_in_french(open_browser: Callable[..., Chrome], page_url: str) -> None:
    browser = open_browser("fr")
    visit(browser, page_url)
    settled(browser)
    one(browser, ".window.lit").click()
    greeted(browser)
    assert "comptée" in text(browser, "#chat-count")
    assert text(browser, "#chat-by") == "dessiné par le Pod"


def test_backend_killed_and_back(browser: Chrome, page_url: str, own_backend: Program) -> None:
    """The hop is named, with what to try; nothing moves; and the page recovers by itself."""
    visit(browser, page_url)
    settled(browser)
    place = one(browser, "#windows").rect
    own_backend.kill()
    one(browser, ".window.lit").click()
    until(browser, lambda b: one(b, "#note").is_displayed(), "no note about the broken hop")
    assert text(browser, "#note-title") == f"Connection refused on port {own_backend.port}"
    assert "127.0.0.1" in text(browser, "#note-addresses")
    assert text(browser, "#note-commands code").startswith("kubectl ")
    assert one(browser, "[data-stage=port]").get_attribute("data-state") == "broken"
    assert "backend" in text(browser, "#chat-greeting")
    one(browser, "#chat-close").click()
    assert one(browser, "#windows").rect == place
    own_backend.start()
    until(browser, lambda b: not one(b, "#note").is_displayed(), "it did not recover by itself")
    assert "is back" in text(browser, "#status")
    assert one(browser, "#windows").rect == place


def test_house_cats_keep_the_cafe_open(browser: Chrome, page_url: str, own_backend: Program) -> None:
    """Without a backend from the start: twelve cats that answer, and the backend's own once it comes."""
    own_backend.kill()
    visit(browser, page_url)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".window:not(:disabled)")) == 12
    one(browser, ".window.lit").click()
    until(browser, lambda b: text(b, "#chat-fact"), "the house cat knows nothing")
    assert text(browser, "#chat-pod") == "k8-chatroulette-front"
    assert "Not counted" in text(browser, "#chat-count")
    one(browser, "#chat-close").click()
    own_backend.start()
    settled(browser)


def test_the_copy_button_copies(browser: Chrome, page_url: str, own_backend: Program) -> None:
    own_backend.kill()
    visit(browser, page_url)
    grant = {"permissions": ["clipboardReadWrite"], "origin": page_url}
    browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    until(browser, lambda b: b.find_elements("css selector", "#note-commands button"), "no command is offered")
    one(browser, "#note-commands button").click()
    until(browser, lambda b: text(b, "#note-commands button") == "Copied", "the button says nothing")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == text(browser, "#note-commands code")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "columns"), [(320, 2), (390, 2), (768, 4), (1280, 6)])
def test_no_sideways_scroll_at_any_width(browser: Chrome, page_url: str, width: int, columns: int, scheme: str) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    visit(browser, page_url)
    settled(browser)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(GRID) == columns
    assert browser.execute_script(SMALL_TARGETS) == []
    assert browser.execute_script(PALE) == []


GRID = "return getComputedStyle(document.getElementById('windows')).gridTemplateColumns.split(' ').length"

SMALL_TARGETS = """
return [...document.querySelectorAll('button')].filter(b => b.offsetParent)
  .filter(b => b.getBoundingClientRect().height < 44 || b.getBoundingClientRect().width < 44).map(b => b.outerHTML)
"""

PALE = """
const rgb = c => c.match(/[\\d.]+/g).map(Number);
const light = c => rgb(c).slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = e => {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if ((rgb(c)[3] ?? 1) === 1) return c;
    if (e.classList.contains('house')) return getComputedStyle(e, '::after').backgroundColor;
  }
};
const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
return [...document.querySelectorAll('h1, p, b, span, button, code')]
  .filter(e => e.offsetParent && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => [e.outerHTML.slice(0, 80), ratio(getComputedStyle(e).color, behind(e))]).filter(([, r]) => r < 4.5)
"""


def test_still_for_those_who_asked(browser: Chrome, page_url: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    visit(browser, page_url)
    settled(browser)
    assert browser.execute_script("return document.getAnimations().length") == 0


def test_alive_for_the_others(browser: Chrome, page_url: str) -> None:
    visit(browser, page_url)
    settled(browser)
    names = "return document.getAnimations().map(a => a.animationName).includes('blink')"
    until(browser, lambda b: b.execute_script(names), "no cat blinks")


def test_no_request_elsewhere_and_a_light_first_view(browser: Chrome, page_url: str) -> None:
    """Everything comes from the page's own server, in 100 kB at most, and nothing is said in the console."""
    visit(browser, page_url)
    settled(browser)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sends = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    asked = {send["requestId"]: urlsplit(send["request"]["url"]) for send in sends}
    pages = {request: url.netloc for request, url in asked.items() if url.scheme.startswith("http")}
    assert set(pages.values()) == {urlsplit(page_url).netloc}
    ends = [e["params"] for e in events if e["method"] == "Network.loadingFinished"]
    sent = sum(end["encodedDataLength"] for end in ends if end["requestId"] in pages)
    assert 5_000 < sent <= 100_000
    assert not severe(browser)
