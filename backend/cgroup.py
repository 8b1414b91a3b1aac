"""What the kernel allows this container and counts about it: cgroup v1 and v2.

Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html,
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/scheduler/sched-bwc.html
"""

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


class _Files:
    """The files of the cgroups of this process, each hierarchy below its own mount; none is required to exist."""

    def __init__(self, root: Path, proc: Path) -> None:
        self.root = root
        rows = [line.split(":", 2) for line in (_text(proc / "self" / "cgroup") or "").splitlines()]
        self.paths = {name: row[2] for row in rows if len(row) > 2 for name in row[1].split(",")}  # noqa: PLR2004
        """Each controller's path; version 2 has the one controller "", whose mount is the root itself."""

    def text(self, controller: str, name: str) -> str:
        """Look below the path first: without a cgroup namespace the mount shows the host's whole tree."""
        mount = self.root / controller
        texts = (_text(place / name) for place in (mount / self.paths.get(controller, "/").lstrip("/"), mount))
        return next((text for text in texts if text is not None), "")

    def number(self, controller: str, name: str) -> int | None:
        return _number(self.text(controller, name))

    def table(self, controller: str, name: str) -> dict[str, int]:
        pairs = (line.split() for line in self.text(controller, name).splitlines())
        numbers = ((pair[0], _number(pair[1])) for pair in pairs if len(pair) > 1)
        return {key: number for key, number in numbers if number is not None}


def read(root: Path = ROOT, proc: Path = PROC) -> Usage:
    """Return this process's figures; whatever cannot be read is null."""
    files = _Files(root, proc)
    if (root / "cgroup.controllers").exists():
        return _read_v2(files)
    return _read_v1(files) if (root / "memory").exists() or (root / "cpu").exists() else Usage(None)


def oom_kills() -> int | None:
    return read().memory.oom_kills


def _read_v2(files: _Files) -> Usage:
    stat, used = files.table("", "cpu.stat"), files.number("", "memory.current")
    quota, _, period = files.text("", "cpu.max").strip().partition(" ")
    cpu = Cpu(
        _cores(_number(quota), _number(period)),
        _scaled(stat.get("usage_usec"), 1e6),
        stat.get("nr_periods"),
        stat.get("nr_throttled"),
        _scaled(stat.get("throttled_usec"), 1e6),
    )
    inactive = files.table("", "memory.stat").get("inactive_file")
    kills = files.table("", "memory.events").get("oom_kill")
    return Usage(2, cpu, Memory(files.number("", "memory.max"), used, _working_set(used, inactive), kills))


def _read_v1(files: _Files) -> Usage:
    stat, used = files.table("cpu", "cpu.stat"), files.number("memory", "memory.usage_in_bytes")
    cpu = Cpu(
        _cores(files.number("cpu", "cpu.cfs_quota_us"), files.number("cpu", "cpu.cfs_period_us")),
        _scaled(files.number("cpuacct", "cpuacct.usage"), 1e9),
        stat.get("nr_periods"),
        stat.get("nr_throttled"),
        _scaled(stat.get("throttled_time"), 1e9),
    )
    limit = files.number("memory", "memory.limit_in_bytes")
    inactive = files.table("memory", "memory.stat").get("total_inactive_file")
    kills = files.table("memory", "memory.oom_control").get("oom_kill")
    bounded = limit if limit is not None and limit < V1_UNLIMITED else None
    return Usage(1, cpu, Memory(bounded, used, _working_set(used, inactive), kills))


def _cores(quota: int | None, period: int | None) -> float | None:
    """Return the limit; a quota of -1 (version 1) or "max" (version 2) is none."""
    return round(quota / period, 3) if quota and period and quota > 0 else None


def _working_set(used: int | None, inactive_file: int | None) -> int | None:
    """Count as the kubelet does: use without the file cache that could be dropped at once."""
    return None if used is None or inactive_file is None else max(0, used - inactive_file)


def _scaled(count: int | None, unit: float) -> float | None:
    return None if count is None else round(count / unit, 6)


def _number(text: str) -> int | None:
    try:
        return int(text.strip())
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
