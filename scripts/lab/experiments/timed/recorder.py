"""Watches one namespace and writes down what is seen there, and when: objects that change, events, answers.

Three watches of the API server, each in a thread: nothing is asked twice. Times are monotonic seconds since the
experiment's beginning, taken as a line arrives here; a moment is when something was seen, some milliseconds after it
was so.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lab.errors import LabError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import BaseHTTPResponse

    from lab.kubernetes.client import Api

Kind = Literal["Pod", "EndpointSlice", "Event", "answer", "deed"]
Found = TypeVar("Found")
LONGEST = 240
"""Seconds; the API server ends the watches after that."""
START, SHORT = 120.0, 60.0
"""Seconds to wait for Pods to serve, and for anything after."""
_GONE = re.compile(r"NotFound\)?: (\S+ \S+ not found)")
"""What the API server says of an object that is not there, to the lab itself or to its kubectl."""
_LOOK = 0.5
"""Seconds between two looks at how many processes want a core."""

_PATHS: dict[Kind, str] = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "Event": "/api/v1/namespaces/{}/events",
}


@dataclass(frozen=True)
class Seen:
    """One thing that was seen: an object as it then was, an answer, or what the experiment itself did (`deed`).

    ``change`` is the watch's word (ADDED, MODIFIED, DELETED); for an answer its outcome.
    """

    at: float
    kind: Kind
    name: str
    change: str = ""
    body: dict[str, Any] = field(default_factory=dict)


class Recorder:
    """What was seen so far, oldest first. Safe across threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, deletes: bool = False) -> None:
        """Begin now; ``deletes`` tells that the experiment deletes Pods itself."""
        self._deletes, self.lost = deletes, ""
        self._clock, self._began = clock, clock()
        self._seen: list[Seen] = []
        self._news = threading.Condition()
        self._crowds: list[float] = []

    def now(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._began

    def add(self, kind: Kind, name: str, change: str = "", body: dict[str, Any] | None = None) -> Seen:
        """Write down something that is seen now."""
        with self._news:
            one = Seen(self.now(), kind, name, change, body or {})
            self._seen.append(one)
            if _ends(one) and not self._deletes:
                self.lost = self.lost or f'pods "{name}" not found'
            self._news.notify_all()
        return one

    def did(self, name: str) -> float:
        """Write down what the experiment is about to do; return when, which no effect of it can precede."""
        return self.add("deed", name).at

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Everything so far."""
        with self._news:
            return tuple(self._seen)

    def note_crowd(self, crowd: float) -> None:
        """Write down how many processes want each core at this moment."""
        with self._news:
            self._crowds.append(crowd)

    @property
    def crowd(self) -> float:
        """How many processes wanted each core, on average since the beginning; 1 where that is not known."""
        with self._news:
            return sum(self._crowds) / len(self._crowds) if self._crowds else 1.0

    def intact(self) -> None:
        """Raise LabError where somebody else deleted a Pod: what is waited for may never come."""
        if self.lost:
            raise LabError(self.lost)

    def wait(self, look: Callable[[tuple[Seen, ...]], Found | None], timeout: float) -> Found | None:
        """Return what ``look`` finds in all that was seen, as soon as it does; None after so many seconds.

        Raises LabError where somebody deleted a Pod.
        """
        deadline = self._clock() + timeout
        with self._news:
            while True:
                found = look(tuple(self._seen))
                left = deadline - self._clock()
                if found is not None or left <= 0:
                    return found
                self.intact()
                self._news.wait(left)

    def until(self, what: str, look: Callable[[tuple[Seen, ...]], Found | None], timeout: float) -> Found:
        """Do as ``wait`` for what the experiment cannot go on without; raises TimedOut with the last event seen."""
        found = self.wait(look, timeout)
        if found is None:
            raise TimedOut(what, timeout, _last_words(self.seen), "has the node room? `make status` tells")
        return found

    def rest(self, seconds: float) -> None:
        """Let time pass in which something is not to happen."""
        self.wait(lambda _: None, seconds)


@contextlib.contextmanager
def recording(api: Api, namespace: str, *, deletes: bool = False) -> Iterator[Recorder]:
    """Record a namespace from now to the end of the block; raises LabError where a watch cannot be had, or broke off.

    What happened after a watch broke off would look like nothing. That the block did not find something which
    somebody took away meanwhile is said as that; ``deletes`` tells that the experiment takes Pods away itself.
    """
    recorder = Recorder(deletes=deletes)
    with _undisturbed(namespace, recorder), contextlib.ExitStack() as open_watches:
        open_watches.enter_context(_counting(recorder))
        for kind, path in _PATHS.items():
            open_watches.enter_context(_watching(api, recorder, kind, path.format(namespace)))
        yield recorder


@contextlib.contextmanager
def _undisturbed(namespace: str, recorder: Recorder) -> Iterator[None]:
    try:
        yield
    except LabError as error:
        gone = _GONE.search(error.what)
        what = gone[1] if gone else recorder.lost
        if not what:
            raise
        hint = f"leave the namespace {namespace} alone while the experiment runs, and run it again"
        raise LabError(f"{what}: somebody deleted it during the experiment", hint) from error


def crowd(told: str, cores: int) -> float:
    """Read how many processes want each core off the text of ``/proc/loadavg``: now or, if more, in the last minute.

    proc_loadavg(5): the first field is an average of the last minute, the fourth how many are runnable of how many.
    """
    minute, _, _, now, *_ = told.split()
    return max(float(minute), float(now.partition("/")[0])) / cores


@contextlib.contextmanager
def _counting(recorder: Recorder) -> Iterator[None]:
    """Look at the load of this computer, whose kernel is the node's; elsewhere than on Linux it is not known."""
    over, load, cores = threading.Event(), Path("/proc/loadavg"), os.cpu_count() or 1

    def count() -> None:
        while load.exists() and not over.wait(_LOOK):
            recorder.note_crowd(crowd(load.read_text(), cores))

    counting = threading.Thread(target=count, daemon=True)
    counting.start()
    try:
        yield
    finally:
        over.set()
        counting.join(_LOOK * 2)


@contextlib.contextmanager
def _watching(api: Api, recorder: Recorder, kind: Kind, path: str) -> Iterator[None]:
    response = api.watch(path, LONGEST)
    reader = threading.Thread(target=_read, args=(response, recorder, kind), name=path, daemon=True)
    reader.start()
    try:
        yield
        if not reader.is_alive():
            raise LabError(f"the watch of {path} broke off", "run the experiment again")
    finally:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # it has ended by itself
            response.shutdown()
        reader.join(2)
        response.close()


def _read(response: BaseHTTPResponse, recorder: Recorder, kind: Kind) -> None:
    """Write down each line of a watch; it ends with its connection."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - not on the way to `lab --help`

    with contextlib.suppress(HTTPError, OSError, ValueError):
        for line in response:
            told = json.loads(line)
            thing = told.get("object") or {}
            if told.get("type") in {"ADDED", "MODIFIED", "DELETED"}:
                recorder.add(kind, thing["metadata"]["name"], told["type"], thing)


def _ends(one: Seen) -> bool:
    """Tell whether it is a Pod that was deleted; an evicted one was not, and is kept."""
    deleted = one.change == "DELETED" or bool(one.body.get("metadata", {}).get("deletionTimestamp"))
    return one.kind == "Pod" and deleted


def _last_words(seen: tuple[Seen, ...]) -> str:
    events = [one.body.get("message", "") for one in seen if one.kind == "Event"]
    return events[-1] if events else ""
