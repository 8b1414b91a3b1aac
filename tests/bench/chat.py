"""Two thousand visitors who chat in one backend, directly and through one frontend: how soon, and at what cost.

In Pods with their limits is what counts (`chat`). As processes on loopback, beside a bare chat (`loopback`), shows what
it costs beside the least that it could, and is not judged.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cluster
import harness
import loads
import meters
import scaled
import services
from figures import Bound, Figure, Series

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

PLAN = loads.Plan(visitors=2000, rate=200, seconds=30)
P99, CORES, MEMORY = 100, 1, {"back": 128, "front": 256}
"""What was asked for: milliseconds, cores, MiB."""
NAMES = {"back": "backend", "front": "frontend"}
BARE = ("--no-control-socket", "--worker-class=gevent", "--worker-connections=5000", "bare_chat:app")


@dataclass(frozen=True)
class Seen:
    """One load, and what each of the two services took meanwhile."""

    played: loads.Played
    meter: meters.Meter

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return float(self.played.verdict["p99"])


def on_loopback() -> Generator[Figure, None, None]:
    """Play against processes three times: a bare chat, the backend, the backend through the frontend."""
    loads.many_files()
    meters.rest()
    with _bare() as (port, pids):
        bare = _play("a bare chat", port, pids)
    with services.running("backend") as (port, pid):
        direct = _play("the backend", port, {"back": pid})
    with services.running("backend") as (back, pid), services.running("frontend", back) as (port, other):
        through = _play("the backend through the frontend", port, {"back": pid, "front": other})
    yield from _figures("processes", direct, through, bare)


def in_pods(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Play against Pods twice: the backend, the backend through the frontend."""
    loads.many_files()
    bench = shared.at("chat", "app")
    look = partial(meters.containers, bench.settings, scaled.NAMESPACE)
    direct = _played("the backend's Pod", cluster.BACK, meters.Meter(look, 5))
    meters.rest()
    through = _played("the backend's Pod through the frontend's", cluster.FRONT, meters.Meter(look, 5))
    yield from _figures("Pods", direct, through)


def _figures(where: str, direct: Seen, through: Seen, bare: Seen | None = None) -> Iterator[Figure]:
    """Give how soon, what was wrong, and what it took; beside them the floor, where there is one."""
    talk = f"{PLAN.visitors:,} visitors, {PLAN.rate:.0f} messages/s, {where}"
    floor = (Series("bare chat", (bare.p99,)),) if bare else ()
    ours, asked = Series("ours", (direct.p99,)), _asked(P99, where)
    yield Figure(f"p99 to the other side; {talk}", "ms", ours, floor, asked, direct.played.note)
    both, beside = Series("ours", (through.p99,)), (Series("directly", (direct.p99,)),)
    yield Figure(f"The same through one frontend, {where}", "ms", both, beside, asked, through.played.note)
    yield loads.count(f"Wrong in both, {where}", direct.played.wrong + through.played.wrong, 0)
    for name, seen, least in (("back", direct, bare), ("back", through, None), ("front", through, None)):
        yield from _costs(name, "directly" if seen is direct else "through the frontend", where, seen, least)


def _costs(name: str, how: str, where: str, seen: Seen, bare: Seen | None) -> Iterator[Figure]:
    meter, what = seen.meter, f"{NAMES[name]}, {how}, {where}"
    memory = (Series("bare chat", (bare.meter.mebibytes(name),)),) if bare else ()
    cores = (Series("bare chat", (bare.meter.cores(name),)),) if bare else ()
    counted = "PSS" if where == "processes" else "working set"
    most = _asked(MEMORY[name], where)
    yield Figure(f"Memory: {what}", "MiB", Series("ours", (meter.mebibytes(name),)), memory, most, counted)
    yield Figure(f"CPU: {what}", "cores", Series("ours", (meter.cores(name),)), cores, _asked(CORES, where))


def _asked(most: float, where: str) -> Bound | None:
    """Judge what is in Pods: the limits, and what was asked for, are theirs."""
    return Bound("most", most) if where == "Pods" else None


def _play(what: str, port: int, pids: dict[str, int]) -> Seen:
    return _played(what, port, meters.Meter(partial(meters.processes, pids), 1))


def _played(what: str, port: int, meter: meters.Meter) -> Seen:
    harness.say(f"chat: {what}")
    return Seen(loads.play(f"http://127.0.0.1:{port}", PLAN, meter.watch), meter)


@contextlib.contextmanager
def _bare() -> Iterator[tuple[int, dict[str, int]]]:
    port = harness.free_port()
    words = [*BARE[:-1], "--chdir", str(Path(__file__).parent), "--bind", f"127.0.0.1:{port}", BARE[-1]]
    with harness.serving([sys.executable, "-m", "gunicorn", *words], {}) as pid:
        harness.until_answers(port, "/", timeout=20)
        yield port, {"back": pid}
