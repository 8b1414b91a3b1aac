"""A real Chromium, and the two services it looks at.

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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome

MISSING = "Chromium is missing: apt-get install --no-install-recommends chromium chromium-driver"
ROOT = Path(__file__).parents[2]
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


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
        end = time.monotonic() + 30
        while not self.ready():
            assert self.process.poll() is None, f"{self.name} ended at its start"
            assert time.monotonic() < end, f"{self.name} is not ready after 30 s"
            time.sleep(0.05)

    def ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        """End it the way a node that dies would."""
        if self.process is None:
            return
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        for pid in [self.process.pid, *map(int, children.stdout.split())]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@pytest.fixture(scope="session")
def given_url() -> str | None:
    return os.environ.get("PAGE_URL")


@pytest.fixture(scope="session")
def backend(given_url: str | None) -> Iterator[Program | None]:
    """The backend's process; None when the page is somebody else's."""
    if given_url:
        yield None
        return
    program = Program("backend", POD_NAME="k8-chatroulette-back", VERSION="1.2.3")
    program.start()
    yield program
    program.kill()


@pytest.fixture(scope="session")
def page_url(given_url: str | None, backend: Program | None) -> Iterator[str]:
    """Where the page answers."""
    if given_url or backend is None:
        yield str(given_url)
        return
    program = Program("frontend", POD_NAME="k8-chatroulette-front", VERSION="1.2.3", BACKEND_URL=backend.url)
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


@pytest.fixture(scope="session")
def programs() -> tuple[str, str]:
    """The browser and its driver; the tests fail without them, they do not skip."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(found):
        pytest.fail(MISSING, pytrace=False)
    return str(found[0]), str(found[1])


@pytest.fixture
def open_browser(
    programs: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Chrome]]:
    """Start a browser with a profile of its own, in a language; all are closed at the end."""
    opened: list[Chrome] = []

    def start(language: str = "en") -> Chrome:
        options = webdriver.ChromeOptions()
        options.binary_location = programs[0]
        profile = tmp_path_factory.mktemp("profile")
        for flag in [*FLAGS, f"--accept-lang={language}", f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        browser = webdriver.Chrome(options=options, service=Service(programs[1]))
        opened.append(browser)
        return browser

    yield start
    for browser in opened:
        browser.quit()


@pytest.fixture
def browser(open_browser: Callable[..., Chrome]) -> Chrome:
    """An English browser."""
    return open_browser()
