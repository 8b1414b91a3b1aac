"""What programs take while something is measured: processes by /proc, containers by what their kubelet counts."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
import services

from lab.kubernetes import client

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from lab.config import Settings

MIB = 2**20
IDLE_CORES, IDLE_TIMEOUT, SAMPLE_SECONDS = 0.75, 60, 3
"""An idle machine uses so many cores at most; how long it is waited for, and measured."""
_TICKS = os.sysconf("SC_CLK_TCK")


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
    before = _processor_times()
    time.sleep(SAMPLE_SECONDS)
    return busy_share(before, _processor_times()) * (os.cpu_count() or 1)


def _processor_times() -> list[int]:
    return [int(column) for column in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]


def busy_share(before: list[int], after: list[int]) -> float:
    """Return which part of the time between two readings of /proc/stat's first line was not idle (proc_stat(5))."""
    spent = [later - sooner for sooner, later in zip(before, after, strict=True)]
    return 1 - (spent[3] + spent[4]) / max(sum(spent), 1)


def processes(pids: Mapping[str, int]) -> Mapping[str, Use]:
    """Read processes, each with its children; memory is PSS: what two share counts once."""
    return {name: Use(services.memory(pid)[0], _cpu(pid), time.monotonic()) for name, pid in pids.items()}


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


def _cpu(pid: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    pids = (pid, *services.children(pid))
    stats = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in pids]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS
