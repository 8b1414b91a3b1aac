"""Experiments beside one another and beside a person who thinks: each in a process of its own.

Each ends as it would alone, its namespaces gone, when it is done, when it is stopped, when Ctrl-C reaches the whole
group, and also when the process that started it is killed: it watches for that.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec

from lab.errors import LabError
from lab.experiments import catalog
from lab.experiments.results import Experiment
from lab.kubernetes import client
from lab.steps import Event, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from lab.config import Settings
    from lab.experiments.catalog import Entry

PATIENCE = 15.0
"""Seconds that stopped experiments have, all together, to take their namespaces away."""
AT_ONCE = 5
"""So many at a time: two cores keep up with their containers, and what has to happen in time still does."""
LONGEST = 300.0
"""Seconds after which an experiment, whose own waits are all shorter, is given up."""
_LOOK = 5.0
_LEAVES = 2.0
"""Seconds that one which has told all has to end by itself."""
_HEAVY = ["lab.experiments.catalog", "kubernetes.client", "kubernetes.config", "yaml"]
_started = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class News:
    """What one of them says: what it does (`says`), what it found, or why it failed (what, hint)."""

    kind: Literal["says", "found", "failed"]
    id: str
    text: str = ""
    hint: str = ""
    found: Experiment | None = None


class Running:
    """One experiment in a process of its own; `stop` it where it still runs."""

    def __init__(self, entry: Entry, settings: Settings, image: str) -> None:
        """Start it."""
        _serve()
        self.id = entry.id
        self.began = time.monotonic()
        self.ours, theirs = _started.Pipe(duplex=False)
        self.process = _started.Process(target=_work, args=(entry.id, settings, image, theirs), name=entry.id)
        self.process.start()
        theirs.close()

    def news(self) -> News:
        """Wait for the next thing that it says; its sudden end is a failure too."""
        try:
            kind, *rest = self.ours.recv()
        except EOFError:
            return News("failed", self.id, f"{self.id} ended without a word", "run it alone: see what it says")
        if kind == "found":
            return News("found", self.id, found=msgspec.json.decode(rest[0], type=Experiment))
        return News(kind, self.id, *rest)


def _serve() -> None:
    """See that the process runs from which they are forked; all are deaf from the start to Ctrl-C and SIGHUP.

    A terminal sends those to the whole group; the one that started them ends them then, by SIGTERM.
    """
    _started.set_forkserver_preload(_HEAVY)
    resource_tracker.ensure_running()  # now, as it lets SIGINT through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGHUP])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(*running: Running) -> None:
    """Ask all of them to end, at once; wait until they have, for `PATIENCE` and no longer, and insist after that.

    What one leaves that had to be killed is taken away by `spaces.sweep`.
    """
    for one in running:
        if one.process.is_alive():
            one.process.terminate()
    deadline = time.monotonic() + PATIENCE
    for one in running:
        one.process.join(max(0.0, deadline - time.monotonic()))
    for one in running:
        if one.process.is_alive():
            one.process.kill()
        one.process.join(PATIENCE)
        one.ours.close()


@contextlib.contextmanager
def beside(entry: Entry, settings: Settings, image: str) -> Iterator[Running]:
    """Run an experiment beside what the block does; it is stopped at the block's end."""
    running = Running(entry, settings, image)
    try:
        yield running
    finally:
        stop(running)


def result(running: Running, saw: Callable[[str], None]) -> Experiment:
    """Wait for what it finds, telling `saw` what it does; raises LabError."""
    while (news := running.news()).kind == "says":
        saw(news.text)
    if news.found is None:
        raise LabError(news.text, news.hint)
    return news.found


@dataclass(frozen=True)
class Together:
    """What several experiments found, and why some could not be run, by their ids."""

    found: Mapping[str, Experiment]
    failed: Mapping[str, LabError]


