"""A conversation: two people, a house cat, reloads, lost answers, a backend that dies, other tabs."""

import shutil
import subprocess

import pytest
import requests
from selenium.webdriver.common.keys import Keys

from ..service_process import unused_port  # noqa: TID252 - tests are no package

ME, OTHER = "mine", "other"
REFUSAL = {"type": "about:blank", "detail": "no such thing"}
OURS = {"status": 400, "body": REFUSAL, "headers": {"Content-Type": "application/problem+json"}}
ANOTHER_SERVERS = {"status": 404, "body": REFUSAL, "headers": {"Content-Type": "text/html"}}


def token_of(visitor):
    return visitor.run("return JSON.parse(sessionStorage.visitor ?? '{}').token")


def api_state(visitor):
    return requests.get(f"{visitor.url}/api/visitors/{token_of(visitor)}", timeout=20).json()["state"]


def test_two_people_talk(two):
    """Each sees the other's cat, both see the same conversation in the same order, and that the other types.

    After a reload it opens again with all that was said; nothing of it is spoken again by a screen reader.
    """
    english, french = two
    english.find("#chat-words").send_keys("Hello")
    french.reads("#chat-typing-words", f"{english.cat} écrit")
    english.press(Keys.ENTER)
    french.sees((OTHER, "Hello"))
    french.find("#chat-words").send_keys("Bonjour !", Keys.SHIFT, Keys.ENTER)
    french.find("#chat-words").send_keys("Ça va ?")
    english.reads("#chat-typing-words", f"{french.cat} is typing")
    french.press(Keys.ENTER)
    english.sees((ME, "Hello"), (OTHER, "Bonjour !\nÇa va ?"))
    french.sees((OTHER, "Hello"), (ME, "Bonjour !\nÇa va ?"))
    assert not english.console_errors() + french.console_errors()
    english.browser.refresh()
    english.meets()
    english.sees((ME, "Hello"), (OTHER, "Bonjour !\nÇa va ?"))
    assert (english.text("#chat-name"), english.text("#chat-heard")) == (french.cat, "")
    french.write("four")
    english.sees((ME, "Hello"), (OTHER, "Bonjour !\nÇa va ?"), (OTHER, "four"))
    english.reads("#chat-heard", "four")
    assert_maximum_length(english)


def assert_maximum_length(visitor):
    """Near it the rest is counted; beyond it nothing is sent; what looks empty is not sent either."""
    box, sent = visitor.find("#chat-words"), visitor.messages()
    visitor.run("arguments[0].value = '😺'.repeat(499)", box)
    box.send_keys("a")
    assert visitor.text("#chat-left") == "0 characters left"
    box.send_keys("b", Keys.ENTER)
    assert visitor.text("#chat-left") == "1 character too many"
    assert box.get_attribute("aria-invalid") == "true"
    assert visitor.messages() == sent
    box.send_keys(Keys.BACKSPACE, Keys.ENTER)
    visitor.sees(*sent, (ME, "😺" * 499 + "a"))
    box.send_keys("   ", Keys.ENTER)
    assert len(visitor.messages()) == len(sent) + 1


def test_who_leaves_is_named(two):
    """The one left behind reads why, keeps the conversation in view, and the focus is at «Next cat»."""
    english, french = two
    english.write("Bye")
    french.sees((OTHER, "Bye"))
    french.find("#chat-words").click()
    english.find("#chat-next").click()
    french.reads("#chat-status", f"{english.cat} est passé à une autre fenêtre")
    french.sees((OTHER, "Bye"))
    assert french.focused() == "chat-next"
    english.reads("#chat-status", "house cat")
    french.find("#chat-next").click()
    french.reads("#chat-name", english.cat)
    english.reads("#chat-status", "You are talking with a visitor.")
    english.find("#chat-close").click()
    french.reads("#chat-status", f"{english.cat} est parti")


def test_a_bad_connection_loses_and_doubles_nothing(two):
    """An answer that is lost: the message is sent again, and shown once. Offline, it is shown as being sent."""
    english, french = two
    english.mock("/messages", {"lose": True}, {"lose": True}, {})
    english.write("once")
    english.write("then this")
    french.sees((OTHER, "once"), (OTHER, "then this"))
    english.sees((ME, "once"), (ME, "then this"))
    assert (len(french.messages()), len(english.messages())) == (2, 2)
    assert len(english.calls("/messages")) >= 2, "both answers were lost"
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    english.browser.execute_cdp_cmd("Network.enable", {})
    english.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    english.write("from the dark")
    english.until("document.querySelector('.line.pending')", "it is not shown as being sent")
    english.reads("#chat-state p", "Your browser is offline.")
    french.write("are you there?")
    french.sees((ME, "are you there?"))
    english.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    french.sees((ME, "are you there?"), (OTHER, "from the dark"))
    english.sees((OTHER, "are you there?"), (ME, "from the dark"))


