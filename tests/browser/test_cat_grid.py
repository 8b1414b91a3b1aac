"""The wall as people use it: pointer, keyboard, two languages, narrow and wide, with and without a backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Person, Program

OPEN = ".window:not(:disabled)"
LIGHT_BYTES = 100_000


def settled(visitor: Person) -> None:
    """Wait until the backend's cats are at the windows."""
    visitor.until("/^\\d/.test(document.getElementById('backend-version').textContent)", "the backend did not answer")
    visitor.until(lambda: len(visitor.all(OPEN)) == 24, "not 24 cats")


def test_arrows_walk_between_the_windows(visitor: Person) -> None:
    settled(visitor)
    visitor.browser.execute_script("arguments[0].focus()", visitor.one(".window"))
    seen = [visitor.focused()]
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END):
        visitor.keys(key)
        seen.append(visitor.focused())
    assert len(set(seen)) == 4
    assert all(label.startswith("Meet ") for label in seen)
    visitor.keys(Keys.HOME)
    assert visitor.focused() == seen[0]


def test_one_sees_who_one_is(visitor: Person) -> None:
    """The same cat after a reload, and its face stands beside its name."""
    name = visitor.cat
    assert len(name) > 2
    visitor.browser.refresh()
    visitor.reads("#mat-name", name)
    visitor.until("document.getElementById('mat-face').naturalWidth", "the face is not drawn")


def test_the_language_switch_is_remembered(person: Callable[..., Person]) -> None:
    """It also reaches the house cats: the visit goes on in the new language."""
    visitor = person("fr").visit()
    assert visitor.one("html").get_attribute("lang") == "fr"
    visitor.one("button[value=en]").click()
    visitor.until("document.documentElement.lang === 'en'", "the switch did nothing")
    visitor.visit()
    assert visitor.one("html").get_attribute("lang") == "en"
    assert "after hours" in visitor.text(".sign")
    visitor.until("JSON.parse(sessionStorage.visitor).language === 'en'", "the visit is still a French one")


def test_the_lamp_is_lit_where_somebody_waits(visitor: Person, person: Callable[..., Person]) -> None:
    """The one who can be met comes to the first window, with a lamp and words; nothing else on the wall moves."""
    settled(visitor)
    place = visitor.one("#windows").rect
    names = [window.text for window in visitor.all(".window")]
    other = person("fr").visit()
    other.knock()
    visitor.until("document.querySelector('.window.waits.lit')", "no lamp is lit")
    window = visitor.one(".window.waits")
    visitor.until(lambda: window.text == other.cat, "another cat is there")
    assert "Somebody waits at this window" in str(window.get_attribute("aria-label"))
    assert [other.cat, *names[1:]] == [window.text for window in visitor.all(".window")]
    assert visitor.one("#windows").rect == place
    other.one("#chat-close").click()
    visitor.until(lambda: visitor.all(".window")[0].text == names[0], "the first cat did not come back")


def test_the_focused_window_does_not_change(visitor: Person, person: Callable[..., Person]) -> None:
    settled(visitor)
    first = visitor.one(".window")
    name = first.text
    visitor.browser.execute_script("arguments[0].focus()", first)
    person("fr").visit().knock()
    visitor.until("document.querySelector('.window.waits.lit')", "no lamp is lit")
    assert first.text == name
    assert visitor.all(".window")[1] == visitor.one(".window.waits")


def test_backend_killed_and_back(visitor: Person, own_backend: Program) -> None:
    """One sentence names what broke, one button leads to why; nothing moves; and the page recovers by itself."""
    settled(visitor)
    place = visitor.one("#windows").rect
    own_backend.kill()
    visitor.reads("#notice p", f"Connection refused on port {own_backend.port}")
    assert visitor.one("[data-stage=service]").get_attribute("data-state") == "broken"
    assert visitor.one("#windows").rect == place
    visitor.one("#notice button").click()
    visitor.reads("#panel-way .note", "ECONNREFUSED")
    visitor.one("#panel-close").click()
    own_backend.start()
    visitor.until("document.getElementById('notice').hidden", "it did not recover by itself")
    assert visitor.one("#windows").rect == place


