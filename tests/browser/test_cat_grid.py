"""The grid of cats as people use it: pointer, keyboard, two languages, narrow and wide, with and without a backend."""

import json
from urllib.parse import urlsplit

import pytest
import requests
from selenium.webdriver.common.keys import Keys

MAX_BYTES = 100_000
BACK = "The café’s memory is back"


@pytest.fixture
def visitor(person):
    return complete(person().visit())


def complete(visitor):
    """Wait until the backend's cats are there."""
    visitor.until("/^\\d/.test(document.getElementById('backend-version').textContent)", "the backend did not answer")
    visitor.until(lambda: len(visitor.find_all(".window:not(:disabled)")) == 24, "not 24 cats")
    return visitor


def test_arrows_move_between_the_cells(visitor):
    visitor.run("arguments[0].focus()", visitor.find(".window"))
    labels = [visitor.focused()]
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END):
        visitor.press(key)
        labels.append(visitor.focused())
    assert len(set(labels)) == 4
    assert all(label.startswith("Meet ") for label in labels)
    visitor.press(Keys.HOME)
    assert visitor.focused() == labels[0]


def test_one_sees_who_one_is(visitor):
    """The same cat after a reload, and its face stands beside its name."""
    name = visitor.cat
    assert len(name) > 2
    visitor.browser.refresh()
    visitor.reads("#mat-name", name)
    visitor.until("document.getElementById('mat-face').naturalWidth", "the face is not drawn")


def test_the_language_switch_is_remembered(person):
    """It also reaches the house cats: the visit goes on in the new language."""
    visitor = person("fr").visit()
    assert visitor.find("html").get_attribute("lang") == "fr"
    visitor.find("button[value=en]").click()
    visitor.until("document.documentElement.lang === 'en'", "the switch did nothing")
    visitor.visit()
    assert visitor.find("html").get_attribute("lang") == "en"
    assert "after hours" in visitor.text(".sign")
    visitor.until("JSON.parse(sessionStorage.visitor).language === 'en'", "the visit is still a French one")


def test_who_waits_comes_to_the_first_cell_with_a_lamp(visitor, person):
    """Nothing else moves; and a cell that has the focus does not change."""
    place = visitor.find("#windows").rect
    first, *others = names(visitor)
    other = person("fr").visit()
    other.choose_cat()
    other.meets()
    visitor.poll_status()
    visitor.until("document.querySelector('.window.waits.lit')", "no lamp is lit")
    visitor.until(lambda: names(visitor) == [other.cat, *others], "another cat is there")
    assert "Somebody waits at this window" in visitor.find(".window.waits").get_attribute("aria-label")
    assert visitor.find("#windows").rect == place
    other.find("#chat-close").click()
    visitor.poll_status()
    visitor.until(lambda: names(visitor)[0] == first, "the first cat did not come back")
    visitor.run("arguments[0].focus()", visitor.find(".window"))
    other.choose_cat()
    other.meets()
    visitor.poll_status()
    visitor.until(lambda: names(visitor)[:2] == [first, other.cat], "the focused cell has changed")


def names(visitor):
    return visitor.run("return [...document.querySelectorAll('.window .name')].map((name) => name.textContent)")


def test_backend_killed_and_back(visitor, own_backend):
    """One sentence names what broke, one button leads to why; nothing moves; and the page recovers by itself."""
    place = visitor.find("#windows").rect
    own_backend.kill()
    visitor.reads("#notice p", f"Connection refused on port {own_backend.port}")
    assert visitor.find("[data-stage=service]").get_attribute("data-state") == "broken"
    assert visitor.find("#windows").rect == place
    visitor.find("#notice button").click()
    visitor.reads("#panel-way .note", "ECONNREFUSED")
    visitor.find("#panel-close").click()
    own_backend.start()
    visitor.until("document.getElementById('notice').hidden", "it did not recover by itself")
    assert visitor.find("#windows").rect == place


def clicks(visitor):
    """Return how many clicks on a cat the frontend has counted, of whichever visitor."""
    metrics = requests.get(f"{visitor.url}/metrics", timeout=5).text
    return float(metrics.partition("\ncat_clicks_total ")[2].split()[0])


def test_without_a_backend_from_the_start(person, own_backend):
    """Twelve fallback cats that say what they know, and the backend's own once it comes."""
    own_backend.kill()
    visitor = person()
    visitor.browser.get(visitor.url)
    visitor.until(lambda: len(visitor.find_all(".window.lit")) == 12, "no fallback cats")
    visitor.reads("#notice p", "The house cats keep the café open.")
    before = clicks(visitor)
    visitor.choose_cat()
    visitor.meets("local")
    visitor.until(lambda: clicks(visitor) == before + 1, "the click was not counted")
    assert len(visitor.messages()) == 2
    assert len(visitor.text("#chat-alt")) > 20
    assert visitor.text("#chat-pod") == "k8-chatroulette-front"
    assert visitor.text("#chat-status").startswith("A house cat of the frontend")
    assert not visitor.find("#chat-words").is_enabled()
    visitor.find("#chat-close").click()
    own_backend.start()
    complete(visitor).choose_cat()
    visitor.meets()


@pytest.mark.parametrize(
    ("width", "columns", "scheme"),
    [
        (320, 2, "dark"),
        pytest.param(390, 2, "light", marks=pytest.mark.nightly),
        pytest.param(768, 4, "dark", marks=pytest.mark.nightly),
        (1280, 6, "light"),
    ],
)
def test_everything_fits_at_any_width(person, width, columns, scheme):
    visitor = person()
    visitor.size(width, scheme=scheme)
    complete(visitor.visit())
    assert visitor.run(COLUMNS) == columns
    assert visitor.run(TOO_WIDE) <= width
    assert visitor.run(SMALL_TARGETS) == []
    visitor.choose_cat()
    visitor.meets()
    assert visitor.run(TOO_WIDE) <= width
    assert visitor.run(SMALL_TARGETS) == []
    assert visitor.run(OVERFLOWING) == []


COLUMNS = "return getComputedStyle(document.getElementById('windows')).gridTemplateColumns.split(' ').length"
TOO_WIDE = "return document.documentElement.scrollWidth"
SMALL_TARGETS = """
return [...document.querySelectorAll('button, textarea, summary, input, select')].filter(b => b.offsetParent)
  .filter(b => b.getBoundingClientRect().height < 44 || b.getBoundingClientRect().width < 44).map(b => b.outerHTML)
"""
OVERFLOWING = """
return [...document.querySelectorAll('button:not(.window)')]
  .filter(b => b.offsetParent && b.scrollWidth > b.clientWidth).map(b => b.outerHTML)
"""


def test_no_motion_for_those_who_asked(person):
    visitor = person()
    visitor.size(1280, motion="reduce")
    complete(visitor.visit()).wait_alone()
    assert visitor.run("return document.getAnimations().length") == 0


def test_cats_blink_for_the_others(visitor):
    """And nothing is animated all the time."""
    eyelids = "[...document.querySelectorAll('.blinks .cat-eyelids')]"
    visitor.until(f"{eyelids}.some((lid) => getComputedStyle(lid).visibility === 'visible')", "no cat blinks")
    visitor.until("document.getAnimations().length === 0", "it draws all the time")