def test_another_server_does_not_refuse_for_us(two):
    """While somebody else answers 404 at our address, messages and requests wait until we are back."""
    english, french = two
    english.mock("/messages", ANOTHER_SERVERS)
    english.write("patience")
    english.until("window.mocks['/messages'].calls.length > 1", "it was not tried again")
    assert english.find_all(".line.pending")
    english.unmock("/messages")
    french.sees((OTHER, "patience"))
    english.mock("/chat", ANOTHER_SERVERS)
    english.find("#chat-next").click()
    english.until("window.mocks['/chat'].calls.length > 1", "the request was not repeated")
    english.unmock("/chat")
    english.meets()


def test_a_message_that_fails(two):
    """It stays behind what it followed; sent again it is the newest; when the other has left it can be removed."""
    english, french = two
    english.write("one")
    english.sees((ME, "one"))
    english.mock("/messages", OURS)
    english.write("two")
    english.until("document.querySelector('.line.failed')", "it was not refused")
    english.unmock("/messages")
    french.write("three")
    english.sees((ME, "one"), (ME, "two"), (OTHER, "three"))
    english.click(".retry button")
    english.sees((ME, "one"), (OTHER, "three"), (ME, "two"))
    french.sees((OTHER, "one"), (ME, "three"), (OTHER, "two"))
    english.mock("/messages", {"hold": True})
    english.write("too late")
    french.find("#chat-close").click()
    english.reads("#chat-status", "has left")
    english.unmock("/messages")
    english.until("document.querySelector('.line.failed')", "nothing says that it was not delivered")
    assert english.text(".line.failed small") == "not delivered"
    assert [button.text for button in english.find_all(".retry button")] == ["Remove"], "nobody is there to send it to"
    english.click(".retry button")
    english.until("!document.querySelector('.line.failed')", "it was not removed")


def test_a_house_cat_keeps_one_company_and_steps_aside(visitor, person):
    """Alone, a house cat greets, knows a fact, and thinks before it answers; it leaves when a visitor comes."""
    visitor.wait_alone()
    assert visitor.text("#chat-status") == "Waiting for somebody."
    visitor.unmock("/chat")
    visitor.reads("#chat-status", "house cat")
    assert [sender for sender, _ in visitor.messages()] == [OTHER, OTHER]
    visitor.write("What do you know?")
    visitor.reads("#chat-typing-words", "is typing")
    visitor.until(lambda: len(visitor.messages()) == 4, "the house cat does not answer")
    assert [sender for sender, _ in visitor.messages()] == [OTHER, OTHER, ME, OTHER]
    other = person("fr").visit()
    other.poll_status()
    other.until("document.querySelector('.window.waits')", "no lamp is lit for the one who can be met")
    other.choose_cat(0)
    visitor.reads("#chat-status", "You are talking with a visitor.")
    assert (visitor.text("#chat-name"), visitor.messages()) == (other.cat, [])


def test_keyboard_and_screen_reader_only(visitor, person):
    """A whole conversation without a pointer; what the other says is in a live region, what one says oneself is not."""
    other = person("fr").visit()
    for _ in range(12):
        visitor.press(Keys.TAB)
        if visitor.focused().startswith("Meet"):
            break
    chosen = visitor.focused()
    visitor.press(Keys.ENTER)
    other.choose_cat()
    visitor.reads("#chat-status", "You are talking with a visitor.")
    visitor.until(lambda: visitor.focused() == "chat-words", "the field did not get the focus")
    visitor.press("Marmalade", Keys.ENTER)
    other.sees((OTHER, "Marmalade"))
    other.write("Bonjour")
    visitor.reads("#chat-heard", f"{other.cat}: Bonjour")
    assert "Marmalade" not in visitor.text("#chat-heard")
    for _ in range(5):
        visitor.press(Keys.TAB)
        if visitor.focused() == "chat-next":
            break
    visitor.press(Keys.ENTER)
    visitor.reads("#chat-status", "house cat")
    visitor.press(Keys.ESCAPE)
    visitor.until("!document.getElementById('chat').open", "Escape did not close")
    assert visitor.focused() == chosen


def test_a_refused_request_can_be_made_again(visitor):
    """The backend says no for good: the dialog says why."""
    visitor.mock("/chat", OURS)
    visitor.choose_cat()
    visitor.reads("#chat-state p", "The café refused to look for another cat: no such thing")
    assert visitor.text("#chat-status") == "Nobody will come to this window."
    visitor.unmock("/chat")
    visitor.click("#chat-state button")
    visitor.meets()


