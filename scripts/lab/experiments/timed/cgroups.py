"""What a container's limits become in its cgroup, and what the cgroup reports of its use. Pure; versions 1 and 2.

The kubelet's rules: https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/cm/helpers_linux.go
The files: https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from lab.kubernetes import quantities
from lab.kubernetes.objects import Object

Version = Literal["v1", "v2"]
PAGE = 4096
_PERIOD = 100_000
"""Microseconds: the kubelet's `cpuCFSQuotaPeriod`, whose default is 100 ms."""
_MIN_QUOTA = 1000
_NO_LIMIT = 1 << 62
"""cgroup v1 writes "no limit" as the largest number of whole pages, near 2^63."""


class Files(NamedTuple):
    """The paths of a cgroup's files as its container sees them."""

    memory_limit: str
    memory_usage: str
    memory_stat: str
    cpu_quota: str
    cpu_stat: str
    cpu_usage: str


FILES: Mapping[Version, Files] = {
    "v1": Files(
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
        "/sys/fs/cgroup/cpu/cpu.stat",
        "/sys/fs/cgroup/cpuacct/cpuacct.usage",
    ),
    "v2": Files(
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory.current",
        "/sys/fs/cgroup/memory.stat",
        "/sys/fs/cgroup/cpu.max",
        "/sys/fs/cgroup/cpu.stat",
        "/sys/fs/cgroup/cpu.stat",
    ),
}


@dataclass(frozen=True)
class Limits:
    """What a cgroup allows: memory in bytes, CPU time in microseconds of every 100 ms; None is no limit."""

    memory: int | None
    quota: int | None


@dataclass(frozen=True)
class Cgroup:
    """What a container's cgroup reported at one moment. Sizes are bytes, ``cpu`` is seconds.

    ``anonymous`` is what programs took for themselves: no file's content, which could be read again.
    """

    limits: Limits
    memory: int
    inactive_file: int
    anonymous: int
    cpu: float
    periods: int
    throttled: int

    @property
    def working_set(self) -> int:
        """What counts as used memory, here as for `kubectl top`: all of it but file cache that nobody used lately."""
        return max(0, self.memory - self.inactive_file)


def limits(resources: Object, page: int = PAGE) -> Limits:
    """Predict what a container's ``resources`` become; memory is whole pages."""
    memory, cpu = (resources.get("limits", {}).get(name) for name in ("memory", "cpu"))
    return Limits(
        memory=quantities.size(memory) // page * page if memory else None,
        quota=max(_MIN_QUOTA, quantities.millicores(cpu) * _PERIOD // 1000) if cpu else None,
    )


def read(contents: Mapping[str, str]) -> Cgroup:
    """Parse the files of a container's cgroup, whose keys are their paths; raises KeyError where one is missing."""
    version: Version = "v2" if FILES["v2"].memory_limit in contents else "v1"
    files = FILES[version]
    memory, cpu = _table(contents[files.memory_stat]), _table(contents[files.cpu_stat])
    return Cgroup(
        limits=Limits(_memory_limit(contents[files.memory_limit]), _quota(contents[files.cpu_quota])),
        memory=int(contents[files.memory_usage]),
        inactive_file=memory["inactive_file" if version == "v2" else "total_inactive_file"],
        anonymous=memory["anon" if version == "v2" else "total_rss"],
        cpu=cpu["usage_usec"] / 1e6 if version == "v2" else int(contents[files.cpu_usage]) / 1e9,
        periods=cpu["nr_periods"],
        throttled=cpu["nr_throttled"],
    )


def print_command(version: Version) -> tuple[str, ...]:
    """Return a command that prints the files in a container without Python."""
    return ("grep", "-H", "", *sorted({*FILES[version]}))


def parse_printed(output: str) -> dict[str, str]:
    """Parse what ``print_command`` prints: each line of each file behind the file's path."""
    contents: dict[str, list[str]] = {}
    for line in output.splitlines():
        path, _, value = line.partition(":")
        contents.setdefault(path, []).append(value)
    return {path: "\n".join(lines) for path, lines in contents.items()}


def _memory_limit(text: str) -> int | None:
    return None if text == "max" or int(text) >= _NO_LIMIT else int(text)


def _quota(text: str) -> int | None:
    """Parse v1's ``cpu.cfs_quota_us``, whose period is the kubelet's, or v2's ``cpu.max``: quota and period."""
    quota, _, period = text.partition(" ")
    return None if quota in {"max", "-1"} else int(quota) * _PERIOD // int(period or _PERIOD)


def _table(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in pairs if len(words) == 2}  # noqa: PLR2004 - a name and a number
