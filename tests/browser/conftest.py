"""Real Chromiums, and the two services they look at.

`page_url` is where the page answers: both services are started here on free ports, unless `PAGE_URL` names a page
that already runs (a cluster's); the tests that stop the backend then do not apply.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

MISSING = "Chromium is missing: apt-get install --no-install-recommends chromium chromium-driver"
ROOT = Path(__file__).parents[2]
SOON = 15
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
]
QUIT = """
const kept = sessionStorage.getItem('visitor');
if (kept) fetch(`/api/visitors/${JSON.parse(kept).token}`, { method: 'DELETE', keepalive: true });
sessionStorage.clear();
localStorage.clear();
"""
LINES = """
return [...document.querySelectorAll('#chat-log .line')].map(line => [
  line.classList.contains('mine') ? 'mine' : 'other', line.querySelector('.bubble p').lastChild.data])
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def await_until(true: Callable[[], object], why: str) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.05)


class Program:
    """One of the two services as a process that can be stopped and started again."""

    def __init__(self, name: str, **settings: str) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"BIND": "127.0.0.1", "PORT": str(self.port), "DRAIN_SECONDS": "0", **settings}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["-m", "gunicorn", "-c", f"python:{self.name}.gunicorn_conf", f"{self.name}:create_app()"]
        env = {**os.environ, **self.settings}
        self.process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        await_until(self.ready, f"{self.name} is not ready after 30 s")

    def ready(self) -> bool:
        assert self.process, "started before"
        assert self.process.poll() is None, f"{self.name} ended at its start"
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        return False

    def kill(self) -> None:
        """End it the way a node that dies would."""
        if self.process is None:
            return
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        for pid in [self.process.pid, *map(int, children.stdout.split())]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


class Person:
    """Somebody in front of a browser, who sees, clicks and types."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser, self.url = browser, url
        self.scripts: list[str] = []

    def visit(self) -> Person:
        """Open the page, and wait until there is a cat, a visit, and a line to the backend."""
        self.browser.get(self.url)
        self.until("document.querySelector('.window.lit svg.cat')", "no cat came to a window")
        self.until("document.querySelector('.mat.here')", "the visit did not begin")
        return self

    def before(self, script: str) -> None:
        """Run a script in every page that opens from now on, before the page's own; going home ends that."""
        source = {"source": script}
        self.scripts.append(self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)["identifier"])

    def module(self, name: str) -> str:
        """Return where one of the page's scripts is."""
        digest = requests.get(self.url, timeout=5).text.split("/static/")[1].split("/")[0]
        return f"/static/{digest}/{name}"

    def until(self, true: str | Callable[[], object], why: str) -> None:
        """Wait for a condition: JavaScript, or a function."""
        wait = WebDriverWait(self.browser, SOON, 0.05, ignored_exceptions=[StaleElementReferenceException])
        wait.until(lambda b: b.execute_script(f"return {true}") if isinstance(true, str) else true(), why)

    def one(self, css: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def click(self, css: str) -> None:
        """Bring it before the eyes, then click."""
        found = self.one(css)
        self.browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", found)
        found.click()

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        script = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return str(self.browser.execute_script(script, css)).strip()

    def reads(self, css: str, words: str) -> None:
        """Wait until these words stand there."""
        self.until(lambda: words in self.text(css), f"{words!r} does not stand in {css}: {self.text(css)!r}")

    @property
    def cat(self) -> str:
        """The name of one's own cat."""
        return self.text("#mat-name")

    @property
    def phase(self) -> str:
        """What the open window shows; its code comes with the first knock, so it may not be open yet."""
        window = self.one("#chat")
        return str(window.get_attribute("data-phase")) if window.get_attribute("open") else "closed"

    def knock(self, window: int = 3) -> None:
        self.until(lambda: len(self.all(".window.lit")) > window, "too few cats came to the windows")
        self.all(".window.lit")[window].click()

    def meets(self, phase: str = "chat") -> None:
        self.until(lambda: self.phase == phase, f"the window is not in the state {phase}")

    def write(self, words: str) -> None:
        self.one("#chat-words").send_keys(words, Keys.ENTER)

    def lines(self) -> list[tuple[str, str]]:
        """The conversation as (mine or other, words)."""
        return [tuple(line) for line in self.browser.execute_script(LINES)]

    def sees(self, *lines: tuple[str, str]) -> None:
        """Wait until the conversation ends with these lines, all of them delivered."""
        wanted = list(lines)
        self.until(lambda: self.lines()[-len(wanted) :] == wanted, f"not said: {wanted}, but {self.lines()}")
        self.until("!document.querySelector('.pending')", "something is still on its way")

    def keys(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def focused(self) -> str:
        return str(self.browser.execute_script("return document.activeElement.id || document.activeElement.ariaLabel"))

    def complaints(self) -> list[str]:
        return [row["message"] for row in self.browser.get_log("browser") if row["level"] in {"SEVERE", "WARNING"}]

    def go_home(self) -> None:
        """Leave the café, and the browser as if it were new."""
        for script in self.scripts:
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})
        for handle in self.browser.window_handles:
            self.browser.switch_to.window(handle)
            with suppress(WebDriverException):
                self.browser.execute_script(QUIT)
        for handle in self.browser.window_handles[1:]:
            self.browser.switch_to.window(handle)
            self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])
        self.browser.delete_all_cookies()
        self.browser.get("about:blank")
        for kind in ("browser", "performance"):
            self.browser.get_log(kind)

    def size(self, width: int, height: int = 844, scheme: str = "light", motion: str = "no-preference") -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture(scope="session")
