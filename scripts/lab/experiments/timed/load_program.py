"""Uses CPU, memory and disk as ordered, and reports its own cgroup meanwhile: each event is a line of JSON.

This file runs inside containers, `python3 -I -c SOURCE ORDER`: standard library only, Python 3.9 or later. It ends by
itself. The order's fields are those of `lab.experiments.timed.load_generator.Order`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20
STATS = ("total_inactive_file", "inactive_file", "total_cache", "file", "total_rss", "anon")
"""The lines of memory.stat that are reported; there are fifty."""


def report(event: str, **body: object) -> None:
    """Print one line: the time (seconds since 1970), the event, and what goes with it."""
    sys.stdout.write(json.dumps({"at": time.time(), "event": event, **body}) + "\n")
    sys.stdout.flush()


def report_cgroup(paths: list[str]) -> None:
    """Report the text of the files that there are, of memory.stat a few lines."""
    contents = {}
    for path in paths:
        try:
            lines = Path(path).read_text().strip().splitlines()
        except OSError:
            continue
        counted = path.endswith("memory.stat")
        contents[path] = "\n".join(line for line in lines if not counted or line.split(" ", 1)[0] in STATS)
    report("cgroup", files=contents)


def take(mebibytes: int, pause: float, paths: list[str]) -> list[bytes]:
    """Take memory one mebibyte after the other, and touch it; the caller keeps it.

    Every second one is reported, so that the last report before a kill is near to it on a busy machine too.
    """
    blocks = []
    for number in range(mebibytes):
        blocks.append(os.urandom(1) * MEBIBYTE)
        if number % 2:
            report_cgroup(paths)
        time.sleep(pause)
    return blocks


def take_in_child(mebibytes: int, paths: list[str]) -> None:
    """Have another process take the memory, and report how that process ended: `signal` 9 is a kill."""
    pid = os.fork()
    if pid == 0:
        take(mebibytes, 0.01, paths)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    report("child ended", signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)


def write(path: str, mebibytes: int) -> None:
    with Path(path).open("wb") as file:
        file.writelines(os.urandom(1) * MEBIBYTE for _ in range(mebibytes))
        file.flush()
        os.fsync(file.fileno())
    report("wrote", mebibytes=mebibytes)


def burn(seconds: float) -> None:
    """Work until so much CPU time is used by this process, and report how long that took."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < seconds:
        sum(range(2000))
    report("worked", cpu=time.process_time() - used, wall=time.monotonic() - began)


def spin(cores: float, seconds: float) -> None:
    """Use that share of a core, in slices of a tenth of a second, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began, used = time.monotonic(), time.thread_time()
        while time.thread_time() - used < cores / 10:
            sum(range(2000))
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


def report_repeatedly(every: float, paths: list[str]) -> None:
    while True:
        report_cgroup(paths)
        time.sleep(every)


def main(order: dict[str, Any]) -> None:
    """Use memory, a file, CPU, in this order; then wait for the end."""
    marker = Path(order["once"]) if order["once"] else None
    again = marker is not None and marker.exists()
    score = Path("/proc/self/oom_score_adj").read_text().strip()
    report("began", oom_score_adj=score, page=os.sysconf("SC_PAGE_SIZE"))
    end = time.monotonic() + order["seconds"]
    if marker:
        marker.touch()
    if order["child"] and not again:
        take_in_child(order["child"], order["paths"])
    threading.Thread(target=report_repeatedly, args=(order["every"], order["paths"]), daemon=True).start()
    blocks = [] if again else take(order["take"], order["pause"], order["paths"])
    if order["file"]:
        write(order["path"], order["file"])
    report_cgroup(order["paths"])
    report("ready")
    if order["burn"]:
        burn(order["burn"])
    if order["cores"]:
        spin(order["cores"], end - time.monotonic())
    time.sleep(max(0.0, end - time.monotonic()))
    report("ended", held=len(blocks))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