def test_house_cats_keep_the_cafe_open(person: Callable[..., Person], own_backend: Program) -> None:
    """Without a backend from the start: twelve cats that say what they know, and the backend's own once it comes."""
    own_backend.kill()
    visitor = person()
    visitor.browser.get(visitor.url)
    visitor.until(lambda: len(visitor.all(".window.lit")) == 12, "no house cats")
    visitor.reads("#notice p", "The house cats keep the café open.")
    visitor.knock()
    visitor.meets("local")
    assert len(visitor.lines()) == 2
    assert visitor.text("#chat-pod") == "k8-chatroulette-front"
    assert visitor.text("#chat-status").startswith("A house cat of the frontend")
    assert not visitor.one("#chat-words").is_enabled()
    visitor.one("#chat-close").click()
    own_backend.start()
    settled(visitor)
    visitor.knock()
    visitor.meets()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "columns"), [(320, 2), (390, 2), (768, 4), (1280, 6)])
def test_no_sideways_scroll_at_any_width(person: Callable[..., Person], width: int, columns: int, scheme: str) -> None:
    visitor = person()
    visitor.size(width, scheme=scheme)
    visitor.visit()
    settled(visitor)
    assert visitor.browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert visitor.browser.execute_script(GRID) == columns
    assert visitor.browser.execute_script(SMALL_TARGETS) == []
    visitor.knock()
    visitor.meets()
    assert visitor.browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert visitor.browser.execute_script(SMALL_TARGETS) == []
    assert visitor.browser.execute_script(BURST) == [], "a text leaves its button"


GRID = "return getComputedStyle(document.getElementById('windows')).gridTemplateColumns.split(' ').length"

SMALL_TARGETS = """
return [...document.querySelectorAll('button, textarea, summary, input, select')].filter(b => b.offsetParent)
  .filter(b => b.getBoundingClientRect().height < 44 || b.getBoundingClientRect().width < 44).map(b => b.outerHTML)
"""

BURST = """
return [...document.querySelectorAll('button:not(.window)')]
  .filter(b => b.offsetParent && b.scrollWidth > b.clientWidth).map(b => b.outerHTML)
"""


def test_still_for_those_who_asked(person: Callable[..., Person]) -> None:
    visitor = person()
    visitor.size(1280, motion="reduce")
    visitor.visit()
    settled(visitor)
    visitor.knock()
    visitor.meets("waiting")
    assert visitor.browser.execute_script("return document.getAnimations().length") == 0


def test_alive_for_the_others(visitor: Person) -> None:
    settled(visitor)
    blinking = (
        "[...document.querySelectorAll('.blinks .cat-eyelids')].some(e => getComputedStyle(e).visibility === 'visible')"
    )
    visitor.until(blinking, "no cat blinks")
    visitor.until("document.getAnimations().length === 0", "it draws all the time")


def test_no_request_elsewhere_and_a_light_first_view(visitor: Person) -> None:
    """Everything comes from the page's own server, in 100 kB at most, and nothing is said in the console."""
    settled(visitor)
    events = [json.loads(entry["message"])["message"] for entry in visitor.browser.get_log("performance")]
    sends = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    asked = {send["requestId"]: urlsplit(send["request"]["url"]) for send in sends}
    pages = {request: url.netloc for request, url in asked.items() if url.scheme.startswith("http")}
    assert set(pages.values()) == {urlsplit(visitor.url).netloc}
    ends = [e["params"] for e in events if e["method"] == "Network.loadingFinished"]
    sent = sum(end["encodedDataLength"] for end in ends if end["requestId"] in pages)
    assert 5_000 < sent <= LIGHT_BYTES
    assert not [url.path for url in asked.values() if "/panel/" in url.path], "what is not seen is not fetched"
    assert not visitor.complaints()


def test_old_drawings_are_let_go(visitor: Person) -> None:
    """A drawing is fetched once, the newest eighty are kept; those used again count as new."""
    path = visitor.module("cats.js")
    assert visitor.browser.execute_async_script(DRAW, path) == {"100": 1, "99": 1, "2": 2, "1": 1}


