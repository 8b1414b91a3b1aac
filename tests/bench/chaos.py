"""A thousand visitors, twenty thousand messages; a Pod is killed every ten seconds, Redis restarts: what is lost."""

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

PLAN = loads.Plan(visitors=1000, rate=200, seconds=100, dropping=0.01)
EVERY = 10.0


def measure() -> Generator[Figure, None, None]:
    """Play once, through the frontends."""
    loads.many_files()
    with scaled.scaled("chaos") as bench:
        killed: list[int] = []

        def beside(over: threading.Event) -> None:
            killed.append(scaled.kill_in_turn(bench.settings, over, EVERY, PLAN.seed))

        harness.say(f"chaos: {PLAN.visitors} visitors, a Pod killed every {EVERY:.0f} s")
        played = loads.play(f"http://127.0.0.1:{cluster.FRONT}", PLAN, beside)
        yield from _figures(played, killed[0])


def _figures(played: loads.Played, killed: int) -> Generator[Figure, None, None]:
    verdict = played.verdict
    told = f"{verdict['sent']:,} messages, {killed} Pods killed, Redis restarted once"
    yield loads.count("Chaos: lost", verdict["lost"], 0, f"{told}\n{played.note}")
    yield loads.count("Chaos: doubled", verdict["doubled"], 0)
    yield loads.count("Chaos: out of order", verdict["out_of_order"] + verdict["strange"], 0)
    yield loads.count("Chaos: conversations broken", verdict["broken"], 0)
    yield loads.count("Chaos: ended in an error to the visitor", verdict["failed"], 0)
    for name in ("p50", "p99", "most"):
        yield Figure(f"Chaos: to the other side, {name}", "ms", Series("ours", (verdict[name],)))
