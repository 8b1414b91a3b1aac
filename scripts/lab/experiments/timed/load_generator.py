"""Containers that use CPU and memory as ordered, and what they report of themselves and of their cgroup meanwhile."""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lab import waiting
from lab.experiments import pods
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, load_program
from lab.experiments.timed.actions import Context
from lab.experiments.timed.cgroups import Cgroup, Version
from lab.experiments.timed.expectations import Fact, OneOf
from lab.experiments.timed.record import Match, Record, first
from lab.experiments.timed.recorder import LONGEST
from lab.kubernetes.client import ApiError
from lab.kubernetes.objects import Object

SOURCE = Path(load_program.__file__).read_text()


@dataclass(frozen=True)
class Order:
    """What a container is to do: report its cgroup ``every`` so many seconds, and end after ``seconds``.

    It runs for as long as an experiment may look: one that ended would be started again, and its log begin anew.

    ``take`` mebibytes one after the other with a ``pause`` between, or have a ``child`` process take them; write a
    ``file`` of mebibytes to ``path``; ``burn`` seconds of CPU time; use so many ``cores``. With ``once``, a file that
    outlives the container, its second start takes no memory.
    """

    seconds: float = LONGEST
    every: float = 0.25
    take: int = 0
    pause: float = 0.0
    child: int = 0
    file: int = 0
    path: str = ""
    burn: float = 0.0
    cores: float = 0.0
    once: str = ""
    paths: tuple[str, ...] = (*cgroups.FILES["v1"], *cgroups.FILES["v2"])


def pod(name: str, *containers: Object, **more: Any) -> Object:
    return pods.pod(name, *containers, grace=0, **more)


def container(
    name: str, order: Order, requests: Object | None = None, limits: Object | None = None, **more: Any
) -> Object:
    """Return a container that does as ordered; ``more`` are its own fields."""
    command = ["python3", "-I", "-c", SOURCE, json.dumps(asdict(order))]
    resources = {**({"requests": requests} if requests else {}), **({"limits": limits} if limits else {})}
    return pods.container(name, command=command, resources=resources, **more)


@dataclass(frozen=True)
class LogLine:
    """An event that a container reported: when (seconds since 1970), which, and the whole line."""

    at: float
    event: str
    body: Object


@dataclass(frozen=True)
class Log:
    """What a container reported."""

    lines: tuple[LogLine, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Log":
        """Parse a log; a last line that was cut short is left out."""
        whole = text.splitlines()[: None if text.endswith("\n") else -1]
        bodies = [json.loads(line) for line in whole if line.startswith("{")]
        return cls(tuple(LogLine(body["at"], body["event"], body) for body in bodies))

    def last(self, event: str) -> LogLine | None:
        """Return the last report of an event."""
        return next((line for line in reversed(self.lines) if line.event == event), None)

    @cached_property
    def samples(self) -> list[tuple[float, Cgroup]]:
        """What the cgroup held, and when."""
        return [(line.at, cgroups.read(line.body["files"])) for line in self.lines if line.event == "cgroup"]

    @property
    def cgroup(self) -> Cgroup | None:
        """What the cgroup held last."""
        return self.samples[-1][1] if self.samples else None

    @property
    def throttled_part(self) -> float:
        """Which part of all periods was cut short, 0 to 1."""
        if not self.samples:
            return 0.0
        (_, begin), (_, end) = self.samples[0], self.samples[-1]
        periods = end.periods - begin.periods
        return (end.throttled - begin.throttled) / periods if periods else 0.0


def keep_log(context: Context, pod: str, container: str, *, previous: bool = False) -> Log:
    """Read a container's log as it is now, or as it was before the container's restart, for `log_of`.

    It is empty where there is none (yet).
    """
    query: dict[str, str | int] = {"container": container, **({"previous": "true"} if previous else {})}
    log = Log()
    with contextlib.suppress(ApiError):
        log = Log.parse(context.api.text(f"{context.pod_path(pod)}/log", **query))
    context.data[f"log of {pod}/{container}"] = log
    return log


def log_of(run: Record | Context, pod: str, container: str) -> Log:
    """Return a container's log as it was kept last; empty where it was not."""
    log: Log = run.data.get(f"log of {pod}/{container}", Log())
    return log


@dataclass(frozen=True)
class WaitForReport:
    """Waits until a container has reported an event, or there was a match of ``unless``, and keeps its log.

    Raises TimedOut with the last event reported, and LabError where somebody deleted a Pod.
    """

    pod: str
    container: str
    event: str
    timeout: float = 90.0
    unless: Match | None = None

    def __call__(self, context: Context) -> None:
        name = f"{self.pod}/{self.container} to report {self.event!r}"
        waiting.until(name, lambda: self._poll(context), timeout=self.timeout, interval=0.3)

    def _poll(self, context: Context) -> tuple[bool, str]:
        log = keep_log(context, self.pod, self.container)
        if log.last(self.event) or (self.unless and first(self.unless)(context.recorder.observations)):
            return True, self.event
        context.recorder.raise_if_deleted()
        return False, log.lines[-1].event if log.lines else "nothing"


@dataclass(frozen=True)
class Reported:
    """Measures a value of what a container reported, and shows a file of its cgroup, a field of `cgroups.Files`."""

    pod: str
    container: str
    file: str
    shows: Text
    value: Callable[[Log], str | Text | float | None]

    def __call__(self, record: Record) -> Fact:
        log = log_of(record, self.pod, self.container)
        report = log.last("cgroup")
        contents = report.body["files"] if report else {}
        exhibit = file_exhibit(record, (self.pod, self.container), self.file, contents, self.shows)
        return Fact(self.value(log), exhibits=(exhibit,))


def file_exhibit(
    record: Record, container: tuple[str, str], file: str, contents: Mapping[str, str], shows: Text
) -> Exhibit:
    """Return a file of the cgroup of a Pod's container, a field of `cgroups.Files`."""
    path, (pod, name) = getattr(cgroups.FILES[cgroup_version(record)], file), container
    command = f"kubectl exec {pod} -c {name} -- cat {path}"
    return Exhibit("cgroup", f"{path}, {pod}/{name}", contents.get(path, ""), shows, command)


def cgroup_version(run: Record | Context) -> Version:
    return "v2" if run.cluster and run.cluster.cgroup == "v2" else "v1"


OOM_KILLED = "137"
"""The exit code after a kill at the memory limit: 128 and the number of the signal, 9."""


def oom_reasons(run: Record | Context) -> OneOf:
    """Return the reasons that the runtime may give for a kill at the memory limit.

    On cgroup v1 it hears of the kill by a notice, which the end of the process can overtake (seen on a busy machine):
    then it says Error, and the code alone tells. On v2 it reads the count of kills in the cgroup.
    """
    return OneOf(("OOMKilled",) if cgroup_version(run) == "v2" else ("OOMKilled", "Error"))