DRAW = """
const [path, done] = arguments;
const asked = {};
window.fetch = async (url) => {
  asked[url] = (asked[url] ?? 0) + 1;
  return new Response('<svg xmlns="http://www.w3.org/2000/svg"/>');
};
(async () => {
  const { drawing } = await import(path);
  for (let n = 1; n <= 100; n++) {
    await drawing(`kept-${n}`);
    await drawing('kept-1');
  }
  for (const n of [100, 99, 2, 1]) await drawing(`kept-${n}`);
  return Object.fromEntries([100, 99, 2, 1].map((n) => [n, asked[`kept-${n}`]]));
})().then(done, (error) => done(String(error)));
"""


def test_how_many_wait_is_what_the_house_counts(visitor: Person) -> None:
    """Not the cats at the windows, which are 24 at most and may have company; and never oneself."""
    windows = [f"cat-{number}" for number in range(24)]
    census = {"visitors": 41, "waiting": 30, "chats": 5, "windows": windows}
    visitor.browser.execute_script(HOUSE, {"census": census})
    visitor.reads("#status", "40 other visitors are in the house. 30 can be met right now.")
    visitor.browser.execute_script(SAYS)
    visitor.knock()
    visitor.meets()
    assert "40 other visitors are in the house. 29 can be met right now." in visitor.browser.execute_script(SAID)
    visitor.reads("#status", "30 can be met right now.")


HOUSE = """
const real = window.fetch;
const house = arguments[0];
window.fetch = async (...all) => (all[0] === '/api/house' ? new Response(JSON.stringify(house)) : real(...all));
"""
SAYS = """
window.said = [];
addEventListener('DOMContentLoaded', note);
if (document.readyState !== 'loading') note();
function note() {
  const status = document.getElementById('status');
  new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true, subtree: true });
}
"""
SAID = "return window.said"
BACK = "The café’s memory is back"


@pytest.mark.parametrize("first", ["ok", "redis_away"])
def test_nothing_is_back_that_was_not_away(person: Callable[..., Person], first: str) -> None:
    """A first visit with everything fine says so; only after a failure was shown something is back."""
    visitor = person()
    visitor.before(SAYS + FIRST_LOOK.replace("FIRST", first))
    visitor.visit()
    visitor.until("window.looks > 1 || window.looks === 1 && window.first === 'ok'", "it does not look again")
    if first == "redis_away":
        visitor.reads("#status", BACK)
    settled(visitor)
    visitor.until("window.said.length", "the status says nothing")
    assert any(BACK in words for words in visitor.browser.execute_script(SAID)) is (first == "redis_away")


FIRST_LOOK = """
const real = window.fetch;
Object.assign(window, { looks: 0, first: 'FIRST' });
window.fetch = async (...all) => {
  const answer = await real(...all);
  if (all[0] !== '/api/backend' || window.looks++ || window.first === 'ok') return answer;
  return new Response(JSON.stringify({ ...await answer.json(), hop: window.first, stage: 'redis' }));
};
"""


@pytest.mark.parametrize(
    ("now", "waiting", "busy", "step"),
    [
        pytest.param("abcd", "", "", None, id="nobody waits"),
        pytest.param("abcd", "x", "", [0, "x"], id="to the first window"),
        pytest.param("abcd", "x", "a", [1, "x"], id="not where somebody looks"),
        pytest.param("xbcd", "xy", "", [1, "y"], id="one after the other"),
        pytest.param("xbcd", "x", "", None, id="already there"),
        pytest.param("xbcd", "", "", [0, "a"], id="the first cat comes back"),
        pytest.param("xbcd", "", "x", None, id="not while somebody looks"),
        pytest.param("xbcd", "y", "", [0, "y"], id="the place goes on to the next"),
        pytest.param("abcd", "c", "", None, id="one of the wall's own waits at its own window"),
        pytest.param("xyzw", "xyzwv", "", None, id="no place is left"),
    ],
)
def test_seats(person: Callable[..., Person], now: str, waiting: str, busy: str, step: list[object] | None) -> None:
    visitor = person()
    visitor.browser.get(f"{visitor.url}/livez")
    script = """
    const [path, now, waiting, busy, done] = arguments;
    import(path).then(({ nextPlacement }) => {
      const step = nextPlacement([...now], [...'abcd'], [...waiting], (index) => busy.includes(now[index]));
      done(step && [step.index, step.seed]);
    }, (error) => done(String(error)));
    """
    assert visitor.browser.execute_async_script(script, visitor.module("placement.js"), now, waiting, busy) == step