def test_no_request_elsewhere_and_a_light_first_view(visitor):
    """Everything comes from the page's own server, in 100 kB at most, and nothing is said in the console."""
    events = [json.loads(entry["message"])["message"] for entry in visitor.browser.get_log("performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    urls = {request["requestId"]: urlsplit(request["request"]["url"]) for request in sent}
    hosts = {request: url.netloc for request, url in urls.items() if url.scheme.startswith("http")}
    assert set(hosts.values()) == {urlsplit(visitor.url).netloc}
    finished = [event["params"] for event in events if event["method"] == "Network.loadingFinished"]
    assert 5_000 < sum(end["encodedDataLength"] for end in finished if end["requestId"] in hosts) <= MAX_BYTES
    assert not [url.path for url in urls.values() if "/panel/" in url.path], "what is not seen is not fetched"
    assert not visitor.console_errors()


def test_the_newest_eighty_drawings_are_cached(visitor):
    """Those used again count as new."""
    result = visitor.browser.execute_async_script(FETCH_DRAWINGS, visitor.module("cats.js"))
    assert result == {"100": 1, "99": 1, "2": 2, "1": 1}


FETCH_DRAWINGS = """
const [path, done] = arguments;
const requests = {};
window.fetch = async (url) => {
  requests[url] = (requests[url] ?? 0) + 1;
  return new Response('<svg xmlns="http://www.w3.org/2000/svg"/>');
};
(async () => {
  const { drawing } = await import(path);
  for (let n = 1; n <= 100; n++) {
    await drawing(`url-${n}`);
    await drawing('url-1');
  }
  for (const n of [100, 99, 2, 1]) await drawing(`url-${n}`);
  return Object.fromEntries([100, 99, 2, 1].map((n) => [n, requests[`url-${n}`]]));
})().then(done, (error) => done(String(error)));
"""


def test_how_many_wait_is_what_the_backend_counts(visitor):
    """Not the waiting cats of the grid, which are 24 at most and may have company; and never oneself."""
    census = {"visitors": 41, "waiting": 30, "chats": 5, "windows": [f"cat-{number}" for number in range(24)]}
    visitor.mock("/api/house", {"status": 200, "body": {"census": census}})
    visitor.poll_status()
    visitor.reads("#status", "40 other visitors are in the house. 30 can be met right now.")
    visitor.run(RECORD_STATUS)
    visitor.choose_cat()
    visitor.meets()
    assert "40 other visitors are in the house. 29 can be met right now." in visitor.run("return window.statuses")
    visitor.reads("#status", "30 can be met right now.")


RECORD_STATUS = """
window.statuses = [];
addEventListener('DOMContentLoaded', observe);
if (document.readyState !== 'loading') observe();
function observe() {
  const status = document.getElementById('status');
  new MutationObserver(() => window.statuses.push(status.textContent)).observe(status, { childList: true });
}
"""


@pytest.mark.parametrize("first", [{}, {"merge": {"hop": "redis_away", "stage": "redis"}}], ids=["ok", "redis away"])
def test_nothing_is_back_that_was_not_away(person, first):
    """Only after a failure was shown something is back."""
    visitor = person()
    visitor.inject(RECORD_STATUS)
    visitor.mock("/api/backend", first, {}, inject=True)
    visitor.visit()
    if first:
        visitor.reads("#status", BACK)
    complete(visitor)
    visitor.until("window.statuses.length", "the status is empty")
    assert any(BACK in text for text in visitor.run("return window.statuses")) is bool(first)


PLACEMENTS = {
    "nobody waits": ("abcd", "", "", None),
    "to the first cell": ("abcd", "x", "", [0, "x"]),
    "not where the pointer is": ("abcd", "x", "a", [1, "x"]),
    "one after the other": ("xbcd", "xy", "", [1, "y"]),
    "already placed": ("xbcd", "x", "", None),
    "the first cat comes back": ("xbcd", "", "", [0, "a"]),
    "not while the pointer is on it": ("xbcd", "", "x", None),
    "the cell goes on to the next": ("xbcd", "y", "", [0, "y"]),
    "a cat of the grid waits in its own cell": ("abcd", "c", "", None),
    "no cell is left": ("xyzw", "xyzwv", "", None),
}
PLACE = """
const [path, cases, done] = arguments;
const stepOf = (nextPlacement, [current, waiting, busy]) => {
  const step = nextPlacement([...current], [...'abcd'], [...waiting], (index) => busy.includes(current[index]));
  return step && [step.index, step.seed];
};
import(path).then(({ nextPlacement }) => done(cases.map((values) => stepOf(nextPlacement, values) ?? null)),
  (error) => done(String(error)));
"""


def test_placement(visitor):
    cases = list(PLACEMENTS.values())
    steps = visitor.browser.execute_async_script(PLACE, visitor.module("placement.js"), cases)
    assert dict(zip(PLACEMENTS, steps, strict=True)) == {name: case[3] for name, case in PLACEMENTS.items()}
