"""Watches one namespace and records what is observed there, and when: objects that change, events, answers.

Three watches of the API server, each in a thread, so that nothing is polled there. Times are monotonic seconds since
the experiment's beginning, taken as a line arrives; a moment is when something was observed, some milliseconds after it
was so.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from lab.errors import LabError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

Kind = Literal["Pod", "EndpointSlice", "Event", "answer", "step"]
Result = TypeVar("Result")
LONGEST = 240
"""Seconds; the API server ends the watches after that."""
START, SHORT = 120.0, 60.0
"""Seconds to wait for Pods to serve, and for anything after."""
_NOT_FOUND = re.compile(r"NotFound\)?: (\S+ \S+ not found)")
"""What the API server says of an object that is not there, to the lab itself or to its kubectl."""
_LOAD_INTERVAL = 0.5

_PATHS: dict[Kind, str] = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "Event": "/api/v1/namespaces/{}/events",
}


@dataclass(frozen=True)
class Observation:
    """An object as it then was, an answer to a poll, or a step of the experiment itself.

    ``change`` is the watch's word (ADDED, MODIFIED, DELETED), or an answer's outcome.
    """

    at: float
    kind: Kind
    name: str
    change: str = ""
    body: Object = field(default_factory=dict)


Query = Callable[[Sequence[Observation]], Result | None]
"""Finds something in all that was observed; None where it is not there yet."""


class Recorder:
    """What was observed so far, oldest first. Safe across threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, deletes: bool = False) -> None:
        """Begin now; ``deletes`` tells that the experiment deletes Pods itself."""
        self._deletes, self.deleted = deletes, ""
        self._clock, self._began = clock, clock()
        self._observations: list[Observation] = []
        self._changed = threading.Condition()
        self._loads: list[float] = []

    def now(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._began

    def add(self, kind: Kind, name: str, change: str = "", body: Object | None = None) -> Observation:
        """Record something that is observed now."""
        with self._changed:
            observation = Observation(self.now(), kind, name, change, body or {})
            self._observations.append(observation)
            if _is_deletion(observation) and not self._deletes:
                self.deleted = self.deleted or f'pods "{name}" not found'
            self._changed.notify_all()
        return observation

    def step(self, name: str) -> float:
        """Record what the experiment is about to do; return when, which no effect of it can precede."""
        return self.add("step", name).at

    @property
    def observations(self) -> tuple[Observation, ...]:
        with self._changed:
            return tuple(self._observations)

    def add_load(self, load: float) -> None:
        with self._changed:
            self._loads.append(load)

    @property
    def load(self) -> float:
        """The runnable processes per core, on average since the beginning; 1 where that is not known."""
        with self._changed:
            return sum(self._loads) / len(self._loads) if self._loads else 1.0

    def raise_if_deleted(self) -> None:
        """Raise LabError where somebody else deleted a Pod: what is waited for may never come."""
        if self.deleted:
            raise LabError(self.deleted)

    def wait(self, query: Query[Result], timeout: float) -> Result | None:
        """Return what ``query`` finds, as soon as it does; None after so many seconds.

        Raises LabError where somebody deleted a Pod.
        """
        deadline = self._clock() + timeout
        with self._changed:
            while True:
                result = query(self._observations)
                left = deadline - self._clock()
                if result is not None or left <= 0:
                    return result
                self.raise_if_deleted()
                self._changed.wait(left)

    def require(self, what: str, query: Query[Result], timeout: float) -> Result:
        """Do as ``wait`` for what the experiment cannot go on without; raises TimedOut with the last event."""
        result = self.wait(query, timeout)
        if result is None:
            messages = [item.body.get("message", "") for item in self.observations if item.kind == "Event"]
            raise TimedOut(what, timeout, messages[-1] if messages else "", "has the node room? `make status` tells")
        return result

    def rest(self, seconds: float) -> None:
        """Let time pass in which something is not to happen."""
        self.wait(lambda _: None, seconds)


@contextlib.contextmanager
def recording(api: Api, namespace: str, *, deletes: bool = False) -> Iterator[Recorder]:
    """Record a namespace from now to the end of the block; raises LabError where a watch cannot be had, or broke off.

    What happened after a watch broke off would look like nothing. Where the block fails because somebody deleted an
    object meanwhile, the error says so; ``deletes`` tells that the experiment deletes Pods itself.
    """
    recorder = Recorder(deletes=deletes)
    with _explaining_deletions(namespace, recorder), contextlib.ExitStack() as watches:
        watches.enter_context(_measuring_load(recorder))
        for kind, path in _PATHS.items():
            watches.enter_context(_watching(api, recorder, kind, path.format(namespace)))
        yield recorder


@contextlib.contextmanager
def _explaining_deletions(namespace: str, recorder: Recorder) -> Iterator[None]:
    try:
        yield
    except LabError as error:
        not_found = _NOT_FOUND.search(error.what)
        what = not_found[1] if not_found else recorder.deleted
        if not what:
            raise
        hint = f"leave the namespace {namespace} alone while the experiment runs, and run it again"
        raise LabError(f"{what}: somebody deleted it during the experiment", hint) from error


def load_per_core(loadavg: str, cores: int) -> float:
    """Read the runnable processes per core off ``/proc/loadavg``: now or, if more, in the last minute.

    proc_loadavg(5): the first field is an average of the last minute, the fourth how many are runnable of how many.
    """
    minute, _, _, now, *_ = loadavg.split()
    return max(float(minute), float(now.partition("/")[0])) / cores


@contextlib.contextmanager
def _measuring_load(recorder: Recorder) -> Iterator[None]:
    """Measure the load of this computer, whose kernel is the node's; elsewhere than on Linux it is not known."""
    ended, loadavg, cores = threading.Event(), Path("/proc/loadavg"), os.cpu_count() or 1

    def measure() -> None:
        while loadavg.exists() and not ended.wait(_LOAD_INTERVAL):
            recorder.add_load(load_per_core(loadavg.read_text(), cores))

    thread = threading.Thread(target=measure, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LOAD_INTERVAL * 2)


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
    """Record each line of a watch, until its connection ends."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - not on the way to `lab --help`

    with contextlib.suppress(HTTPError, OSError, ValueError):
        for line in response:
            change = json.loads(line)
            item = change.get("object") or {}
            if change.get("type") in {"ADDED", "MODIFIED", "DELETED"}:
                recorder.add(kind, item["metadata"]["name"], change["type"], item)


def _is_deletion(observation: Observation) -> bool:
    """Tell whether it is a Pod that was deleted; an evicted one was not, and is kept."""
    deletion = observation.body.get("metadata", {}).get("deletionTimestamp")
    return observation.kind == "Pod" and (observation.change == "DELETED" or bool(deletion))