def given_url() -> str | None:
    return os.environ.get("PAGE_URL")


@pytest.fixture(scope="session")
def backend(given_url: str | None) -> Iterator[Program | None]:
    """The backend's process; None when the page is somebody else's."""
    if given_url:
        yield None
        return
    program = Program("backend", POD_NAME="k8-chatroulette-back", VERSION="1.2.3", FAULTS="on", ALONE_SECONDS="1")
    program.start()
    yield program
    program.kill()


def front_of(backend: Program) -> Program:
    return Program("frontend", POD_NAME="k8-chatroulette-front", VERSION="1.2.3", FAULTS="on", BACKEND_URL=backend.url)


@pytest.fixture(scope="session")
def page_url(given_url: str | None, backend: Program | None) -> Iterator[str]:
    """Where the page answers."""
    if given_url or backend is None:
        yield str(given_url)
        return
    program = front_of(backend)
    program.start()
    yield program.url
    program.kill()


@pytest.fixture
def own_backend(backend: Program | None) -> Iterator[Program]:
    """A backend that a test may kill; it runs again afterwards."""
    if backend is None:
        pytest.skip("PAGE_URL names a page whose backend these tests must not stop")
    yield backend
    if backend.process is None:
        backend.start()


@pytest.fixture
def cafe() -> Iterator[Callable[..., str]]:
    """Open a café of its own, whose backend has these settings; returns where its page is."""
    opened: list[Program] = []

    def start(**settings: str) -> str:
        back = Program("backend", **settings)
        for program in (back, front_of(back)):
            opened.append(program)
            program.start()
        return opened[-1].url

    yield start
    for program in opened:
        program.kill()


@pytest.fixture(scope="session")
def programs() -> tuple[str, str]:
    """The browser and its driver; the tests fail without them, they do not skip."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(found):
        pytest.fail(MISSING, pytrace=False)
    return str(found[0]), str(found[1])


@pytest.fixture(scope="session")
def browsers() -> Iterator[dict[str, list[Chrome]]]:
    """The browsers that nobody uses just now, by language; a test cleans up what it took from here."""
    rest: dict[str, list[Chrome]] = defaultdict(list)
    yield rest
    for browser in chain.from_iterable(rest.values()):
        browser.quit()


def start_browser(programs: tuple[str, str], language: str, profile: Path) -> Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in [*FLAGS, f"--accept-lang={language}", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(programs[1]))


@pytest.fixture
def person(
    programs: tuple[str, str],
    page_url: str,
    browsers: dict[str, list[Chrome]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Person]]:
    """Bring somebody with a browser of their own, in a language; all leave the café at the end."""
    here: list[tuple[str, Person]] = []

    def bring(language: str = "en", url: str = page_url) -> Person:
        rest = browsers[language]
        browser = rest.pop() if rest else start_browser(programs, language, tmp_path_factory.mktemp("profile"))
        here.append((language, Person(browser, url)))
        here[-1][1].size(1280, 900)
        return here[-1][1]

    yield bring
    for language, one in here:
        one.go_home()
        browsers[language].append(one.browser)


@pytest.fixture
def visitor(person: Callable[..., Person]) -> Person:
    """An English visitor in front of the page."""
    return person().visit()


@pytest.fixture
def two(person: Callable[..., Person]) -> tuple[Person, Person]:
    """Two visitors, an English and a French one, who talk with each other."""
    here, there = person("en").visit(), person("fr").visit()
    here.knock()
    here.meets("waiting")
    there.knock()
    there.reads("#chat-name", here.cat)
    here.reads("#chat-name", there.cat)
    return here, there


@pytest.fixture
def free() -> int:
    """A port that nobody listens on."""
    return free_port()
