"""Both services on this computer, without Docker: started anew whenever their code changes."""

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from watchfiles import watch

from lab import cache, pip, ports, shell, waiting
from lab.config import ROOT, Settings
from lab.errors import BadInput, LabError
from lab.images import hashing

_RUNTIME = ROOT / "scripts" / "service_runtime"
_IMPORTS = ("babel", "flask", "gevent", "gunicorn", "msgspec", "prometheus_client", "redis")
_STARTS = 20.0
_POLL_MILLISECONDS = 300


@dataclass
class LocalService:
    """One service, as the image starts it; ``process`` is None while it does not run."""

    package: str
    port: int
    path: str
    settings: dict[str, str]
    packages: tuple[Path, ...] = ()
    """Folders of Python packages besides this Python's own."""
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    log: shell.LineReader | None = field(default=None, init=False)

    @property
    def folder(self) -> Path:
        return ROOT / self.package

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}{self.path}"

    def start(self) -> None:
        """Start it; raises BadInput where its port is taken."""
        if holder := _taken_by(self.port):
            raise BadInput(
                f"port {self.port} of this computer is taken by {holder}", "end that, or choose another port"
            )
        module = f"{self.package}.gunicorn_conf"
        words = ("-m", "gunicorn", "-c", f"python:{module}", f"{self.package}:create_app()")
        environment = {**_without_settings(), "BIND": "127.0.0.1", "PORT": str(self.port), **self.settings}
        path = os.pathsep.join(map(str, (ROOT, _RUNTIME.parent, *self.packages)))
        self.process = subprocess.Popen(
            [sys.executable, *words],
            env={**environment, "PYTHONPATH": path},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.log = shell.LineReader(self.process.stdout)

    def wait(self) -> None:
        """Wait until it answers; raises LabError with its last lines where it ends instead."""

        def poll() -> tuple[bool, str]:
            if self.process is None or self.process.poll() is not None:
                raise LabError(
                    f"{self.package} ended at its start: {self.last_words}", "mend it and save: it starts anew"
                )
            return _answers(f"http://127.0.0.1:{self.port}{self.path}"), "no answer yet"

        waiting.until(f"{self.package} to answer", poll, timeout=_STARTS, interval=0.05)

    @property
    def last_words(self) -> str:
        """What it printed last."""
        return self.log.tail() if self.log else ""

    def end(self) -> None:
        if self.process is not None:
            shell.end(self.process)
            self.process = None


def packages(settings: Settings, note: Callable[[str], None]) -> tuple[Path, ...]:
    """Return the folders with what the services import and this Python has not; installed as pinned, once."""
    if all(importlib.util.find_spec(name) for name in _IMPORTS):
        return ()
    locks = [ROOT / package / "requirements.lock" for package in ("backend", "frontend")]
    folder = settings.cache / "services" / hashing.digest([sys.version, *(lock.read_bytes() for lock in locks)])
    if not folder.exists():
        note("fetching what the services import, once")
        with cache.workspace(settings.cache) as work:
            for lock in locks:
                pip.install(lock, work / "packages", timeout=600, hint="is PyPI, or your mirror of it, in reach?")
            folder.parent.mkdir(exist_ok=True)
            (work / "packages").rename(folder)
    return (folder,)


@contextmanager
def services(
    front_port: int, back_port: int, packages: tuple[Path, ...] = ()
) -> Iterator[tuple[LocalService, LocalService]]:
    """Yield the backend and the frontend, not started yet; both are ended with the block."""
    with TemporaryDirectory(prefix="chatroulette-") as state:
        common = {"FAULTS": "on", "DRAIN_SECONDS": "0"}
        back = LocalService("backend", back_port, "/version", {**common, "STATE_DIR": state}, packages)
        url = f"http://localhost:{back_port}"
        front = LocalService("frontend", front_port, "/", {**common, "BACKEND_URL": url}, packages)
        try:
            yield back, front
        finally:
            front.end()
            back.end()


def run(pair: Iterable[LocalService], note: Callable[[str], None], ended: threading.Event) -> None:
    """Start them, and start anew what changed, until ``ended`` is set or Ctrl-C comes."""
    running = tuple(pair)
    for service in running:
        service.start()
    for service in running:
        _guarded(service.wait, note)
        note(service.url)
    folders = [*(service.folder for service in running), _RUNTIME]
    for changes in watch(*folders, stop_event=ended, rust_timeout=_POLL_MILLISECONDS, raise_interrupt=True):
        paths = [Path(path) for _, path in changes]
        for service in running:
            if any(path.is_relative_to(folder) for path in paths for folder in (service.folder, _RUNTIME)):
                _start_anew(service, note)


def _start_anew(service: LocalService, note: Callable[[str], None]) -> None:
    service.end()

    def start() -> None:
        service.start()
        service.wait()
        note(f"{service.package} started anew")

    _guarded(start, note)


def _guarded(action: Callable[[], None], note: Callable[[str], None]) -> None:
    """Do it; what fails is said, and the next change tries again."""
    try:
        action()
    except LabError as error:
        note(f"✗ {error.what}\n  → {error.hint}")


def _without_settings() -> dict[str, str]:
    """Return this process's environment without what the services would take for their settings."""
    kept = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TERM", "USER")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _taken_by(port: int) -> str:
    return "" if not _connects(port) else ports.listener(port) or "another program"


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this computer
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's OK
    except OSError:
        return False
