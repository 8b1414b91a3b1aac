"""A conversation: two people, a house cat, reloads, lost answers, a backend that dies, other tabs."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Person, Program

ME, OTHER = "mine", "other"
TOKEN = "return JSON.parse(sessionStorage.visitor).token"


def test_two_people_talk(two: tuple[Person, Person]) -> None:
    """Each sees the other's cat, both see the same conversation in the same order, and that the other types."""
    here, there = two
    here.one("#chat-words").send_keys("Hello")
    there.reads("#chat-typing-words", f"{here.cat} écrit")
    here.keys(Keys.ENTER)
    there.sees((OTHER, "Hello"))
    there.one("#chat-words").send_keys("Bonjour !", Keys.SHIFT, Keys.ENTER)
    there.one("#chat-words").send_keys("Ça va ?")
    here.reads("#chat-typing-words", f"{there.cat} is typing")
    there.keys(Keys.ENTER)
    here.sees((ME, "Hello"), (OTHER, "Bonjour !\nÇa va ?"))
    there.sees((OTHER, "Hello"), (ME, "Bonjour !\nÇa va ?"))
    assert not here.complaints() + there.complaints()


def test_next_and_leaving_are_told(two: tuple[Person, Person]) -> None:
    """The one left behind reads why, keeps the conversation before the eyes, and the focus is at «Next cat»."""
    here, there = two
    here.write("Bye")
    there.sees((OTHER, "Bye"))
    there.one("#chat-words").click()
    here.one("#chat-next").click()
    there.reads("#chat-status", f"{here.cat} est passé à une autre fenêtre")
    there.sees((OTHER, "Bye"))
    assert there.focused() == "chat-next"
    here.reads("#chat-status", "house cat")
    there.one("#chat-next").click()
    there.reads("#chat-name", here.cat)
    here.reads("#chat-status", "You are talking with a visitor.")
    here.one("#chat-close").click()
    there.reads("#chat-status", f"{here.cat} est parti")


def test_a_reload_keeps_the_conversation(two: tuple[Person, Person]) -> None:
    """It opens again by itself with all that was said; nothing of it is spoken again by a screen reader."""
    here, there = two
    said = [(ME, "one"), (OTHER, "two"), (ME, "three")]
    for who, words in said:
        (here if who == ME else there).write(words)
        here.sees((who, words))
    here.browser.refresh()
    here.meets()
    here.sees(*said)
    assert here.text("#chat-name") == there.cat
    assert here.text("#chat-heard") == ""
    there.write("four")
    here.sees(*said, (OTHER, "four"))
    here.reads("#chat-heard", "four")


def test_a_lost_answer_doubles_nothing(two: tuple[Person, Person]) -> None:
    """The message had arrived, its answer did not: it is sent again, and shown once."""
    here, there = two
    here.browser.execute_script(LOSES_ANSWERS)
    here.write("once")
    here.write("then this")
    there.sees((OTHER, "once"), (OTHER, "then this"))
    here.sees((ME, "once"), (ME, "then this"))
    assert here.browser.execute_script("return window.lost") == 2
    assert [line for line in there.lines() if line == (OTHER, "once")] == [(OTHER, "once")]


LOSES_ANSWERS = """
const real = window.fetch;
window.lost = 0;
window.fetch = async (...all) => {
  const answer = await real(...all);
  if (String(all[0]).endsWith('/messages') && window.lost < 2) { window.lost++; throw new TypeError('lost'); }
  return answer;
};
"""


def test_offline_for_a_while(two: tuple[Person, Person]) -> None:
    """What one writes meanwhile is shown as on its way, and arrives; so does what the other wrote."""
    here, there = two
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    here.browser.execute_cdp_cmd("Network.enable", {})
    here.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    here.write("from the dark")
    here.until("document.querySelector('.line.pending')", "it is not shown as on its way")
    here.reads("#chat-state p", "Your browser is offline.")
    there.write("are you there?")
    there.sees((ME, "are you there?"))
    here.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    there.sees((ME, "are you there?"), (OTHER, "from the dark"))
    here.sees((OTHER, "are you there?"), (ME, "from the dark"))


