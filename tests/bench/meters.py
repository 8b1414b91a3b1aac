"""What programs take while something is measured: processes by psutil, containers by what their kubelet counts."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import harness
import psutil

from lab.config import Settings
from lab.kubernetes import client

MIB = 2**20
IDLE_CORES, IDLE_TIMEOUT, SAMPLE_SECONDS = 0.75, 60, 3
"""An idle machine uses so many cores at most; how long it is waited for, and measured."""


@dataclass(frozen=True)
class Use:
    """One reading: memory in MiB, seconds of processor time since the start, and when it was taken, in seconds."""

    mebibytes: float
    cpu_seconds: float
    at: float


@dataclass
class Meter:
    """Readings of several programs by name, `every` so many seconds."""

    read: Callable[[], Mapping[str, Use]]
    every: float
    readings: dict[str, list[Use]] = field(default_factory=dict)

    def read_until(self, over: threading.Event) -> None:
        """Read at the beginning, at intervals, and at the end."""
        done = False
        while not done:
            self._read_once()
            done = over.wait(self.every)
        self._read_once()

    def _read_once(self) -> None:
        for name, use in self.read().items():
            self.readings.setdefault(name, []).append(use)

    def mebibytes(self, name: str) -> float:
        """Return the most memory of all readings."""
        return max(use.mebibytes for use in self.readings[name])

    def cores(self, name: str) -> float:
        """Return the processor time a second, from the first reading to the last."""
        first, last = self.readings[name][0], self.readings[name][-1]
        return (last.cpu_seconds - first.cpu_seconds) / max(last.at - first.at, 1e-3)


def wait_until_idle() -> None:
    """Wait until the machine has finished what it did before, or IDLE_TIMEOUT has passed."""
    deadline = time.monotonic() + IDLE_TIMEOUT
    while (cores := _cores_in_use()) > IDLE_CORES and time.monotonic() < deadline:
        continue
    harness.progress(f"  {cores:.1f} cores are in use before it begins")


def _cores_in_use() -> float:
    return psutil.cpu_percent(SAMPLE_SECONDS) / 100 * (psutil.cpu_count() or 1)


def family(pid: int) -> list[psutil.Process]:
    """Return a process with its children, theirs and so on."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def memory(pid: int) -> tuple[float, float]:
    """Return PSS and RSS in MiB, summed over a process and its children."""
    uses = [process.memory_full_info() for process in family(pid)]
    return sum(use.pss for use in uses) / MIB, sum(use.rss for use in uses) / MIB


def processes(pids: Mapping[str, int]) -> Mapping[str, Use]:
    """Read processes, each with its children; memory is PSS: what two share counts once."""
    return {name: Use(memory(pid)[0], _cpu_seconds(pid), time.monotonic()) for name, pid in pids.items()}


def _cpu_seconds(pid: int) -> float:
    times = [process.cpu_times() for process in family(pid)]
    return sum(time.user + time.system for time in times)


def containers(settings: Settings, namespace: str) -> Mapping[str, Use]:
    """Read the containers of a namespace by name, as the kubelet counts them; memory is the working set."""
    path = f"/api/v1/nodes/{settings.node}/proxy/stats/summary"
    return read_summary(json.loads(client.kubectl(settings, "get", "--raw", path).stdout), namespace)


def read_summary(summary: Mapping[str, Any], namespace: str) -> Mapping[str, Use]:
    """Read what the kubelet's /stats/summary says; containers that it does not know yet are left out.

    Of containers of the same name, as replicas have, the one with the most memory counts.
    """
    uses = [
        (str(container["name"]), _use(container))
        for pod in summary["pods"]
        if pod["podRef"]["namespace"] == namespace
        for container in pod.get("containers", [])
        if "workingSetBytes" in container.get("memory", {}) and "usageCoreNanoSeconds" in container.get("cpu", {})
    ]
    return dict(sorted(uses, key=lambda use: use[1].mebibytes))


def _use(container: Mapping[str, Any]) -> Use:
    at = datetime.fromisoformat(container["cpu"]["time"]).timestamp()
    return Use(container["memory"]["workingSetBytes"] / MIB, container["cpu"]["usageCoreNanoSeconds"] / 1e9, at)
