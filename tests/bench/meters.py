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
REST, REST_WITHIN, LOOK = 0.75, 60, 3
"""Cores that a machine at rest has in use at most; seconds that are waited for it, and that a look takes."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """One reading: memory in MiB, seconds of processor time since the start, and when it was taken, in seconds."""

    mebibytes: float
    cpu_seconds: float
    at: float


@dataclass
class Meter:
    """Looks every so many seconds, at the beginning and at the end too; each program has a name."""

    look: Callable[[], Mapping[str, Use]]
    every: float
    seen: dict[str, list[Use]] = field(default_factory=dict)

    def watch(self, over: threading.Event) -> None:
        """Look until it is over."""
        self._note()
        while not over.wait(self.every):
            self._note()
        self._note()

    def _note(self) -> None:
        for name, use in self.look().items():
            self.seen.setdefault(name, []).append(use)

    def mebibytes(self, name: str) -> float:
        """Return the most memory that was seen."""
        return max(use.mebibytes for use in self.seen[name])

    def cores(self, name: str) -> float:
        """Return the processor time a second, from the first reading to the last."""
        first, last = self.seen[name][0], self.seen[name][-1]
        return (last.cpu_seconds - first.cpu_seconds) / max(last.at - first.at, 1e-3)


def rest() -> None:
    """Wait until the machine has done what was asked of it before; says so where it does not come to rest in time."""
    deadline = time.monotonic() + REST_WITHIN
    while (cores := _in_use()) > REST and time.monotonic() < deadline:
        continue
    harness.say(f"  {cores:.1f} cores are in use before it begins")


def _in_use() -> float:
    before = _processor()
    time.sleep(LOOK)
    return in_use(before, _processor()) * (os.cpu_count() or 1)


def _processor() -> list[int]:
    return [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]


def in_use(before: list[int], after: list[int]) -> float:
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
    found = [
        (str(one["name"]), _use(one))
        for pod in summary["pods"]
        if pod["podRef"]["namespace"] == namespace
        for one in pod.get("containers", [])
        if "workingSetBytes" in one.get("memory", {}) and "usageCoreNanoSeconds" in one.get("cpu", {})
    ]
    return dict(sorted(found, key=lambda pair: pair[1].mebibytes))


def _use(container: Mapping[str, Any]) -> Use:
    at = datetime.fromisoformat(container["cpu"]["time"]).timestamp()
    return Use(container["memory"]["workingSetBytes"] / MIB, container["cpu"]["usageCoreNanoSeconds"] / 1e9, at)


def _cpu(pid: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in (pid, *services.children(pid))]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS
