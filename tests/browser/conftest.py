"""Real Chromiums, and the two services that they visit.

Both services are started here on free ports, unless `PAGE_URL` names a page that already runs (a cluster's); the tests
that stop the backend then do not apply.
"""

import json
import os
import shutil
from collections import defaultdict
from contextlib import suppress
from itertools import chain

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from ..service_process import ServiceProcess  # noqa: TID252 - tests are no package

MISSING = "Chromium is missing: apt-get install --no-install-recommends chromium chromium-driver"
WAIT_SECONDS = 30
SERVICE = {"VERSION": "1.2.3", "FAULTS": "on", "DRAIN_SECONDS": "0"}
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--window-size=1280,900"]
LEAVE = """
const visitor = sessionStorage.getItem('visitor');
if (visitor) fetch(`/api/visitors/${JSON.parse(visitor).token}`, { method: 'DELETE', keepalive: true });
sessionStorage.clear();
localStorage.clear();
"""
MESSAGES = """
return [...document.querySelectorAll('#chat-log .line')].map(line => [
  line.classList.contains('mine') ? 'mine' : 'other', line.querySelector('.bubble p').lastChild.data])
"""

MOCK_FETCH = """
if (!window.mocks) {
  const realFetch = window.fetch;
  window.mocks = {};
  window.fetch = async (...request) => {
    const url = String(request[0]).split('?')[0];
    const mock = Object.entries(window.mocks).find(([suffix]) => url.endsWith(suffix))?.[1];
    if (!mock) return realFetch(...request);
    mock.calls.push(request[1]?.method ?? 'GET');
    const reply = mock.replies.length > 1 ? mock.replies.shift() : mock.replies[0];
    if (reply.hold === true || reply.hold === mock.calls.at(-1)) await mock.released;
    if (reply.status) return new Response(JSON.stringify(reply.body ?? {}), reply);
    const response = await realFetch(...request);
    mock.answered++;
    if (reply.lose) throw new TypeError('lost');
    return reply.merge ? new Response(JSON.stringify({ ...await response.json(), ...reply.merge })) : response;
  };
}
const mock = window.mocks[SUFFIX] = { replies: REPLIES, calls: [], answered: 0 };
mock.released = new Promise((resolve) => (mock.release = resolve));
"""


class Person:
    """Somebody in front of a browser, who sees, clicks and types."""

    def __init__(self, browser, url):
        self.browser, self.url, self.scripts = browser, url, []

    def visit(self):
        """Open the page, and wait until there is a cat, a visitor, and an event stream."""
        self.browser.get(self.url)
        self.until("document.querySelector('.window.lit svg.cat')", "no cat came to a window")
        self.until("document.querySelector('.mat.here')", "the visit did not begin")
        return self

    def inject(self, script):
        """Run a script in every page that opens until `leave`, before the page's own."""
        source = {"source": script}
        self.scripts.append(self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)["identifier"])

    def mock(self, suffix, *replies, inject=False):
        """Have requests to URLs that end so answered with one reply after the other, the last one again and again.

        A reply has `status`, `headers` and `body`; or it is the server's own, which `hold` delays (for one method only
        if it names it) until `release`, `lose` drops, `merge` changes.
        """
        script = MOCK_FETCH.replace("SUFFIX", json.dumps(suffix)).replace("REPLIES", json.dumps(replies))
        (self.inject if inject else self.run)(script)

    def calls(self, suffix):
        """Return the methods of the requests that a mock has received."""
        return self.run("return window.mocks[arguments[0]].calls", suffix)

    def unmock(self, suffix):
        self.run("window.mocks[arguments[0]].release(); delete window.mocks[arguments[0]]", suffix)

    def poll_status(self):
        """Have the page poll the status now, as when its tab comes to the front."""
        self.run("document.dispatchEvent(new Event('visibilitychange'))")

    def module(self, name):
        """Return the URL of one of the page's scripts."""
        digest = requests.get(self.url, timeout=20).text.split("/static/")[1].split("/")[0]
        return f"/static/{digest}/{name}"

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def until(self, condition, failure):
        """Wait for a condition: JavaScript, or a function."""
        wait = WebDriverWait(self.browser, WAIT_SECONDS, 0.05, ignored_exceptions=[StaleElementReferenceException])
        wait.until(lambda _: self.run(f"return {condition}") if isinstance(condition, str) else condition(), failure)

    def find(self, css):
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def find_all(self, css):
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def click(self, css):
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def text(self, css):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", css).strip()

    def reads(self, css, text):
        """Wait until this text is in the element."""
        self.until(lambda: text in self.text(css), f"{text!r} is not in {css}: {self.text(css)!r}")

    @property
    def cat(self):
        """The name of one's own cat."""
        return self.text("#mat-name")

    def choose_cat(self, index=3):
        self.until(lambda: len(self.find_all(".window.lit")) > index, "too few cats came to the windows")
        self.find_all(".window.lit")[index].click()

    def wait_alone(self):
        """Choose a cat, and keep waiting until `unmock("/chat")`."""
        self.mock("/chat", {"hold": True})
        self.choose_cat()
        self.meets("waiting")

    def meets(self, phase="chat"):
        """Wait until the dialog shows this phase; its code is loaded when a cat is first chosen."""
        self.until(f"document.querySelector('#chat[open][data-phase={phase}]')", f"the dialog is not in phase {phase}")

    def write(self, text):
        self.find("#chat-words").send_keys(text, Keys.ENTER)

    def messages(self):
        """Return the conversation as (mine or other, text)."""
        return [tuple(message) for message in self.run(MESSAGES)]

    def sees(self, *messages):
        """Wait until the conversation ends with these messages, all of them delivered."""
        expected = list(messages)
        self.until(lambda: self.messages()[-len(expected) :] == expected, f"not {expected}: {self.messages()}")
        self.until("!document.querySelector('.pending')", "something is still being sent")

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    def focused(self):
        return str(self.run("return document.activeElement.id || document.activeElement.ariaLabel"))

    def console_errors(self):
        return [row["message"] for row in self.browser.get_log("browser") if row["level"] in {"SEVERE", "WARNING"}]

    def leave(self):
        """End the visit, and make the browser as if it were new."""
        for script in self.scripts:
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})
        for handle in reversed(self.browser.window_handles):
            self.browser.switch_to.window(handle)
            with suppress(WebDriverException):
                self.run(LEAVE)
            if handle != self.browser.window_handles[0]:
                self.browser.close()
        self.browser.delete_all_cookies()
        self.browser.get("about:blank")
        for kind in ("browser", "performance"):
            self.browser.get_log(kind)

    def size(self, width, height=844, scheme="light", motion="no-preference"):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        media = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in media.items()]
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def backend_process(state_dir, **settings):
    names = {"POD_NAME": "k8-chatroulette-back", "STATE_DIR": str(state_dir), "HOST_IP": "127.0.0.1"}
    return ServiceProcess("backend", **SERVICE, **names, **settings)