def together(entries: Sequence[Entry], settings: Settings, image: str, emit: Callable[[Event], None]) -> Together:
    """Run them beside one another, those that take longest first; emit what each does and how it ended.

    One that cannot be run stops no other.
    """
    waiting = sorted(entries, key=lambda entry: entry.seconds)
    running: dict[str, Running] = {}
    ended: dict[str, News] = {}
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                entry = waiting.pop()
                running[entry.id] = Running(entry, settings, image)
            for one, news in _news(running.values()):
                emit(_event(news, time.monotonic() - one.began, len(ended) + 1, len(entries)))
                if news.kind != "says":
                    ended[one.id] = news
                    one.process.join(_LEAVES if news.kind == "found" else 0)
                    stop(running.pop(one.id))
    finally:
        stop(*running.values())
    known = [(entry.id, ended[entry.id]) for entry in entries]
    return Together(
        {name: news.found for name, news in known if news.found is not None},
        {name: LabError(f"{name}: {news.text}", news.hint) for name, news in known if news.found is None},
    )


def _news(running: Collection[Running]) -> list[tuple[Running, News]]:
    """Wait until one of them says something, and return what those say that do; one without an end has failed."""
    ready = wait([one.ours for one in running], timeout=_LOOK)
    late = f"no end within {LONGEST:.0f} s"
    found = [(one, one.news()) for one in running if one.ours in ready]
    overdue = [one for one in running if one.ours not in ready and time.monotonic() - one.began > LONGEST]
    return [*found, *((one, News("failed", one.id, late, "run it alone: see what it waits for")) for one in overdue)]


def _event(news: News, took: float, number: int, of: int) -> Event:
    if news.found is not None:
        return Event("differs" if disagreements(news.found) else "done", news.id, summary(news.found), took)
    if news.kind == "failed":
        return Event("note", news.id, f"{news.id}: {news.text}", took)
    return Event("progress", news.id, news.text, took, number=number, of=of)


def summary(found: Experiment) -> str:
    """Say in a few words how much was measured and how much of it differs."""
    counts = (("cells", found.cells), ("flips", found.flips), ("facts", found.expectations), ("claims", found.claims))
    parts = [f"{len(things)} {name}" for name, things in counts if things]
    wrong = len(disagreements(found))
    return ", ".join([*parts, f"{wrong} disagree" if wrong else "all as predicted"])


def disagreements(found: Experiment) -> list[str]:
    """Name what was measured other than predicted."""
    cells = [
        f"{one.variant}{'/' if one.variant else ''}{one.vantage}/{one.address}" for one in found.cells if not one.agrees
    ]
    flips = [f"{one.variant}: {one.vantage}/{one.address}" for one in found.flips if not one.agrees]
    facts = [one.id for one in found.expectations if not one.agrees]
    return [*cells, *flips, *facts, *(one.id for one in found.claims if not one.agrees)]


def _work(name: str, settings: Settings, image: str, theirs: Connection) -> None:
    """Run one experiment in this process, and send what it says and finds."""
    alone = threading.Lock()

    def emit(event: Event) -> None:
        with alone:  # an experiment's own threads speak too
            theirs.send(("says", event.detail))

    try:
        with _interruptible():
            threading.Thread(target=_end_with_parent, daemon=True).start()
            entry = catalog.find(name)
            found = entry.run(settings, client.api(settings), image, Report(emit, Event("progress", name)))
            theirs.send(("found", msgspec.json.encode(found)))
    except LabError as error:
        with contextlib.suppress(BrokenPipeError):
            theirs.send(("failed", error.what, error.hint))
    except (KeyboardInterrupt, BrokenPipeError):
        return  # whoever asked has gone, or said to stop; what it made is gone by now


def _end_with_parent() -> None:
    """Be interrupted when the process that started this one has ended, however it did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Be interrupted by SIGTERM in the block, and not after it, where this process ends by itself."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, _unheard)


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    """Interrupt once, as a second time would cut the cleaning short; what breaks off says nothing to anybody."""
    signal.signal(signal.SIGTERM, _unheard)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    raise KeyboardInterrupt


def _unheard(_number: int, _frame: Any) -> None:
    """Do nothing. SIG_IGN would: Python complains of it where a signal is on its way, and programs inherit it."""
