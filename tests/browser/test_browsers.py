"""Browsers as they are: storage that is blocked or full, input methods, zoom, colours, clocks, slow lines."""

import pytest
import requests

ME, OTHER = "mine", "other"
BLOCKED = """
for (const name of ['sessionStorage', 'localStorage']) {
  Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
}
"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.fixture
def house_cat(visitor):
    """A visitor who talks with a house cat."""
    return talk(visitor)


def talk(visitor):
    visitor.choose_cat()
    visitor.meets()
    visitor.until(lambda: len(visitor.messages()) >= 2, "no greeting")
    return visitor


@pytest.mark.parametrize("script", [BLOCKED, FULL], ids=["blocked", "full"])
def test_without_storage_the_page_works_from_memory(person, script):
    """It says what is not remembered."""
    visitor, other = person("fr"), person("en").visit()
    visitor.inject(script)
    visitor.visit().choose_cat()
    other.choose_cat()
    other.reads("#chat-name", visitor.cat)
    visitor.write("Bonjour")
    other.sees((OTHER, "Bonjour"))
    visitor.sees((ME, "Bonjour"))
    assert visitor.text("#unremembered").startswith("Votre navigateur ne garde rien")
    assert visitor.find("#unremembered").get_attribute("hidden") is None
    assert other.find("#unremembered").get_attribute("hidden")


COMPOSE = """
const [key, options] = arguments;
const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...options });
document.activeElement.dispatchEvent(event);
"""


@pytest.mark.parametrize("options", [{"keyCode": 229}, {"isComposing": True}], ids=["Safari", "others"])
def test_keys_of_an_input_method_are_not_ours(house_cat, options):
    """The Enter that ends a conversion sends nothing, Escape closes nothing."""
    house_cat.find("#chat-words").send_keys("にほん")
    sent = house_cat.messages()
    for key in ("Enter", "Escape"):
        house_cat.run(COMPOSE, key, options)
    assert house_cat.messages() == sent
    assert house_cat.find("#chat-words").get_attribute("value") == "にほん"
    assert house_cat.find("#chat").is_displayed()
    house_cat.run(COMPOSE, "Enter", {})
    house_cat.until(lambda: (ME, "にほん") in house_cat.messages(), "Enter alone does not send")


def test_text_of_either_direction_stands_as_written(two):
    english, french = two
    texts = {"שלום, world!": "rtl", "Hello, שלום!": "ltr", "\u202eevil": "ltr", "مرحبا\nHello.": "rtl"}
    for text in texts:
        english.run("arguments[0].value = arguments[1]", english.find("#chat-words"), text)
        english.find("#chat-words").send_keys(" ")
        english.click("#chat-send")
    french.sees(*[(OTHER, text) for text in texts])
    for visitor in (english, french):
        assert visitor.run(DIRECTIONS) == list(texts.values())
    assert french.find("#chat-words").get_attribute("dir") == "auto"


DIRECTIONS = "return [...document.querySelectorAll('.bubble p')].map((p) => p.matches(':dir(rtl)') ? 'rtl' : 'ltr')"
SPACING = """
document.head.append(Object.assign(document.createElement('style'), { textContent: `
  * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-bottom: 2em !important; }` }));
"""
CLIPPED = """
const isOnTop = (element) => !document.querySelector('dialog[open]') || element.closest('dialog');
return [...document.querySelectorAll('h1, h2, p, b, button, .name, code, span')].filter((element) => {
  if (!element.offsetParent || !element.textContent.trim() || element.matches('.unseen, .unseen *')) return false;
  const style = getComputedStyle(element);
  if (!isOnTop(element) || style.clipPath !== 'none') return false;
  const isCut = ['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
  const box = element.getBoundingClientRect();
  return isCut || box.right > innerWidth + 1 || box.left < -1;
}).map((element) => element.outerHTML.slice(0, 200));
"""
USABLE = """
const field = document.getElementById('chat-words');
field.scrollIntoView({ block: 'center' });
const box = field.getBoundingClientRect();
const { height } = document.getElementById('chat-log').getBoundingClientRect();
return [box.top >= 0 && box.bottom <= innerHeight, height >= 60, document.documentElement.scrollWidth <= innerWidth];
"""


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.nightly), "fr"])
@pytest.mark.parametrize(("width", "height", "script"), [(320, 256, ""), (320, 700, SPACING), (1280, 800, SPACING)])
def test_reflow_and_text_spacing(person, language, width, height, script):
    """1280 by 1024 at 400 % is 320 by 256 (WCAG 1.4.10); spacing as WCAG 1.4.12 has it: nothing is cut off."""
    visitor = person(language)
    visitor.visit().run(script)
    visitor.size(width, height)
    assert visitor.run(CLIPPED) == []
    talk(visitor)
    assert visitor.run(CLIPPED) == []
    assert visitor.run(USABLE) == [True, True, True]


def test_forced_colours_keep_what_is_told_by_colour(person):
    """A stage that is lit differs from one that is not."""
    visitor = person().visit()
    features = [{"name": "forced-colors", "value": "active"}]
    visitor.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    visitor.run("document.getElementById('hops').lastElementChild.previousElementSibling.dataset.state = 'dim'")
    lit, dim = visitor.run("""
      return ['lit', 'dim'].map((state) =>
        getComputedStyle(document.querySelector(`#hops [data-state=${state}]`), '::before').backgroundColor);
    """)
    assert lit != dim


def test_the_back_forward_cache(house_cat):
    """Back on the page, the conversation goes on."""
    before = house_cat.messages()
    house_cat.browser.get(f"{house_cat.url}/livez")
    house_cat.browser.back()
    house_cat.meets()
    house_cat.until(lambda: house_cat.messages()[: len(before)] == before, "the conversation is lost")
    house_cat.write("still here")
    house_cat.until(lambda: (ME, "still here") in house_cat.messages(), "it cannot be written")
    house_cat.until("!document.querySelector('.pending')", "it was not delivered")


@pytest.mark.parametrize(("language", "word"), [("en", "Without it"), ("fr", "Sans lui")])
def test_without_javascript(page_url, language, word):
    page = requests.get(page_url, headers={"Accept-Language": language}, timeout=20).text
    noscript = page.split("<noscript>")[1].split("</noscript>")[0]
    assert word in noscript
    assert f"curl {page_url}/api/backend" in noscript
    assert "kubectl get pods" in noscript


CLOCK = """
const realNow = Date.now;
Date.now = () => realNow() + HOURS * 3600e3;
"""


@pytest.mark.parametrize("hours", [-1, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_clock_that_is_wrong_by_an_hour(person, hours):
    """Nothing is told as broken, a house cat thinks before it answers, and a message comes once."""
    visitor = person()
    visitor.inject(CLOCK.replace("HOURS", str(hours)))
    talk(visitor.visit())
    visitor.write("What time is it?")
    visitor.reads("#chat-typing-words", "is typing")
    visitor.until(lambda: len(visitor.messages()) == 4, "no answer")
    assert visitor.find("#notice").get_attribute("hidden")


def test_a_connection_that_only_trickles(person):
    """The page loads and talks, and blames nobody."""
    visitor = person()
    slow = {"offline": False, "latency": 700, "downloadThroughput": 12_000, "uploadThroughput": 6000}
    visitor.browser.execute_cdp_cmd("Network.enable", {})
    visitor.browser.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
    try:
        talk(visitor.visit())
        assert visitor.find("#notice").get_attribute("hidden")
    finally:
        fast = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        visitor.browser.execute_cdp_cmd("Network.emulateNetworkConditions", fast)


def test_a_tab_that_is_left_is_met_by_nobody(visitor, person):
    """The next one gets a house cat."""
    visitor.wait_alone()
    visitor.unmock("/chat")
    visitor.meets()
    visitor.browser.get(f"{visitor.url}/livez")
    other = person("fr").visit()
    other.choose_cat()
    other.meets()
    other.reads("#chat-status", "chat de la maison")


def test_a_reload_tells_the_other_nothing(two):
    english, french = two
    english.write("wait")
    french.sees((OTHER, "wait"))
    english.browser.refresh()
    english.meets()
    english.sees((ME, "wait"))
    assert french.find("#chat").get_attribute("data-phase") == "chat"
    french.write("ici")
    english.sees((ME, "wait"), (OTHER, "ici"))
    assert french.messages() == [(OTHER, "wait"), (ME, "ici")]


@pytest.mark.parametrize(("language", "text"), [("en", "Redis, is full"), ("fr", "Redis, est pleine")])
def test_redis_is_full(person, language, text):
    visitor = person(language)
    visitor.mock("/api/backend", {"merge": {"hop": "redis_full", "stage": "redis"}}, inject=True)
    visitor.visit().reads("#notice p", text)
