"""Run experiments in parallel processes.

Each ends as it would alone, its namespaces gone, when it is done, when it is stopped, when Ctrl-C reaches the whole
group, and also when the process that started it is killed: it watches for that.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from lab.config import Settings
from lab.errors import LabError
from lab.experiments import catalog
from lab.experiments.catalog import Entry
from lab.experiments.results import Experiment, disagreements, not_shown, summary
from lab.kubernetes import client
from lab.steps import Event, Kind, Report

STOP_SECONDS = 15.0
"""Seconds that stopped experiments have, all together, to delete their namespaces."""
AT_ONCE = 5
"""So many at a time: two cores keep up with their containers, and what has to happen in time still does."""
LONGEST = 300.0
"""Seconds after which an experiment, whose own waits are all shorter, is given up."""
_OVERDUE_CHECK = 5.0
_EXIT_SECONDS = 2.0
"""Seconds that a process whose result is known has to end by itself."""
_PRELOADED = ["lab.experiments.catalog", "kubernetes.client", "kubernetes.config", "yaml"]
_CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Message:
    """What a process sends: what it does now, and at last its result, or why there is none."""

    text: str = ""
    result: Experiment | None = None
    error: LabError | None = None


class Child:
    """One experiment in a process of its own; `stop` it where it still runs."""

    def __init__(self, entry: Entry, settings: Settings, image: str) -> None:
        _ensure_fork_server()
        self.entry, self.began = entry, time.monotonic()
        self.connection, other_end = _CONTEXT.Pipe(duplex=False)
        self.process = _CONTEXT.Process(target=_run, args=(entry.id, settings, image, other_end), name=entry.id)
        self.process.start()
        other_end.close()

    def receive(self) -> Message:
        """Wait for the next message; its sudden end is an error too."""
        try:
            message: Message = self.connection.recv()
        except EOFError:
            return _failed(f"{self.entry.id} ended without a word", "run it alone: see what it says")
        return message

    def result(self) -> Experiment:
        """Wait for the result; raises LabError."""
        while True:
            message = self.receive()
            if message.error:
                raise message.error
            if message.result:
                return message.result


def _failed(what: str, hint: str) -> Message:
    return Message(error=LabError(what, hint))


def _ensure_fork_server() -> None:
    """Start the process from which the others are forked; all of them ignore Ctrl-C and SIGHUP from their start.

    A terminal sends those to the whole group; the one that started them ends them then, by SIGTERM.
    """
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    resource_tracker.ensure_running()  # now, as it lets SIGINT through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGHUP])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(*children: Child) -> None:
    """Ask all of them to end, at once; kill those that have not after ``STOP_SECONDS``.

    What a killed one leaves is deleted by `namespaces.delete_orphans`.
    """
    for child in children:
        if child.process.is_alive():
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.process.join(max(0.0, deadline - time.monotonic()))
    for child in children:
        if child.process.is_alive():
            child.process.kill()
        child.process.join(STOP_SECONDS)
        child.connection.close()


@contextlib.contextmanager
def running(entry: Entry, settings: Settings, image: str) -> Iterator[Child]:
    """Run an experiment while the block does something else; it is stopped at the block's end."""
    child = Child(entry, settings, image)
    try:
        yield child
    finally:
        stop(child)


@dataclass(frozen=True)
class Results:
    """The results of several experiments, and why some have none, by their ids."""

    experiments: Mapping[str, Experiment]
    errors: Mapping[str, LabError]


def run_all(entries: Sequence[Entry], settings: Settings, image: str, emit: Callable[[Event], None]) -> Results:
    """Run experiments in parallel, the longest first; emit what each does and how it ended.

    One that cannot be run stops no other.
    """
    waiting = sorted(entries, key=lambda entry: entry.seconds)
    children: list[Child] = []
    last: dict[str, Message] = {}
    try:
        while waiting or children:
            while waiting and len(children) < AT_ONCE:
                children.append(Child(waiting.pop(), settings, image))
            for child, message in _messages(children):
                emit(_event(child, message, len(last) + 1, len(entries)))
                if message.result or message.error:
                    last[child.entry.id] = message
                    child.process.join(_EXIT_SECONDS if message.result else 0)
                    children.remove(child)
                    stop(child)
    finally:
        stop(*children)
    ended = [(entry.id, last[entry.id]) for entry in entries]
    return Results(
        {name: message.result for name, message in ended if message.result},
        {name: LabError(f"{name}: {error.what}", error.hint) for name, message in ended if (error := message.error)},
    )


def _messages(children: Sequence[Child]) -> list[tuple[Child, Message]]:
    """Wait until one of them sends a message, and return those that are there; one without an end has failed."""
    ready = wait([child.connection for child in children], timeout=_OVERDUE_CHECK)
    late = _failed(f"no end within {LONGEST:.0f} s", "run it alone: see what it waits for")
    received = [(child, child.receive()) for child in children if child.connection in ready]
    silent = [child for child in children if child.connection not in ready]
    return [*received, *((child, late) for child in silent if time.monotonic() - child.began > LONGEST)]


def how_it_ended(result: Experiment) -> Kind:
    """Name the event of a result: something differs, something was not shown, or all is as predicted."""
    return "differs" if disagreements(result) else "unclear" if not_shown(result) else "done"


def _event(child: Child, message: Message, number: int, of: int) -> Event:
    name, took = child.entry.id, time.monotonic() - child.began
    if message.result:
        return Event(how_it_ended(message.result), name, summary(message.result), took)
    if message.error:
        return Event("note", name, f"{name}: {message.error.what}", took)
    return Event("progress", name, message.text, took, number=number, of=of)


def _run(name: str, settings: Settings, image: str, connection: Connection) -> None:
    """Run one experiment in this process, and send messages."""
    sending = threading.Lock()

    def emit(event: Event) -> None:
        with sending:  # an experiment's own threads report too
            connection.send(Message(event.detail))

    try:
        with _interruptible():
            threading.Thread(target=_end_with_parent, daemon=True).start()
            report = Report(emit, Event("progress", name))
            result = catalog.find(name).run(settings, client.api(settings), image, report)
            connection.send(Message(result=result))
    except LabError as error:
        with contextlib.suppress(BrokenPipeError):
            connection.send(_failed(error.what, error.hint))
    except (KeyboardInterrupt, BrokenPipeError):
        return  # the parent has gone, or wants it to stop; what it made is deleted by now


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
        signal.signal(signal.SIGTERM, _ignore)


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    """Interrupt once, as a second time would cut the deletion short; the rest writes nothing to stderr."""
    signal.signal(signal.SIGTERM, _ignore)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: Any) -> None:
    """Do nothing. With SIG_IGN Python complains of a signal that is on its way, and programs inherit it."""
