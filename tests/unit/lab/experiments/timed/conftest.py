"""Builds by hand what a recorder would have observed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from lab.experiments.results import ClusterVersions
from lab.experiments.timed.cgroups import FILES
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.load_generator import Log, LogLine
from lab.experiments.timed.record import Record
from lab.experiments.timed.recorder import Observation


class Story:
    """Observations in any order; each Pod keeps what was set of it before."""

    def __init__(self) -> None:
        self._observations: list[Observation] = []
        self.data: dict[str, Any] = {}
        self.cgroup, self.load = "v2", 1.0

    @property
    def observations(self) -> tuple[Observation, ...]:
        return tuple(sorted(self._observations, key=lambda item: item.at))

    def record(self, seconds: float = 10.0) -> Record:
        cluster = ClusterVersions("cats", "v1.36", "containerd", "6.8", self.cgroup, "node")
        return Record(self.observations, seconds, self.load, cluster=cluster, data=self.data)

    def disagreements(self, experiment: Timed) -> set[str]:
        return {expectation.id for expectation in experiment.judge(self.record()) if not expectation.agrees}

    def log(self, pod: str, container: str, *lines: tuple[str, dict[str, Any]]) -> None:
        """Set what a container reported: events with their bodies, a second apart from 1.0 on."""
        self.data[f"log of {pod}/{container}"] = Log(
            tuple(LogLine(body.get("at", float(at)), event, body) for at, (event, body) in enumerate(lines, start=1))
        )

    def body(self, at: float, name: str, body: dict[str, Any]) -> None:
        self._observations.append(Observation(at, "Pod", name, "MODIFIED", body))

    def step(self, at: float, name: str) -> None:
        self._observations.append(Observation(at, "step", name))

    def answer(self, at: float, name: str, outcome: str, **body: Any) -> None:
        self._observations.append(Observation(at, "answer", name, outcome, {"raw": f"raw {outcome}", **body}))

    def event(self, at: float, pod: str, reason: str, message: str, container: str = "") -> None:
        about = {"name": pod, "fieldPath": f"spec.containers{{{container}}}"}
        body = {"type": "Warning", "reason": reason, "message": message, "involvedObject": about}
        self._observations.append(Observation(at, "Event", f"{pod}.{at}", "ADDED", body))

    def endpoint(self, at: float, pod: str, **conditions: bool) -> None:
        each = {"addresses": ["10.244.0.9"], "conditions": conditions, "targetRef": {"name": pod}}
        self._observations.append(Observation(at, "EndpointSlice", "slice", "MODIFIED", {"endpoints": [each]}))

    def pod(self, at: float, name: str, *, ready: bool | None = None, **containers: dict[str, Any]) -> None:
        """Tell a Pod's status; `containers` by name, with - as _, are what changes of theirs."""
        before = [item.body for item in self.observations if (item.kind, item.name) == ("Pod", name) and item.at <= at]
        body = copy.deepcopy(before[-1]) if before else {"status": {"podIP": "10.244.0.9", "containerStatuses": []}}
        status = body["status"]
        if ready is not None:
            status["conditions"] = [{"type": "Ready", "status": str(ready)}]
        for key, change in containers.items():
            _change(status["containerStatuses"], key.replace("_", "-"), change)
        self._observations.append(Observation(at, "Pod", name, "MODIFIED", body))

    def gone(self, at: float, name: str) -> None:
        self.pod(at, name)
        last = self._observations.pop()
        self._observations.append(Observation(at, "Pod", name, "DELETED", last.body))


def _change(statuses: list[dict[str, Any]], name: str, change: dict[str, Any]) -> None:
    status = next((status for status in statuses if status["name"] == name), None)
    if status is None:
        status = {"name": name, "restartCount": 0, "containerID": f"containerd://{name}-0"}
        statuses.append(status)
    status.update(change)


RUNNING = {"state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def runs() -> dict[str, Any]:
    """A container's status while it runs."""
    return copy.deepcopy(RUNNING)


def cgroup_files(  # noqa: PLR0913 - as many as there are files
    *,
    limit: int | str = "max",
    quota: int | str = "max",
    used: int = 8 << 20,
    cache: int = 0,
    periods: int = 0,
    throttled: int = 0,
    cpu: float = 0.0,
) -> dict[str, str]:
    """Return the files of a cgroup v2: sizes in bytes, the quota in microseconds of 100 ms, seconds of CPU."""
    files = FILES["v2"]
    return {
        files.memory_limit: str(limit),
        files.memory_usage: str(used),
        files.memory_stat: f"inactive_file {cache}\nanon {used - cache}",
        files.cpu_quota: f"{quota} 100000",
        files.cpu_stat: f"usage_usec {int(cpu * 1e6)}\nnr_periods {periods}\nnr_throttled {throttled}",
    }


@pytest.fixture
def files() -> Callable[..., dict[str, str]]:
    return cgroup_files


@pytest.fixture
def cgroup() -> Callable[..., tuple[str, dict[str, Any]]]:
    """A container's report of its cgroup."""
    return lambda **figures: ("cgroup", {"files": cgroup_files(**figures)})