def test_another_tab_takes_the_cat(visitor):
    """A duplicated tab is the same visitor: the first one says so, and brings the cat back when asked to."""
    name, first = visitor.cat, visitor.browser.current_window_handle
    visitor.run("window.open('/')")
    second = next(handle for handle in visitor.browser.window_handles if handle != first)
    visitor.browser.switch_to.window(second)
    visitor.reads("#mat-name", name)
    visitor.browser.switch_to.window(first)
    visitor.reads("#notice p", "Your cat sits in another tab now.")
    visitor.choose_cat()
    visitor.until("document.getElementById('chat').open", "the dialog did not open")
    assert not visitor.find("#chat-next").is_enabled(), "the cat is in the other tab"
    assert not visitor.find("#chat-words").is_enabled()
    visitor.find("#chat-close").click()
    assert api_state(visitor) == "idle", "a closed dialog does not act for the other tab"
    visitor.find("#notice button").click()
    visitor.until("document.getElementById('notice').hidden", "the cat did not come back")
    visitor.browser.switch_to.window(second)
    visitor.reads("#notice p", "Your cat sits in another tab now.")


def test_a_forgotten_visitor_begins_anew(visitor):
    """The backend knows the visitor no more: a new visit begins by itself, and one sentence says so."""
    visitor.choose_cat()
    visitor.meets()
    old = token_of(visitor)
    requests.delete(f"{visitor.url}/api/visitors/{old}", timeout=20).raise_for_status()
    visitor.reads("#chat-state p", "a new visit has begun")
    visitor.until(lambda: token_of(visitor) != old, "no new visit")
    visitor.find("#chat-next").click()
    visitor.meets()


def test_backend_killed_while_one_talks(two, own_backend):
    """In memory, a restart forgets everybody: both are told what broke, begin anew, and find each other again."""
    english, french = two
    own_backend.kill()
    english.reads("#chat-state p", "Connection refused")
    own_backend.start()
    english.reads("#chat-state p", "a new visit has begun")
    french.reads("#chat-state p", "une nouvelle visite commence")
    english.find("#chat-next").click()
    english.meets()
    french.find("#chat-next").click()
    french.reads("#chat-name", english.cat)


def test_a_full_backend(person):
    """One reads so; and «Try now» does not wait for the minute that the server asked for."""
    visitor = person()
    visitor.mock("/api/visitors", {"status": 429, "headers": {"Retry-After": "60"}}, inject=True)
    visitor.browser.get(visitor.url)
    visitor.reads("#notice p", "The house is full")
    visitor.unmock("/api/visitors")
    visitor.find("#notice button").click()
    visitor.until("document.querySelector('.mat.here')", "it waited")


@pytest.mark.parametrize(
    ("held", "clicks", "state"),
    [
        pytest.param("DELETE", ["#chat-close", ".window.lit"], "house", id="close, then choose a cat"),
        pytest.param("POST", ["#chat-next", "#chat-close"], "idle", id="next, then close"),
    ],
)
def test_a_slow_request_is_not_overtaken(visitor, held, clicks, state):
    """The last request is what the backend does last, however long the one before takes."""
    visitor.choose_cat()
    visitor.meets()
    visitor.mock("/chat", {"hold": held})
    for css in clicks:
        visitor.click(css)
    visitor.until("window.mocks['/chat'].calls.length", "nothing was requested")
    visitor.run("window.mocks['/chat'].release()")
    visitor.until("window.mocks['/chat'].answered === 2", "the second was not sent")
    visitor.until(lambda: api_state(visitor) == state, f"the visitor is not {state}")
    assert visitor.find("#chat").is_displayed() is (state != "idle")


@pytest.fixture
def redis(tmp_path):
    """Returns a function that starts Redis, again and again, and its one port; its data stays."""
    processes, port = [], unused_port()
    options = {"port": port, "dir": tmp_path, "appendonly": "yes"}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]

    def start():
        processes.append(subprocess.Popen([shutil.which("redis-server"), *arguments], stdout=subprocess.DEVNULL))
        return processes[-1]

    yield start, port
    for process in processes:
        process.kill()
        process.wait()


def test_redis_away_and_back(person, run_services, redis):
    """The page says that the memory is away; the conversation goes on where it was, what was written meanwhile too."""
    start_redis, port = redis
    process = start_redis()
    url = run_services(REDIS_URL=f"redis://127.0.0.1:{port}/0", ALONE_SECONDS="1")
    visitor = person("en", url).visit()
    visitor.choose_cat()
    visitor.meets()
    before = visitor.messages()
    process.kill()
    process.wait()
    visitor.reads("#chat-state p", "Redis")
    visitor.write("still there?")
    start_redis()
    visitor.until(lambda: len(visitor.messages()) == len(before) + 2, "what was written meanwhile is not answered")
    assert visitor.messages()[:-1] == [*before, (ME, "still there?")]
