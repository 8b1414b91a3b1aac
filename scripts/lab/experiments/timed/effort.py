"""Takes CPU, memory and disk to order, and says meanwhile what its own cgroup holds: a line of JSON each time.

This file runs inside containers, `python3 -I -c SOURCE ORDER`: standard library only, Python 3.9 or later. It ends by
itself. The order's fields are those of `lab.experiments.timed.loads.Order`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

MEBIBYTE = 1 << 20
ROOT = "/sys/fs/cgroup"
FILES = (
    "memory/memory.limit_in_bytes",
    "memory/memory.usage_in_bytes",
    "memory/memory.stat",
    "memory/memory.oom_control",
    "cpu/cpu.cfs_quota_us",
    "cpu/cpu.cfs_period_us",
    "cpu/cpu.shares",
    "cpu/cpu.stat",
    "cpuacct/cpuacct.usage",
    "memory.max",
    "memory.current",
    "memory.stat",
    "memory.events",
    "cpu.max",
    "cpu.weight",
    "cpu.stat",
)
"""Where cgroup v1 (the first nine) and v2 keep what a container is given and what it uses, below `ROOT`."""
_TOLD = ("total_inactive_file", "inactive_file", "total_cache", "file", "total_rss", "anon")
"""The lines of memory.stat that count here; there are fifty."""


def cgroup() -> dict[str, str]:
    """Read the files that there are, their text unchanged; of memory.stat a few lines."""
    found = {}
    for name in FILES:
        try:
            text = Path(ROOT, name).read_text()
        except OSError:
            continue
        found[name] = _short(text) if name.endswith("memory.stat") else text.strip()
    return found


def _short(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.split(" ", 1)[0] in _TOLD)


def say(what: str, **more: object) -> None:
    """Print one line: when (seconds since 1970), what, and what goes with it."""
    sys.stdout.write(json.dumps({"at": time.time(), "says": what, **more}) + "\n")
    sys.stdout.flush()


def take(mebibytes: int, pause: float) -> list[bytes]:
    """Take memory one mebibyte after the other, and touch it; the caller keeps it. Every second one is said.

    Said here, and not by the clock alone, so that the last word before a kill is near to it on a busy machine too.
    """
    held = []
    for number in range(mebibytes):
        held.append(os.urandom(1) * MEBIBYTE)
        if number % 2:
            say("cgroup", files=cgroup())
        time.sleep(pause)
    return held


def burn(seconds: float) -> None:
    """Work until so much CPU time is used by this process, and say how long that took."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < seconds:
        sum(range(2000))
    say("worked", cpu=time.process_time() - used, wall=time.monotonic() - began)


def spin(cores: float, seconds: float) -> None:
    """Use that share of a core, in slices of a tenth of a second, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began, used = time.monotonic(), time.thread_time()
        while time.thread_time() - used < cores / 10:
            sum(range(2000))
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


def write(path: str, mebibytes: int) -> None:
    """Write a file of that size."""
    with Path(path).open("wb") as target:
        target.writelines(os.urandom(1) * MEBIBYTE for _ in range(mebibytes))
        target.flush()
        os.fsync(target.fileno())
    say("wrote", path=path, mebibytes=mebibytes)


def child(mebibytes: int) -> None:
    """Have another process take the memory, and say how that process ended: `signal` 9 is a kill."""
    born = os.fork()
    if born == 0:
        take(mebibytes, 0.01)
        os._exit(0)
    _, status = os.waitpid(born, 0)
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    say("child ended", signal=signal)


def _tick(every: float) -> None:
    while True:
        say("cgroup", files=cgroup())
        time.sleep(every)


def main(order: dict[str, float | str]) -> None:
    """Do as ordered: memory, a file, CPU, in this order; then wait for the end."""
    marker = str(order.get("once", ""))
    again = bool(marker) and Path(marker).exists()
    oom_score_adj = Path("/proc/self/oom_score_adj").read_text().strip()
    say("began", pid=os.getpid(), again=again, oom_score_adj=oom_score_adj, page=os.sysconf("SC_PAGE_SIZE"))
    end = time.monotonic() + float(order["seconds"])
    if marker:
        Path(marker).touch()
    if not again and order.get("child"):
        child(int(order["child"]))
    threading.Thread(target=_tick, args=(float(order["every"]),), daemon=True).start()
    held = [] if again else take(int(order.get("take", 0)), float(order.get("pause", 0)))
    if order.get("file"):
        write(str(order["path"]), int(order["file"]))
    say("cgroup", files=cgroup())
    say("ready")
    if order.get("burn"):
        burn(float(order["burn"]))
    if order.get("cores"):
        spin(float(order["cores"]), end - time.monotonic())
    time.sleep(max(0.0, end - time.monotonic()))
    say("ended", held=len(held))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
