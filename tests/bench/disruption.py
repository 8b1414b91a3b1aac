"""A thousand visitors chat while Pods are killed and Redis restarts (chaos), or both Deployments are rolled out."""

from collections.abc import Generator
from functools import partial

import cluster
import harness
import loads
import scaled
from figures import Figure, at_least, at_most, figure

CHAOS = loads.Plan(visitors=1000, rate=200, seconds=105, dropping=0.01)
ROLLOUT = loads.Plan(visitors=1000, rate=200, seconds=75)
KILL_EVERY = 10.0
CHAOS_MESSAGES, KILLS, ROLLOUT_MESSAGES = 20_000, 10, 14_000
"""Bounds: at least so many."""


def chaos(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Kill a Pod every ten seconds, and restart Redis once."""
    bench = shared.at("chaos", "scale")
    done = scaled.Disruption()
    harness.progress(f"chaos: {CHAOS.visitors} visitors, a Pod killed every {KILL_EVERY:.0f} s")
    disrupt = partial(scaled.kill_in_turn, bench.settings, done, KILL_EVERY, CHAOS.seed)
    result = loads.play(f"http://127.0.0.1:{cluster.FRONT}", CHAOS, disrupt)
    verdict = result.verdict
    yield _count("Chaos: lost", verdict["lost"], f"{verdict['sent']:,} messages\n{result.note}")
    yield _count("Chaos: doubled", verdict["doubled"])
    yield _count("Chaos: out of order", verdict["out_of_order"] + verdict["strange"])
    yield _count("Chaos: conversations broken", verdict["broken"])
    yield _count("Chaos: ended in an error to the visitor", verdict["failed"])
    note = "from one visitor to another: house cats do not count"
    yield figure("Chaos: accepted", "messages", verdict["accepted"], at_least(CHAOS_MESSAGES), note=note)
    yield figure("Chaos: Pods killed (SIGKILL)", "", len(done.killed), at_least(KILLS))
    yield figure("Chaos: Redis restarted", "", int(done.redis_restarted), at_least(1))
    for name in ("p50", "p99", "most"):
        yield figure(f"Chaos: to the other side, {name}", "ms", verdict[name])


def rollout(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Restart both Deployments once, through the frontends."""
    bench = shared.at("rollout", "scale")
    seconds: list[float] = []
    harness.progress(f"rollout: {ROLLOUT.visitors} visitors, both Deployments restarted")
    result = loads.play(
        f"http://127.0.0.1:{cluster.FRONT}",
        ROLLOUT,
        lambda _over: seconds.append(harness.seconds(lambda: scaled.roll(bench.settings))),
    )
    verdict, retried = result.verdict, result.requests_retried()
    note = f"{verdict['sent']:,} messages; the rollout took {seconds[0]:.0f} s of {ROLLOUT.seconds:.0f}\n{result.note}"
    yield _count("Rolling update: ended in an error to the visitor", verdict["failed"], note)
    requests = "\n".join(f"{times} times {request}" for request, times in list(retried.items())[:5])
    yield _count("Rolling update: requests that failed, though a repetition did not", sum(retried.values()), requests)
    yield _count("Rolling update: conversations broken", verdict["broken"])
    yield _count("Rolling update: lost, doubled, out of order", result.wrong)
    yield figure("Rolling update: accepted", "messages", verdict["accepted"], at_least(ROLLOUT_MESSAGES))
    yield figure("Rolling update: p99 to the other side", "ms", verdict["p99"])


def _count(name: str, value: int, note: str = "") -> Figure:
    """Return the figure of something that is not to happen."""
    return figure(name, "", value, at_most(0), note=note)
