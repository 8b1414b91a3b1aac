"""SHAPE=scale on a cluster: bring it up, take Pods of it away."""

from __future__ import annotations

import contextlib
import json
import random
from typing import TYPE_CHECKING

import cluster
import harness

from lab import kube, waiting

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from lab.config import Settings

NAMESPACE = "chatroulette"
BACK, FRONT = "k8-chatroulette-back", "k8-chatroulette-front"
ROLLOUT, READY = 180, 60


@contextlib.contextmanager
def scaled(what: str) -> Iterator[cluster.Bench]:
    """Give a cluster of the benchmarks' own with three backends, two frontends and a Redis."""
    with cluster.benchmark_cluster() as bench:
        harness.say(f"{what}: bringing a cluster up, SHAPE=scale")
        bench.lab("kind-up", timeout=cluster.FIRST)
        bench.lab("deploy", "--shape", "scale")
        harness.until_answers(cluster.FRONT, "/", timeout=60)
        yield bench


def kubectl(settings: Settings, *words: str, timeout: float = 60) -> str:
    """Run kubectl in the namespace and return what it says."""
    return kube.kubectl(settings, "--namespace", NAMESPACE, *words, timeout=timeout).stdout


def ready(settings: Settings, name: str) -> list[str]:
    """Return the names of the ready Pods of a Deployment, in order."""
    found = json.loads(kubectl(settings, "get", "pods", "-l", f"app.kubernetes.io/name={name}", "-o", "json"))
    return sorted(
        pod["metadata"]["name"]
        for pod in found["items"]
        if "deletionTimestamp" not in pod["metadata"]
        and any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    )


def kill(settings: Settings, name: str, chance: random.Random) -> str:
    """Take a ready Pod away at once, as when its node is gone; return which. Its processes get SIGKILL."""
    said = waiting.until(f"a ready Pod of {name}", lambda: _any(ready(settings, name)), timeout=READY, every=1)
    pod = chance.choice(said.split())
    kubectl(settings, "delete", "pod", pod, "--grace-period=0", "--force", "--wait=false")
    return pod


def _any(names: list[str]) -> tuple[bool, str]:
    return bool(names), " ".join(names)


def kill_in_turn(settings: Settings, over: threading.Event, every: float, seed: int) -> int:
    """Kill a backend, a frontend and so on, one every so many seconds, and restart Redis once; return how many."""
    chance, killed = random.Random(seed), 0
    while not over.wait(every):
        pod = kill(settings, (BACK, FRONT)[killed % 2], chance)
        killed += 1
        harness.say(f"  {pod} is gone")
        if killed == 3:
            kubectl(settings, "delete", "pod", "redis-0", "--wait=false")
            harness.say("  redis-0 restarts")
    return killed


def roll(settings: Settings) -> None:
    """Restart both Deployments as an update would, and wait for the last Pod."""
    names = [f"deployment/{name}" for name in (BACK, FRONT)]
    kubectl(settings, "rollout", "restart", *names)
    for name in names:
        kubectl(settings, "rollout", "status", name, f"--timeout={ROLLOUT}s", timeout=ROLLOUT + 10)
        harness.say(f"  {name} is rolled out")
