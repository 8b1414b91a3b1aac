"""A thousand visitors, twenty thousand messages; a Pod is killed every ten seconds, Redis restarts: what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cluster
import harness
import loads
import scaled
from figures import Bound, Figure, Series

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

PLAN = loads.Plan(visitors=1000, rate=200, seconds=105, dropping=0.01)
EVERY = 10.0
MESSAGES, KILLS = 20_000, 10
"""What was asked for, at least."""


def measure(shared: scaled.Shared) -> Generator[Figure, None, None]:
    """Play once, through the frontends."""
    loads.many_files()
    bench = shared.at("chaos", "scale")
    done: list[scaled.Trouble] = []

    def beside(over: threading.Event) -> None:
        done.append(scaled.kill_in_turn(bench.settings, over, EVERY, PLAN.seed))

    harness.say(f"chaos: {PLAN.visitors} visitors, a Pod killed every {EVERY:.0f} s")
    played = loads.play(f"http://127.0.0.1:{cluster.FRONT}", PLAN, beside)
    yield from _figures(played, done[0] if done else scaled.Trouble())


def _figures(played: loads.Played, done: scaled.Trouble) -> Generator[Figure, None, None]:
    verdict = played.verdict
    yield loads.count("Chaos: lost", verdict["lost"], 0, f"{verdict['sent']:,} messages\n{played.note}")
    yield loads.count("Chaos: doubled", verdict["doubled"], 0)
    yield loads.count("Chaos: out of order", verdict["out_of_order"] + verdict["strange"], 0)
    yield loads.count("Chaos: conversations broken", verdict["broken"], 0)
    yield loads.count("Chaos: ended in an error to the visitor", verdict["failed"], 0)
    yield loads.accepted("Chaos: accepted", verdict, MESSAGES, "from one visitor to another: house cats do not count")
    killed, restarted = Series("ours", (len(done.killed),)), Series("ours", (int(done.redis_restarted),))
    yield Figure("Chaos: Pods killed (SIGKILL)", "", killed, asked=Bound("least", KILLS))
    yield Figure("Chaos: Redis restarted", "", restarted, asked=Bound("least", 1))
    for name in ("p50", "p99", "most"):
        yield Figure(f"Chaos: to the other side, {name}", "ms", Series("ours", (verdict[name],)))
