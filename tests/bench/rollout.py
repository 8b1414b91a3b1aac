"""Both Deployments are rolled out anew while a thousand visitors chat: which requests fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cluster
import harness
import loads
import scaled
from figures import Figure, Series

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

PLAN = loads.Plan(visitors=1000, rate=200, seconds=75)
MESSAGES = 14_000
"""Fewer would say little."""


def measure(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Play once, through the frontends."""
    loads.many_files()
    bench = shared.at("rollout", "scale")
    took: list[float] = []

    def beside(_over: threading.Event) -> None:
        took.append(harness.seconds(lambda: scaled.roll(bench.settings)))

    harness.say(f"rollout: {PLAN.visitors} visitors, both Deployments restarted")
    played = loads.play(f"http://127.0.0.1:{cluster.FRONT}", PLAN, beside)
    yield from _figures(played, took[0])


def _figures(played: loads.Played, took: float) -> Generator[Figure, None, None]:
    verdict, again = played.verdict, played.requests_retried()
    told = f"{verdict['sent']:,} messages; the rollout took {took:.0f} s of {PLAN.seconds:.0f}\n{played.note}"
    yield loads.count("Rolling update: ended in an error to the visitor", verdict["failed"], 0, told)
    seen = "\n".join(f"{times} times {what}" for what, times in list(again.items())[:5])
    yield loads.count("Rolling update: requests that failed, though a repetition did not", sum(again.values()), 0, seen)
    yield loads.count("Rolling update: conversations broken", verdict["broken"], 0)
    yield loads.count("Rolling update: lost, doubled, out of order", played.wrong, 0)
    yield loads.accepted("Rolling update: accepted", verdict, MESSAGES)
    yield Figure("Rolling update: p99 to the other side", "ms", Series("ours", (verdict["p99"],)))