def test_what_comes_too_late_is_not_delivered(two: tuple[Person, Person]) -> None:
    here, there = two
    here.browser.execute_script(HOLDS_MESSAGES)
    here.write("too late")
    there.one("#chat-close").click()
    here.reads("#chat-status", "has left")
    here.browser.execute_script("window.go()")
    here.until("document.querySelector('.line.failed')", "nothing says that it was not delivered")
    assert here.text(".line.failed small") == "not delivered"
    assert [button.text for button in here.all(".retry button")] == ["Remove"], "nobody is there to send it to"
    here.click(".retry button")
    here.until("!document.querySelector('.line')", "it was not taken away")


HOLDS_MESSAGES = """
const real = window.fetch;
const held = new Promise((go) => (window.go = go));
window.fetch = (...all) => (String(all[0]).endsWith('/messages') ? held.then(() => real(...all)) : real(...all));
"""


def test_a_stranger_does_not_refuse_for_us(two: tuple[Person, Person]) -> None:
    """Somebody else answers 404 at our address: what was written and wished for waits until we are back."""
    here, there = two
    here.browser.execute_script(ANSWERS, "/messages", 404, "text/html")
    here.write("patience")
    here.until("window.answered > 1", "it was not tried again")
    assert here.all(".line.pending")
    here.browser.execute_script("window.answers = false")
    there.sees((OTHER, "patience"))
    here.browser.execute_script(ANSWERS, "/chat", 404, "text/html")
    here.one("#chat-next").click()
    here.until("window.answered > 1", "the wish was not repeated")
    here.browser.execute_script("window.answers = false")
    here.meets()


def test_what_was_refused_stands_in_its_place(two: tuple[Person, Person]) -> None:
    """Behind what it followed, with why nobody has it; sent again it is the newest line."""
    here, there = two
    here.write("one")
    here.sees((ME, "one"))
    here.browser.execute_script(ANSWERS, "/messages", 400, "application/problem+json")
    here.write("two")
    here.until("document.querySelector('.line.failed')", "it was not refused")
    here.browser.execute_script("window.answers = false")
    there.write("three")
    here.sees((ME, "one"), (ME, "two"), (OTHER, "three"))
    here.click(".retry button")
    here.sees((ME, "one"), (OTHER, "three"), (ME, "two"))
    there.sees((OTHER, "one"), (ME, "three"), (OTHER, "two"))


def test_a_refused_wish_does_not_wait_for_ever(visitor: Person) -> None:
    """The café says no for good: the window says why, and one can ask again."""
    visitor.browser.execute_script(ANSWERS, "/chat", 400, "application/problem+json")
    visitor.knock()
    visitor.reads("#chat-state p", "The café refused to look for another cat: no such thing")
    assert visitor.text("#chat-status") == "Nobody will come to this window."
    visitor.browser.execute_script("window.answers = false")
    visitor.click("#chat-state button")
    visitor.meets()


ANSWERS = """
const real = window.real ??= window.fetch;
const [end, status, type] = arguments;
Object.assign(window, { answers: true, answered: 0 });
window.fetch = async (...all) => {
  if (!window.answers || !String(all[0]).endsWith(end)) return real(...all);
  window.answered++;
  return new Response('{"type":"about:blank","detail":"no such thing"}', { status, headers: { 'Content-Type': type } });
};
"""


def test_a_house_cat_keeps_one_company(visitor: Person) -> None:
    """Alone, a house cat greets, knows a fact, thinks before it answers, and never blocks the field."""
    visitor.knock()
    visitor.meets("waiting")
    assert visitor.text("#chat-status") == "Waiting for somebody."
    visitor.meets()
    visitor.reads("#chat-status", "house cat")
    assert [who for who, _ in visitor.lines()] == [OTHER, OTHER]
    visitor.write("What do you know?")
    visitor.reads("#chat-typing-words", "is typing")
    visitor.until(lambda: len(visitor.lines()) == 4, "the house cat does not answer")
    assert [who for who, _ in visitor.lines()] == [OTHER, OTHER, ME, OTHER]


def test_a_house_cat_steps_aside(visitor: Person, person: Callable[..., Person]) -> None:
    visitor.knock()
    visitor.reads("#chat-status", "house cat")
    other = person("fr").visit()
    other.until("document.querySelector('.window.waits')", "no lamp is lit for the one who can be met")
    other.knock(0)
    visitor.reads("#chat-status", "You are talking with a visitor.")
    assert visitor.text("#chat-name") == other.cat
    assert visitor.lines() == []