def frontend_process(backend):
    return ServiceProcess("frontend", **SERVICE, POD_NAME="k8-chatroulette-front", BACKEND_URL=backend.url)


@pytest.fixture(scope="session")
def backend(tmp_path_factory):
    """The backend's process; None when the page is another one's."""
    if os.environ.get("PAGE_URL"):
        yield None
        return
    process = backend_process(tmp_path_factory.mktemp("state"), ALONE_SECONDS="1").start()
    yield process
    process.kill()


@pytest.fixture(scope="session")
def page_url(backend):
    if backend is None:
        yield os.environ["PAGE_URL"]
        return
    process = frontend_process(backend).start()
    yield process.url
    process.kill()


@pytest.fixture
def own_backend(backend):
    """A backend that a test may kill; it runs again afterwards."""
    if backend is None:
        pytest.skip("PAGE_URL names a page whose backend these tests must not stop")
    yield backend
    if backend.process is None:
        backend.start()


@pytest.fixture
def run_services(tmp_path):
    """Start services of a test's own, whose backend has these settings; returns the page's URL."""
    processes = []

    def start(**settings):
        processes.append(backend_process(tmp_path, **settings).start())
        processes.append(frontend_process(processes[-1]).start())
        return processes[-1].url

    yield start
    for process in processes:
        process.kill()


@pytest.fixture(scope="session")
def programs():
    """The browser and its driver; the tests fail without them, they do not skip."""
    paths = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(paths):
        pytest.fail(MISSING, pytrace=False)
    return paths


@pytest.fixture(scope="session")
def browsers():
    """The idle browsers by language."""
    idle = defaultdict(list)
    yield idle
    for browser in chain.from_iterable(idle.values()):
        browser.quit()


def start_browser(programs, language, profile):
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in [*FLAGS, f"--accept-lang={language}", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(programs[1]))


@pytest.fixture
def person(programs, page_url, browsers, tmp_path_factory):
    """Bring somebody with a browser of their own, in a language; all leave at the end."""
    present = []

    def bring(language="en", url=page_url):
        idle = browsers[language]
        browser = idle.pop() if idle else start_browser(programs, language, tmp_path_factory.mktemp("profile"))
        present.append((language, Person(browser, url)))
        present[-1][1].size(1280, 900)
        return present[-1][1]

    yield bring
    for language, visitor in present:
        visitor.leave()
        browsers[language].append(visitor.browser)


@pytest.fixture
def visitor(person):
    """An English visitor in front of the page."""
    return person().visit()


@pytest.fixture
def two(person):
    """Two visitors, an English and a French one, who talk with each other."""
    english, french = person("en").visit(), person("fr").visit()
    english.choose_cat()
    french.choose_cat()
    french.reads("#chat-name", english.cat)
    english.reads("#chat-name", french.cat)
    return english, french
