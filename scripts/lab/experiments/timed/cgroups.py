"""What a container's requests and limits become in its cgroup, and what the cgroup says of it. Pure; v1 and v2.

The kubelet's rules: https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/cm/helpers_linux.go
The files: https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lab.experiments.timed.effort import FILES, ROOT
from lab.kubernetes import quantities

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = Literal["v1", "v2"]
PAGE = 4096
PERIOD = 100_000
"""Microseconds: the kubelet's `cpuCFSQuotaPeriod`, whose default is 100 ms."""
_LEAST_QUOTA = 1000
_LEAST_SHARES, _MOST_SHARES = 2, 262_144
_NO_LIMIT = 1 << 62
"""cgroup v1 writes "no limit" as the largest number of whole pages, near 2^63."""


@dataclass(frozen=True)
class Given:
    """What a cgroup allows: memory in bytes, CPU time in microseconds a period; None is no limit.

    ``weights`` are what its weight may be: shares on v1; on v2 by the older or the newer formula of runc.
    """

    memory: int | None
    quota: int | None
    weights: frozenset[int]


@dataclass(frozen=True)
class Cgroup:
    """What a container's cgroup said at one moment. Sizes are bytes, CPU time is seconds.

    ``anonymous`` is what programs took for themselves: no file's content, which could be read again.
    """

    version: Version
    given: Given
    memory: int
    inactive_file: int
    anonymous: int
    cpu: float
    periods: int
    throttled: int
    throttled_seconds: float
    oom_kills: int

    @property
    def working_set(self) -> int:
        """What counts as used memory, here as for `kubectl top`: all of it but file cache that nobody used lately."""
        return max(0, self.memory - self.inactive_file)


def given(resources: Mapping[str, Any], version: Version, page: int = PAGE) -> Given:
    """Predict what a container's ``resources`` become: no request means the limit; memory is whole pages."""
    limits = resources.get("limits") or {}
    requests = {**limits, **(resources.get("requests") or {})}
    memory, cpu = (limits.get(name) for name in ("memory", "cpu"))
    asked = shares(quantities.millicores(requests["cpu"]) if "cpu" in requests else 0)
    return Given(
        memory=quantities.size(memory) // page * page if memory else None,
        quota=quota(quantities.millicores(cpu)) if cpu else None,
        weights=frozenset({asked}) if version == "v1" else frozenset({_older_weight(asked), _newer_weight(asked)}),
    )


def quota(millicores: int) -> int:
    """Return the CPU time a period that a limit gives, in microseconds; a hundredth of a core at the least."""
    return max(_LEAST_QUOTA, millicores * PERIOD // 1000)


def shares(millicores: int) -> int:
    """Return the shares that a request gives; 1024 a core."""
    return min(_MOST_SHARES, max(_LEAST_SHARES, millicores * 1024 // 1000))


def _older_weight(asked: int) -> int:
    """Follow KEP 2254: a straight line from 2..262144 to 1..10000."""
    return 1 + (asked - 2) * 9999 // 262_142


def _newer_weight(asked: int) -> int:
    """Follow runc 1.3.2: a curve by which 1024 shares are the weight 100, both defaults.

    https://github.com/opencontainers/cgroups/pull/20
    """
    log = math.log2(asked)
    return math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34))


def read(files: Mapping[str, str]) -> Cgroup:
    """Understand the files of a container's cgroup, by their names below /sys/fs/cgroup; raises KeyError."""
    return _v2(files) if "memory.max" in files else _v1(files)


def printed(text: str) -> dict[str, str]:
    """Take apart what `grep -sH '' FILE…` prints: each line of each file behind the file's name."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.removeprefix(f"{ROOT}/"), []).append(value)
    return {name: "\n".join(lines) for name, lines in found.items()}


PRINT = ("grep", "-sH", "", *(f"{ROOT}/{name}" for name in FILES))
"""The command that prints them in a container without Python; it ends with 2, as half of the files never exist."""


def throttling(before: Cgroup, after: Cgroup) -> float:
    """Return which part of the periods between the two was cut short, 0 to 1."""
    periods = after.periods - before.periods
    return (after.throttled - before.throttled) / periods if periods else 0.0


def names(version: Version) -> dict[str, str]:
    """Return where that version keeps the memory limit, the CPU limit and the throttling, in full."""
    files = {
        "v1": {"memory": "memory/memory.limit_in_bytes", "quota": "cpu/cpu.cfs_quota_us", "stat": "cpu/cpu.stat"},
        "v2": {"memory": "memory.max", "quota": "cpu.max", "stat": "cpu.stat"},
    }[version]
    return {key: f"{ROOT}/{name}" for key, name in files.items()}


def _v1(files: Mapping[str, str]) -> Cgroup:
    stat, cpu = _table(files["memory/memory.stat"]), _table(files["cpu/cpu.stat"])
    quota_us, limit = int(files["cpu/cpu.cfs_quota_us"]), int(files["memory/memory.limit_in_bytes"])
    return Cgroup(
        version="v1",
        given=Given(
            memory=limit if limit < _NO_LIMIT else None,
            quota=quota_us if quota_us > 0 else None,
            weights=frozenset({int(files["cpu/cpu.shares"])}),
        ),
        memory=int(files["memory/memory.usage_in_bytes"]),
        inactive_file=stat["total_inactive_file"],
        anonymous=stat["total_rss"],
        cpu=int(files["cpuacct/cpuacct.usage"]) / 1e9,
        periods=cpu["nr_periods"],
        throttled=cpu["nr_throttled"],
        throttled_seconds=cpu["throttled_time"] / 1e9,
        oom_kills=_table(files["memory/memory.oom_control"]).get("oom_kill", 0),
    )


def _v2(files: Mapping[str, str]) -> Cgroup:
    cpu, (quota_us, period) = _table(files["cpu.stat"]), files["cpu.max"].split()
    return Cgroup(
        version="v2",
        given=Given(
            memory=None if files["memory.max"] == "max" else int(files["memory.max"]),
            quota=None if quota_us == "max" else int(quota_us) * PERIOD // int(period),
            weights=frozenset({int(files["cpu.weight"])}),
        ),
        memory=int(files["memory.current"]),
        inactive_file=_table(files["memory.stat"])["inactive_file"],
        anonymous=_table(files["memory.stat"])["anon"],
        cpu=cpu["usage_usec"] / 1e6,
        periods=cpu["nr_periods"],
        throttled=cpu["nr_throttled"],
        throttled_seconds=cpu["throttled_usec"] / 1e6,
        oom_kills=_table(files["memory.events"])["oom_kill"],
    )


def _table(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in pairs if len(words) == 2}  # noqa: PLR2004 - a name and a number