def test_keyboard_and_screen_reader_only(visitor: Person, person: Callable[..., Person]) -> None:
    """A whole conversation without a pointer; what the other says is in a live region, what one says oneself is not."""
    other = person("fr").visit()
    for _ in range(12):
        visitor.keys(Keys.TAB)
        if visitor.focused().startswith("Meet"):
            break
    knocked = visitor.focused()
    visitor.keys(Keys.ENTER)
    visitor.meets("waiting")
    other.knock()
    visitor.reads("#chat-status", "You are talking with a visitor.")
    visitor.until(lambda: visitor.focused() == "chat-words", "the field did not get the focus")
    visitor.keys("Hello", Keys.ENTER)
    other.sees((OTHER, "Hello"))
    other.write("Bonjour")
    visitor.reads("#chat-heard", f"{other.cat}: Bonjour")
    assert "Hello" not in visitor.text("#chat-heard")
    for _ in range(5):
        visitor.keys(Keys.TAB)
        if visitor.focused() == "chat-next":
            break
    visitor.keys(Keys.ENTER)
    visitor.reads("#chat-status", "house cat")
    visitor.keys(Keys.ESCAPE)
    visitor.until("!document.getElementById('chat').open", "Escape did not close")
    assert visitor.focused() == knocked


def test_a_message_has_its_measure(two: tuple[Person, Person]) -> None:
    """Near the end the rest is counted; beyond it nothing is sent; what looks empty is not sent either."""
    here, _ = two
    box = here.one("#chat-words")
    here.browser.execute_script("arguments[0].value = '😺'.repeat(499)", box)
    box.send_keys("a")
    assert here.text("#chat-left") == "0 characters left"
    box.send_keys("b", Keys.ENTER)
    assert here.text("#chat-left") == "1 character too many"
    assert box.get_attribute("aria-invalid") == "true"
    assert here.lines() == []
    box.send_keys(Keys.BACKSPACE, Keys.ENTER)
    here.sees((ME, "😺" * 499 + "a"))
    box.send_keys("   ", Keys.ENTER)
    assert len(here.lines()) == 1


def test_another_tab_takes_the_cat(visitor: Person) -> None:
    """A duplicated tab is the same visitor: the first one says so, and brings the cat back when asked to."""
    name = visitor.cat
    first = visitor.browser.current_window_handle
    visitor.browser.execute_script("window.open('/')")
    second = next(handle for handle in visitor.browser.window_handles if handle != first)
    visitor.browser.switch_to.window(second)
    visitor.reads("#mat-name", name)
    visitor.browser.switch_to.window(first)
    visitor.reads("#notice p", "Your cat sits in another tab now.")
    visitor.knock()
    visitor.until("document.getElementById('chat').open", "the window did not open")
    assert not visitor.one("#chat-next").is_enabled(), "the cat is in the other tab"
    assert not visitor.one("#chat-words").is_enabled()
    visitor.one("#chat-close").click()
    where = f"{visitor.url}/api/visitors/{visitor.browser.execute_script(TOKEN)}"
    assert requests.get(where, timeout=5).json()["state"] == "idle", "a closed window does not act for the other tab"
    visitor.one("#notice button").click()
    visitor.until("document.getElementById('notice').hidden", "the cat did not come back")
    visitor.browser.switch_to.window(second)
    visitor.reads("#notice p", "Your cat sits in another tab now.")


def test_a_forgotten_visitor_begins_anew(visitor: Person) -> None:
    """The café knows the visitor no more: a new visit begins by itself, and one sentence says so."""
    visitor.knock()
    visitor.meets()
    old = visitor.browser.execute_script(TOKEN)
    requests.delete(f"{visitor.url}/api/visitors/{old}", timeout=5).raise_for_status()
    visitor.reads("#chat-state p", "a new visit has begun")
    visitor.until(lambda: visitor.browser.execute_script(TOKEN) != old, "no new visit")
    visitor.one("#chat-next").click()
    visitor.meets()


