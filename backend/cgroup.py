"""What the kernel allows this container and counts about it: cgroup v1 and v2.

Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html,
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/scheduler/sched-bwc.html
"""

from __future__ import annotations

from pathlib import Path

import msgspec

ROOT = Path("/sys/fs/cgroup")
PROC = Path("/proc")

V1_UNLIMITED = 1 << 60
"""Cgroup v1 writes "no limit" as the largest multiple of the page size; no machine has that much."""


class Cpu(msgspec.Struct, frozen=True):
    """`limit_cores` is null without a limit; throttling counts scheduler periods (100 ms by default)."""

    limit_cores: float | None = None
    used_seconds: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_seconds: float | None = None


class Memory(msgspec.Struct, frozen=True):
    """`limit_bytes` is null without a limit; `working_set_bytes` is what `kubectl top` shows."""

    limit_bytes: int | None = None
    used_bytes: int | None = None
    working_set_bytes: int | None = None
    oom_kills: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """One reading; `version` is null where no cgroup file system is seen."""

    version: int | None
    cpu: Cpu = Cpu()
    memory: Memory = Memory()


Files = dict[str, str]
"""A cgroup's files, each name with its text; a file that is not there is absent."""

V2_FILES = ("cpu.max", "cpu.stat", "memory.max", "memory.current", "memory.stat", "memory.events")
V1_FILES = {
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat"),
    "cpuacct": ("cpuacct.usage",),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "memory.oom_control"),
}


def read(root: Path = ROOT, proc: Path = PROC) -> Usage:
    """Return this process's figures; whatever cannot be read is null."""
    paths = parse_paths(_text(proc / "self" / "cgroup") or "")
    if (root / "cgroup.controllers").exists():
        return parse_v2(_files(_places(root, paths.get("", "/")), V2_FILES))
    files: Files = {}
    for controller, names in V1_FILES.items():
        files |= _files(_places(root / controller, paths.get(controller, "/")), names)
    return parse_v1(files) if files else Usage(None)


def parse_paths(text: str) -> dict[str, str]:
    """Return each controller's path from the text of `/proc/self/cgroup`; version 2 has the one controller ""."""
    rows = [line.split(":", 2) for line in text.splitlines() if line.count(":") > 1]
    return {name: path for _, names, path in rows for name in names.split(",")}


def parse_v2(files: Files) -> Usage:
    """Return the figures in the files of a version 2 cgroup."""
    stat, used = _table(files.get("cpu.stat")), _number(files.get("memory.current"))
    cpu = Cpu(
        _v2_cores(files.get("cpu.max", "")),
        _scaled(stat.get("usage_usec"), 1e6),
        stat.get("nr_periods"),
        stat.get("nr_throttled"),
        _scaled(stat.get("throttled_usec"), 1e6),
    )
    inactive = _table(files.get("memory.stat")).get("inactive_file")
    kills = _table(files.get("memory.events")).get("oom_kill")
    return Usage(2, cpu, Memory(_number(files.get("memory.max")), used, _working_set(used, inactive), kills))


def parse_v1(files: Files) -> Usage:
    """Return the figures in the files of a version 1 container: three hierarchies put together."""
    stat, used = _table(files.get("cpu.stat")), _number(files.get("memory.usage_in_bytes"))
    cpu = Cpu(
        _cores(_number(files.get("cpu.cfs_quota_us")), _number(files.get("cpu.cfs_period_us"))),
        _scaled(_number(files.get("cpuacct.usage")), 1e9),
        stat.get("nr_periods"),
        stat.get("nr_throttled"),
        _scaled(stat.get("throttled_time"), 1e9),
    )
    limit = _number(files.get("memory.limit_in_bytes"))
    inactive = _table(files.get("memory.stat")).get("total_inactive_file")
    kills = _table(files.get("memory.oom_control")).get("oom_kill")
    bounded = limit if limit is not None and limit < V1_UNLIMITED else None
    return Usage(1, cpu, Memory(bounded, used, _working_set(used, inactive), kills))


def _v2_cores(text: str) -> float | None:
    quota, _, period = text.strip().partition(" ")
    return _cores(_number(quota), _number(period))


def _cores(quota: int | None, period: int | None) -> float | None:
    """Return the limit; a quota of -1 (version 1) or "max" (version 2) is none."""
    return round(quota / period, 3) if quota and period and quota > 0 else None


def _working_set(used: int | None, inactive_file: int | None) -> int | None:
    """Count as the kubelet does: use without the file cache that could be dropped at once."""
    return None if used is None or inactive_file is None else max(0, used - inactive_file)


def _scaled(count: int | None, unit: float) -> float | None:
    return None if count is None else round(count / unit, 6)


def _number(text: str | None) -> int | None:
    try:
        return int((text or "").strip())
    except ValueError:
        return None


def _table(text: str | None) -> dict[str, int]:
    pairs = (line.split() for line in (text or "").splitlines())
    numbers = ((pair[0], _number(pair[1])) for pair in pairs if len(pair) > 1)
    return {name: number for name, number in numbers if number is not None}


def _places(mount: Path, path: str) -> list[Path]:
    """Return where to look: without a cgroup namespace under the mount, else the mount shows just this cgroup."""
    return [mount / path.lstrip("/"), mount]


def _files(places: list[Path], names: tuple[str, ...]) -> Files:
    texts = {name: next((t for place in places if (t := _text(place / name)) is not None), None) for name in names}
    return {name: text for name, text in texts.items() if text is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def oom_kills() -> int | None:
    """Return how often the kernel has killed in this container's cgroup."""
    return read().memory.oom_kills
