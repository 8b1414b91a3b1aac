"""Two thousand visitors who chat in one backend, directly and through one frontend: how soon, and at what cost.

In Pods with their limits is what counts (`chat`). As processes on loopback, beside a bare chat (`loopback`), shows what
it costs beside the least that it could, and is not judged.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial

import cluster
import harness
import loads
import meters
import scaled
import services
from figures import Bound, Figure, at_most, figure

PLAN = loads.Plan(visitors=2000, rate=200, seconds=30)
P99, CORES, MEMORY = 100, 1, {"back": 128, "front": 256}
"""Bounds: milliseconds, cores, MiB."""
NAMES = {"back": "backend", "front": "frontend"}


@dataclass(frozen=True)
class Measured:
    """One load, and what each of the two services took meanwhile."""

    result: loads.Result
    meter: meters.Meter

    @property
    def p99(self) -> float:
        """In milliseconds."""
        return float(self.result.verdict["p99"])


def on_loopback() -> Generator[Figure, None, None]:
    """Play against processes three times: a bare chat, the backend, the backend through the frontend."""
    meters.wait_until_idle()
    floor = services.gunicorn_app("bare_chat:app", "--worker-connections=5000", name="a bare chat")
    with floor.running("/") as pid:
        bare = _play(floor.name, floor.port, {"back": pid})
    back = services.service("backend")
    with back.running("/livez") as pid:
        direct = _play("the backend", back.port, {"back": pid})
    front = services.service("frontend", back.port)
    with back.running("/livez") as pid, front.running("/livez") as front_pid:
        through = _play("the backend through the frontend", front.port, {"back": pid, "front": front_pid})
    yield from _figures("processes", direct, through, bare)


def in_pods(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Play against Pods twice: the backend, the backend through the frontend."""
    bench = shared.at("chat", "app")
    read = partial(meters.containers, bench.settings, scaled.NAMESPACE)
    direct = _measure("the backend's Pod", cluster.BACK, meters.Meter(read, 5))
    meters.wait_until_idle()
    through = _measure("the backend's Pod through the frontend's", cluster.FRONT, meters.Meter(read, 5))
    yield from _figures("Pods", direct, through)


def _figures(where: str, direct: Measured, through: Measured, bare: Measured | None = None) -> Iterator[Figure]:
    """Yield latency, faults and cost; beside them the floor, where there is one."""
    load = f"{PLAN.visitors:,} visitors, {PLAN.rate:.0f} messages/s, {where}"
    floor = {"bare chat": bare.p99} if bare else {}
    bound = _bound(P99, where)
    yield figure(f"p99 to the other side; {load}", "ms", direct.p99, bound, beside=floor, note=direct.result.note)
    name, beside = f"The same through one frontend, {where}", {"directly": direct.p99}
    yield figure(name, "ms", through.p99, bound, beside=beside, note=through.result.note)
    yield figure(f"Wrong in both, {where}", "", direct.result.wrong + through.result.wrong, at_most(0))
    for service, measured, least in (("back", direct, bare), ("back", through, None), ("front", through, None)):
        path = "directly" if measured is direct else "through the frontend"
        yield from _costs(
            service, f"{NAMES[service]}, {path}, {where}", where, measured.meter, least.meter if least else None
        )


def _costs(service: str, what: str, where: str, meter: meters.Meter, bare: meters.Meter | None) -> Iterator[Figure]:
    memory = {"bare chat": bare.mebibytes(service)} if bare else {}
    cores = {"bare chat": bare.cores(service)} if bare else {}
    kind, bound = "PSS" if where == "processes" else "working set", _bound(MEMORY[service], where)
    yield figure(f"Memory: {what}", "MiB", meter.mebibytes(service), bound, beside=memory, note=kind)
    yield figure(f"CPU: {what}", "cores", meter.cores(service), _bound(CORES, where), beside=cores)


def _bound(most: float, where: str) -> Bound | None:
    """Only Pods have limits, and bounds."""
    return at_most(most) if where == "Pods" else None


def _play(what: str, port: int, pids: dict[str, int]) -> Measured:
    return _measure(what, port, meters.Meter(partial(meters.processes, pids), 1))


def _measure(what: str, port: int, meter: meters.Meter) -> Measured:
    harness.progress(f"chat: {what}")
    return Measured(loads.play(f"http://127.0.0.1:{port}", PLAN, meter.read_until), meter)