def test_backend_killed_while_one_talks(two: tuple[Person, Person], own_backend: Program) -> None:
    """In memory, a restart forgets everybody: both are told which hop broke, begin anew, and find each other again."""
    here, there = two
    own_backend.kill()
    here.reads("#chat-state p", "Connection refused")
    own_backend.start()
    here.reads("#chat-state p", "a new visit has begun")
    there.reads("#chat-state p", "une nouvelle visite commence")
    here.one("#chat-next").click()
    here.meets()
    there.one("#chat-next").click()
    there.reads("#chat-name", here.cat)


def test_house_full(person: Callable[..., Person], cafe: Callable[..., str]) -> None:
    """One place only: the second visitor reads so, and comes in when the first has gone."""
    url = cafe(MAX_VISITORS="1")
    first = person("en", url).visit()
    second = person("en", url)
    second.browser.get(url)
    second.reads("#notice p", "The house is full")
    requests.delete(f"{url}/api/visitors/{first.browser.execute_script(TOKEN)}", timeout=5)
    first.browser.get("about:blank")
    second.one("#notice button").click()
    second.until("document.querySelector('.mat.here')", "it was not let in")


@pytest.mark.parametrize(
    ("slow", "then", "state"),
    [
        pytest.param("DELETE", ["#chat-close", ".window.lit"], "house", id="close, knock: one is heard"),
        pytest.param("POST", ["#chat-next", "#chat-close"], "idle", id="next, close: nobody meets a closed window"),
    ],
)
def test_a_slow_wish_is_not_overtaken(visitor: Person, slow: str, then: list[str], state: str) -> None:
    """What was asked for last is what the café does last, however long the request before takes."""
    visitor.knock()
    visitor.meets()
    visitor.browser.execute_script(HOLDS_WISHES, slow)
    for css in then:
        visitor.click(css)
    visitor.until("window.wishes.length", "nothing was asked")
    visitor.browser.execute_script("window.go()")
    visitor.until("window.wishes.length === 2 && window.heeded === 2", "the second was not heard")
    where = f"{visitor.url}/api/visitors/{visitor.browser.execute_script(TOKEN)}"
    visitor.until(lambda: requests.get(where, timeout=5).json()["state"] == state, f"the visitor is not {state}")
    assert visitor.one("#chat").is_displayed() is (state != "idle")


HOLDS_WISHES = """
const real = window.fetch;
const slow = arguments[0];
const held = new Promise((go) => (window.go = go));
Object.assign(window, { wishes: [], heeded: 0 });
window.fetch = async (...all) => {
  if (!String(all[0]).endsWith('/chat')) return real(...all);
  window.wishes.push(all[1].method);
  if (all[1].method === slow) await held;
  const answer = await real(...all);
  window.heeded++;
  return answer;
};
"""


def test_try_now_tries_now(person: Callable[..., Person]) -> None:
    """Under «The house is full» the button does not wait for the minute that the server asked for."""
    visitor = person()
    visitor.before(FULL)
    visitor.browser.get(visitor.url)
    visitor.reads("#notice p", "The house is full")
    visitor.browser.execute_script("window.full = false")
    visitor.one("#notice button").click()
    visitor.until("document.querySelector('.mat.here')", "it waited")


FULL = """
const real = window.fetch;
window.full = true;
window.fetch = async (...all) => (all[0] === '/api/visitors' && window.full
  ? new Response('{}', { status: 429, headers: { 'Retry-After': '60' } }) : real(...all));
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start Redis on a port of its own, again and again."""
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> subprocess.Popen[bytes]:
        command = [
            str(shutil.which("redis-server")),
            "--port",
            str(port),
            "--dir",
            str(tmp_path),
            "--appendonly",
            "yes",
        ]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_redis_away_and_back(
    person: Callable[..., Person], cafe: Callable[..., str], redis: Callable[[int], subprocess.Popen[bytes]], free: int
) -> None:
    """The page says that the memory is away; the conversation goes on where it was, what was written meanwhile too."""
    process = redis(free)
    url = cafe(REDIS_URL=f"redis://127.0.0.1:{free}/0", ALONE_SECONDS="1")
    visitor = person("en", url).visit()
    visitor.knock()
    visitor.meets()
    before = visitor.lines()
    process.kill()
    process.wait()
    visitor.reads("#chat-state p", "Redis")
    visitor.write("still there?")
    redis(free)
    visitor.until(lambda: len(visitor.lines()) == len(before) + 2, "what was written meanwhile is not answered")
    assert visitor.lines()[:-1] == [*before, (ME, "still there?")]
