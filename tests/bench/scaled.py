"""A cluster that several families share, and SHAPE=scale on it: kill Pods, restart Redis, roll out."""

from __future__ import annotations

import contextlib
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cluster
import harness
import meters

from lab import docker, waiting
from lab.kubernetes import client

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from lab.config import Settings

NAMESPACE = "chatroulette"
BACK, FRONT, REDIS = "k8-chatroulette-back", "k8-chatroulette-front", "redis"
ROLLOUT, READY = 180, 60
REDIS_AFTER = 3
"""Redis restarts with this kill."""
SIGKILL = 'pid=$(crictl inspect --output go-template --template "{{.info.pid}}" "$1") && kill -9 "${pid:?}"'
"""On the node: the end of a container's first process is the end of its PID namespace (pid_namespaces(7))."""


@dataclass
class Shared:
    """The benchmarks' own cluster for families that follow one another: it comes up when the first asks for it."""

    stack: contextlib.ExitStack
    bench: cluster.Bench | None = None

    def at(self, what: str, shape: str) -> cluster.Bench:
        """Give the cluster with everything of this shape ready, and the machine at rest."""
        if self.bench is None:
            harness.say(f"{what}: bringing a cluster up")
            bench = self.stack.enter_context(cluster.benchmark_cluster())
            bench.lab("kind-up", timeout=cluster.FIRST)
            self.bench = bench
        harness.say(f"{what}: SHAPE={shape}")
        self.bench.lab("deploy", "--shape", shape)
        harness.until_answers(cluster.FRONT, "/", timeout=60)
        meters.rest()
        return self.bench


@contextlib.contextmanager
def shared() -> Iterator[Shared]:
    """Give what families share, and take the cluster away at the end of the block."""
    with contextlib.ExitStack() as stack:
        yield Shared(stack)


@dataclass
class Trouble:
    """What was done to a cluster: the Pods killed, and whether another Redis is there than before."""

    killed: list[str] = field(default_factory=list)
    redis_restarted: bool = False


def kubectl(settings: Settings, *words: str, timeout: float = 60) -> str:
    """Run kubectl in the namespace and return what it says."""
    return client.kubectl(settings, "--namespace", NAMESPACE, *words, timeout=timeout).stdout


def ready(settings: Settings, name: str) -> list[dict[str, Any]]:
    """Return the ready Pods of a Deployment or a StatefulSet, in the order of their names."""
    found = json.loads(kubectl(settings, "get", "pods", "-l", f"app.kubernetes.io/name={name}", "-o", "json"))
    return sorted((pod for pod in found["items"] if is_ready(pod)), key=lambda pod: str(pod["metadata"]["name"]))


def is_ready(pod: dict[str, Any]) -> bool:
    """Tell whether a Pod is ready, and nobody wants its end."""
    conditions = pod["status"].get("conditions", [])
    so = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return so and "deletionTimestamp" not in pod["metadata"]


def containers(pod: dict[str, Any]) -> list[str]:
    """Return the running containers of a Pod by the number that containerd knows."""
    found = pod["status"].get("containerStatuses", [])
    return [str(one["containerID"]).rpartition("//")[2] for one in found if "running" in one["state"]]


def kill(settings: Settings, name: str, chance: random.Random) -> str:
    """Have a ready Pod die without a word: SIGKILL to all its processes, then it is taken away; return which.

    A deletion alone, even with no grace, would send SIGTERM first and leave the Pod two seconds.
    """
    pods: list[dict[str, Any]] = []

    def look() -> tuple[bool, str]:
        pods[:] = ready(settings, name)
        return bool(pods), f"{len(pods)} ready"

    waiting.until(f"a ready Pod of {name}", look, timeout=READY, interval=1)
    pod = chance.choice(pods)
    for container in containers(pod):
        docker.docker("exec", settings.node, "sh", "-c", SIGKILL, "sh", container)
    kubectl(settings, "delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force", "--wait=false")
    return str(pod["metadata"]["name"])


def kill_in_turn(settings: Settings, over: threading.Event, every: float, seed: int) -> Trouble:
    """Kill a backend, a frontend and so on, one every so many seconds, and restart Redis once; return what was done."""
    chance, done, began = random.Random(seed), Trouble(), time.monotonic()
    before = _redis(settings)
    while not over.wait(max(0.0, began + every * (len(done.killed) + 1) - time.monotonic())):
        done.killed.append(kill(settings, (BACK, FRONT)[len(done.killed) % 2], chance))
        harness.say(f"  {done.killed[-1]} is dead")
        if len(done.killed) == REDIS_AFTER:
            kubectl(settings, "delete", "pod", "redis-0", "--wait=false")
            harness.say("  redis-0 restarts")
    after = _redis(settings)
    done.redis_restarted = bool(before and after) and before != after
    return done


def _redis(settings: Settings) -> list[str]:
    return [str(pod["metadata"]["uid"]) for pod in ready(settings, REDIS)]


def roll(settings: Settings) -> None:
    """Restart both Deployments as an update would, and wait for the last Pod."""
    names = [f"deployment/{name}" for name in (BACK, FRONT)]
    kubectl(settings, "rollout", "restart", *names)
    for name in names:
        kubectl(settings, "rollout", "status", name, f"--timeout={ROLLOUT}s", timeout=ROLLOUT + 10)
        harness.say(f"  {name} is rolled out")
