"""A cluster that several families share, and SHAPE=scale on it: kill Pods, restart Redis, roll out."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cluster
import harness
import meters

from lab import docker, waiting
from lab.config import Settings
from lab.kubernetes import client, pod_status

NAMESPACE = "chatroulette"
BACK, FRONT, REDIS = "k8-chatroulette-back", "k8-chatroulette-front", "redis"
ROLLOUT, READY = 180, 60
REDIS_AFTER = 3
"""Redis restarts with this kill."""
SIGKILL = 'pid=$(crictl inspect --output go-template --template "{{.info.pid}}" "$1") && kill -9 "${pid:?}"'
"""On the node: the end of a container's first process is the end of its PID namespace (pid_namespaces(7))."""


@dataclass
class Shared:
    """The benchmarks' own cluster, shared by consecutive families: it comes up when the first needs it."""

    stack: contextlib.ExitStack
    bench: cluster.Bench | None = None

    def at(self, what: str, shape: str) -> cluster.Bench:
        """Return the cluster with everything of this shape ready, and the machine idle."""
        if self.bench is None:
            self.bench = self.stack.enter_context(cluster.running(what))
        harness.progress(f"{what}: SHAPE={shape}")
        self.bench.lab("deploy", "--shape", shape)
        harness.until_answers(cluster.FRONT, "/", timeout=60)
        meters.wait_until_idle()
        return self.bench


@contextlib.contextmanager
def shared() -> Iterator[Shared]:
    """Take the cluster away at the end of the block."""
    with contextlib.ExitStack() as stack:
        yield Shared(stack)


@dataclass
class Disruption:
    """The Pods killed, and whether Redis is another Pod than before."""

    killed: list[str] = field(default_factory=list)
    redis_restarted: bool = False


def kubectl(settings: Settings, *words: str, timeout: float = 60) -> str:
    """Run kubectl in the namespace and return its output."""
    return client.kubectl(settings, "--namespace", NAMESPACE, *words, timeout=timeout).stdout


def ready(settings: Settings, name: str) -> list[dict[str, Any]]:
    """Return the ready Pods of a Deployment or a StatefulSet, in the order of their names."""
    pods = json.loads(kubectl(settings, "get", "pods", "-l", f"app.kubernetes.io/name={name}", "-o", "json"))
    ready_pods = [pod for pod in pods["items"] if pod_status.is_ready(pod) and not pod_status.is_ending(pod)]
    return sorted(ready_pods, key=lambda pod: str(pod["metadata"]["name"]))


def kill(settings: Settings, name: str, draw: random.Random) -> str:
    """Kill all processes of a ready Pod with SIGKILL, then delete it; return its name.

    A deletion alone, even with no grace, would send SIGTERM first and leave the Pod two seconds.
    """
    pods: list[dict[str, Any]] = []

    def check() -> tuple[bool, str]:
        pods[:] = ready(settings, name)
        return bool(pods), f"{len(pods)} ready"

    waiting.until(f"a ready Pod of {name}", check, timeout=READY, interval=1)
    pod = draw.choice(pods)
    for status in filter(pod_status.is_running, pod_status.container_statuses(pod)):
        container = str(status["containerID"]).rpartition("//")[2]
        docker.docker("exec", settings.node, "sh", "-c", SIGKILL, "sh", container)
    kubectl(settings, "delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force", "--wait=false")
    return str(pod["metadata"]["name"])


def kill_in_turn(settings: Settings, done: Disruption, every: float, seed: int, over: threading.Event) -> None:
    """Kill backends and frontends in turn, one every so many seconds, and restart Redis once."""
    draw, began = random.Random(seed), time.monotonic()
    before = _redis(settings)
    while not over.wait(max(0.0, began + every * (len(done.killed) + 1) - time.monotonic())):
        done.killed.append(kill(settings, (BACK, FRONT)[len(done.killed) % 2], draw))
        harness.progress(f"  {done.killed[-1]} is dead")
        if len(done.killed) == REDIS_AFTER:
            kubectl(settings, "delete", "pod", "redis-0", "--wait=false")
            harness.progress("  redis-0 restarts")
    after = _redis(settings)
    done.redis_restarted = bool(before and after) and before != after


def _redis(settings: Settings) -> list[str]:
    return [str(pod["metadata"]["uid"]) for pod in ready(settings, REDIS)]


def roll(settings: Settings) -> None:
    """Restart both Deployments as an update would, and wait for the last Pod."""
    names = [f"deployment/{name}" for name in (BACK, FRONT)]
    kubectl(settings, "rollout", "restart", *names)
    for name in names:
        kubectl(settings, "rollout", "status", name, f"--timeout={ROLLOUT}s", timeout=ROLLOUT + 10)
        harness.progress(f"  {name} is rolled out")
