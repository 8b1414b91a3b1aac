"""Containers that use CPU and memory as ordered, and what they report of themselves and of their cgroup meanwhile."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import waiting
from lab.experiments import pods
from lab.experiments.results import Exhibit
from lab.experiments.timed import cgroups, load_program
from lab.experiments.timed.expectations import Fact
from lab.experiments.timed.record import first
from lab.experiments.timed.recorder import LONGEST
from lab.kubernetes.client import ApiError
from lab.kubernetes.objects import pod_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.experiments.texts import Text
    from lab.experiments.timed.cgroups import Cgroup, Version
    from lab.experiments.timed.context import Context
    from lab.experiments.timed.record import Match, Record
    from lab.kubernetes.client import Api
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


@dataclass(frozen=True)
class LogLine:
    """An event that a container reported: when (seconds since 1970), which, and the whole line."""

    at: float
    event: str
    body: Object


Log = tuple[LogLine, ...]


def container(name: str, order: Order, resources: Object, **more: Any) -> Object:
    """Return a container that does as ordered; ``more`` are its own fields."""
    command = ("python3", "-I", "-c", SOURCE, json.dumps(asdict(order)))
    return pods.container(name, command=command, resources=resources, **more)


def read_log(api: Api, namespace: str, pod: str, container: str, *, previous: bool = False) -> Log:
    """Read what a container reported, or the one before its restart; empty where there is no log (yet)."""
    query: dict[str, str | int] = {"container": container, **({"previous": "true"} if previous else {})}
    try:
        return parse(api.text(f"{pod_path(namespace, pod)}/log", **query))
    except ApiError:
        return ()


def parse(text: str) -> Log:
    """Parse a log; a last line that was cut short is left out."""
    whole = text.splitlines()[: None if text.endswith("\n") else -1]
    bodies = [json.loads(line) for line in whole if line.startswith("{")]
    return tuple(LogLine(body["at"], body["event"], body) for body in bodies)


def last(log: Sequence[LogLine], event: str) -> LogLine | None:
    """Return the last report of an event."""
    return next((line for line in reversed(log) if line.event == event), None)


def samples(log: Sequence[LogLine]) -> list[tuple[float, Cgroup]]:
    """Return what the cgroup held, and when."""
    return [(line.at, cgroups.read(line.body["files"])) for line in log if line.event == "cgroup"]


def throttled_part(log: Sequence[LogLine]) -> float:
    """Return which part of all periods was cut short, 0 to 1."""
    read = samples(log)
    return cgroups.throttled_part(read[0][1], read[-1][1]) if read else 0.0


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
        if last(log, self.event) or (self.unless and first(self.unless)(context.recorder.observations)):
            return True, self.event
        context.recorder.raise_if_deleted()
        return False, log[-1].event if log else "nothing"


def keep_log(context: Context, pod: str, container: str, *, previous: bool = False) -> Log:
    """Read a container's log as it is now, or as it was before the container's restart, for `log_of`."""
    log = read_log(context.api, context.namespace, pod, container, previous=previous)
    context.data[f"log of {pod}/{container}"] = log
    return log


def log_of(run: Record | Context, pod: str, container: str) -> Log:
    """Return a container's log as it was kept last; empty where it was not."""
    log: Log = run.data.get(f"log of {pod}/{container}", ())
    return log


@dataclass(frozen=True)
class Reported:
    """Measures a value of what a container reported, and shows a file of its cgroup, a field of `cgroups.Files`."""

    pod: str
    container: str
    file: str
    shows: Text
    value: Callable[[Log], str | Text | float | None] = lambda _: None

    def __call__(self, record: Record) -> Fact:
        log = log_of(record, self.pod, self.container)
        return Fact(self.value(log), exhibits=(self.exhibit(record),))

    def exhibit(self, record: Record) -> Exhibit:
        path = getattr(cgroups.FILES[cgroup_version(record)], self.file)
        report = last(log_of(record, self.pod, self.container), "cgroup")
        text = str(report.body["files"].get(path, "")) if report else ""
        command = f"kubectl exec {self.pod} -c {self.container} -- cat {path}"
        return Exhibit("cgroup", f"{path}, {self.pod}/{self.container}", text, self.shows, command)


def cgroup_version(run: Record | Context) -> Version:
    return "v2" if run.cluster and run.cluster.cgroup == "v2" else "v1"
