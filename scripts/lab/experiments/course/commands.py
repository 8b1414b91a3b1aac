"""What the course types, typed: its YAML as printed, its commands, its quantities, and what the cluster says.

Small facts that no other experiment has; ``claims`` draws its verdicts from them too.
"""

from __future__ import annotations

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import shell, waiting
from lab.errors import LabError
from lab.experiments import pods
from lab.experiments.course.expected import EXPECTED
from lab.experiments.course.manifests import cased, minimal, pod, printed
from lab.experiments.results import Exhibit
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed.expecting import Fact, judge
from lab.kubernetes import client, namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.config import Settings
    from lab.experiments.results import ExhibitKind, Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

UNITS, WAITING, GREEDY, RUN, SERVICE = "units", "waiting", "greedy", "mypod", "cats"
SIZES = {"m": "128M", "mi": "128Mi"}
"""The containers of the Pod ``units``, and their memory limits."""
START = 60.0
_SERVER = Text(en="what the API server answered", fr="ce qu’a répondu l’API server")
_FOUND = Text(en="what the command printed", fr="ce que la commande a affiché")
_UNHEARD = ("Unable to connect", "connection refused", "i/o timeout", "TLS handshake", "timed out", "deadline exceeded")
"""What kubectl says where no server heard it: that is no refusal."""
_NO_VERSION = "apiVersion not set"
_MEMORY = ("cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_KEPT = ("grep", "-sH", "", "/sys/fs/cgroup/memory.min", "/sys/fs/cgroup/memory/memory.soft_limit_in_bytes")
_NO_SOFT_LIMIT = 1 << 62
"""cgroup v1 writes none as the largest number of whole pages."""


@dataclass(frozen=True)
class Ground:
    """Where the course is typed: a namespace of its own."""

    settings: Settings
    api: Api
    namespace: str

    def types(self, *words: str, stdin: str | None = None) -> shell.Completed:
        """Run kubectl there; its exit code is what is looked at. Raises LabError where no server heard it."""
        done = client.kubectl(self.settings, "--namespace", self.namespace, *words, check=False, stdin=stdin)
        if done.code and any(said in done.stderr for said in _UNHEARD):
            raise LabError(f"kubectl {words[0]} was not answered: {done.stderr.strip()[:200]}", "try again")
        return done

    def inside(self, container: str, *words: str) -> shell.Completed:
        """Run a command in a container of the Pod ``units``; once more where its output was lost, as ``ways`` says."""
        typed = ("exec", UNITS, "--container", container, "--", *words)
        done = self.types(*typed)
        return done if done.code or done.stdout else self.types(*typed)


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:  # noqa: ARG001 - all are called alike
    """Type it all; raises LabError where the Pods do not come up."""
    begun = begin("course")
    with namespaces.spaces(api, "course") as (namespace,):
        ground = Ground(settings, api, namespace)
        report("starting the course’s Pods")
        pods.create(api, namespace, *_objects())
        ground.types("run", RUN, "--image=busybox")
        with ThreadPoolExecutor(3) as pool:
            told = {name: pool.submit(look, ground) for name, look in _AT_ONCE.items()}
            waiting.until(f"the Pod {UNITS}", lambda: _ready(ground), timeout=START, saw=report)
            told |= {name: pool.submit(look, ground) for name, look in _IN_PODS.items()}
            facts = {name: future.result() for name, future in told.items()}
    return begun.ended(cluster_versions(settings, api), judge(EXPECTED, facts), [])


def _objects() -> list[Object]:
    """Return a Pod of two containers that share a volume, one that is never ready and its Service, a greedy one."""
    asked = {"memory": "16Mi", "cpu": "10m"}
    both = [
        pods.guest("busybox", name, resources={"requests": asked, "limits": {"memory": size}})
        for name, size in SIZES.items()
    ]
    never = pods.Probe(failures=1).fields({"exec": {"command": ["false"]}})
    late = pods.guest("busybox", WAITING, readinessProbe=never)
    greedy = pods.guest("busybox", GREEDY, resources={"requests": {"cpu": "1000"}})
    made = [pods.pod(UNITS, *both, grace=0), pods.pod(WAITING, late, grace=0), pods.pod(GREEDY, greedy, grace=0)]
    return [*made, pods.service(SERVICE, WAITING)]


def _ready(ground: Ground) -> tuple[bool, str]:
    found = ground.api.get(f"/api/v1/namespaces/{ground.namespace}/pods/{UNITS}") or {}
    conditions = {one["type"]: one["status"] for one in found.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True", f"{UNITS}: {found.get('status', {}).get('phase', 'not there')}"


def _taken(text: Callable[[], str], refusal: str = "") -> Callable[[Ground], Fact]:
    """Ask whether the API server takes a manifest, without making anything of it; ``refusal`` is the no ahead."""
    command = ("apply", "--dry-run=server", "-f")

    def look(ground: Ground) -> Fact:
        done = ground.types(*command, "-", stdin=text())
        shown = _exhibit("command", "API server", done, _SERVER, (*command, "pod.yaml"))
        return Fact(_yes(done, refusal), exhibits=(shown,))

    return look


def _yes(done: shell.Completed, *refusal: str) -> str:
    """Say yes, no where it failed with these very words, and whatever else it said where it failed otherwise."""
    if not done.code:
        return "yes"
    return "no" if any(refusal) and all(one in done.stderr for one in refusal) else _failure(done)


def _failure(done: shell.Completed) -> str:
    return " ".join(done.stderr.split())[:200] or f"exit code {done.code}"


def _filled(path: str, text: Callable[[], str]) -> Callable[[Ground], Fact]:
    """Have the API server fill a Pod in, without making it, and read one field, such as ``.status.qosClass``."""
    command = ("apply", "--dry-run=server", "-o", f"jsonpath={{{path}}}", "-f")
    shows = Text(en=f"{path}, as the API server fills it in", fr=f"{path}, tel que l’API server le remplit")

    def look(ground: Ground) -> Fact:
        done = ground.types(*command, "-", stdin=text())
        shown = _exhibit("field", path, done, shows, (*command, "pod.yaml"))
        return Fact(done.stdout.strip(), exhibits=(shown,))

    return look


def _generated(ground: Ground) -> Fact:
    """Compare what kubectl writes with what is printed: by lines, without capitals and our namespace."""
    command = ("run", RUN, "--image=busybox", "--dry-run=client", "-o", "yaml")
    done = ground.types(*command)
    same = _lines(done.stdout) == _lines(printed(RUN))
    return Fact("yes" if same else "no", exhibits=(_exhibit("command", "kubectl", done, _FOUND, command),))


def _lines(text: str) -> set[str]:
    """Return a manifest's lines; older versions of kubectl write an empty creationTimestamp and status too."""
    left_out = ("creationtimestamp: null", "status: {}")
    lines = {line.strip() for line in text.lower().splitlines()}
    return {line for line in lines if line not in left_out and not line.startswith("namespace:")}


def _busybox_ends(ground: Ground) -> Fact:
    ended: Object = {}

    def look() -> tuple[bool, str]:
        nonlocal ended
        found = ground.api.get(f"/api/v1/namespaces/{ground.namespace}/pods/{RUN}") or {}
        (status,) = found.get("status", {}).get("containerStatuses") or [{}]
        ended = status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated") or {}
        return bool(ended), f"{RUN}: {json.dumps(status.get('state', {}))}"

    waiting.until(f"the Pod {RUN} to end", look, timeout=START)
    shows = Text(en="how the container ended", fr="comment le conteneur s’est terminé")
    command = f"kubectl get pod {RUN} -o jsonpath='{{.status.containerStatuses[0]}}'"
    return Fact(str(ended["exitCode"]), exhibits=(Exhibit("status", RUN, json.dumps(ended), shows, command),))


def _reserved(ground: Ground) -> Fact:
    placed: Object = {}

    def look() -> tuple[bool, str]:
        nonlocal placed
        found = ground.api.get(f"/api/v1/namespaces/{ground.namespace}/pods/{GREEDY}") or {}
        conditions = found.get("status", {}).get("conditions") or []
        placed = next((one for one in conditions if one["type"] == "PodScheduled"), {})
        return bool(placed), f"{GREEDY}: the scheduler has said nothing yet"

    waiting.until("the scheduler’s word", look, timeout=START)
    shows = Text(en="what the scheduler says", fr="ce que dit le scheduler")
    shown = Exhibit("status", GREEDY, json.dumps(placed), shows, f"kubectl describe pod {GREEDY}")
    return Fact("yes" if placed.get("reason") == "Unschedulable" else "no", exhibits=(shown,))


def _one_network(ground: Ground) -> Fact:
    command = ("readlink", "/proc/self/ns/net")
    seen = [ground.inside(name, *command) for name in SIZES]
    same = len({one.stdout for one in seen}) == 1 and not any(one.code for one in seen)
    shown = [_within(name, "netns", one, command) for name, one in zip(SIZES, seen, strict=True)]
    return Fact("same" if same else "another", exhibits=tuple(shown))


def _shared_volume(ground: Ground) -> Fact:
    first, second = SIZES
    wrote = ground.inside(first, "cp", "/etc/hostname", "/tmp/shared")  # noqa: S108 - the Pod's own volume
    command = ("cat", "/tmp/shared")  # noqa: S108 - the same
    seen = ground.inside(second, *command)
    shown = _within(second, "command", seen, command)
    return Fact("yes" if not wrote.code and seen.stdout.strip() == UNITS else "no", exhibits=(shown,))


def _finds(program: str) -> Callable[[Ground], Fact]:
    def look(ground: Ground) -> Fact:
        name, command = next(iter(SIZES)), (program, "-c", "echo a shell")
        done = ground.inside(name, *command)
        so = _yes(done, f'"{program}"', "no such file or directory")
        return Fact(so, exhibits=(_within(name, "command", done, command),))

    return look


def _bytes(container: str) -> Callable[[Ground], Fact]:
    """Read a memory limit where the kernel keeps it: one of the two files is there, v2's or v1's."""

    def look(ground: Ground) -> Fact:
        done = ground.inside(container, *_MEMORY)
        return Fact(done.stdout.strip(), exhibits=(_within(container, "cgroup", done, _MEMORY),))

    return look


def _floor(ground: Ground) -> Fact:
    container = next(iter(SIZES))
    done = ground.inside(container, *_KEPT)
    kept = [int(line.rpartition(":")[2]) for line in done.stdout.split()]
    held = "yes" if any(0 < one < _NO_SOFT_LIMIT for one in kept) else "no"
    return Fact(held if kept else _failure(done), exhibits=(_within(container, "cgroup", done, _KEPT),))


def _unready_listed(ground: Ground) -> Fact:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{ground.namespace}/endpointslices"
    found: list[Object] = []

    def look() -> tuple[bool, str]:
        slices = ground.api.items(path, labelSelector=f"kubernetes.io/service-name={SERVICE}")
        found[:] = [one for each in slices for one in each.get("endpoints") or []]
        return bool(found), f"{len(slices)} slices, no endpoint"

    waiting.until("the Service’s EndpointSlice", look, timeout=START)
    text = json.dumps([{key: one.get(key) for key in ("addresses", "conditions")} for one in found])
    shows = Text(en="the endpoint, and whether it is ready", fr="l’endpoint, et s’il est ready")
    shown = Exhibit("endpoints", f"EndpointSlice of {SERVICE}", text, shows, "kubectl get endpointslices -o yaml")
    return Fact("yes" if found[0]["conditions"].get("ready") is False else "no", exhibits=(shown,))


def _within(container: str, kind: ExhibitKind, done: shell.Completed, command: tuple[str, ...]) -> Exhibit:
    words = ("exec", UNITS, "-c", container, "--", *command)
    return _exhibit(kind, f"{UNITS}, container {container}", done, _FOUND, words)


def _exhibit(kind: ExhibitKind, where: str, done: shell.Completed, shows: Text, command: tuple[str, ...]) -> Exhibit:
    said = (done.stdout.strip() or done.stderr.strip())[:2000]
    return Exhibit(kind, where, said, shows, shlex.join(("kubectl", *command)))


_AT_ONCE: Mapping[str, Callable[[Ground], Fact]] = {
    "mypod": _taken(lambda: printed("mypod"), _NO_VERSION),
    "goproxy": _taken(lambda: printed("goproxy"), _NO_VERSION),
    "goproxy-cased": _taken(lambda: cased("goproxy"), 'unknown field "labels"'),
    "database": _taken(lambda: printed("database")),
    "without-api-version": _taken(lambda: pod({"name": "one", "image": "busybox"}, apiVersion=None), _NO_VERSION),
    "no-container": _taken(pod, "spec.containers: Required value"),
    "startup-probe": _taken(minimal(startupProbe={"tcpSocket": {"port": 3000}})),
    "grpc-probe": _taken(minimal(livenessProbe={"grpc": {"port": 3000}})),
    "storage": _taken(minimal(resources={"limits": {"ephemeral-storage": "1Gi"}})),
    "best-effort": _filled(".status.qosClass", minimal()),
    "milli": _filled(".spec.containers[0].resources.requests.cpu", minimal(resources={"requests": {"cpu": "0.1"}})),
    "generated": _generated,
    "busybox-ends": _busybox_ends,
    "reserved": _reserved,
    "unready-listed": _unready_listed,
}
"""What needs no Pod of ours, or waits for one by itself."""
_IN_PODS: Mapping[str, Callable[[Ground], Fact]] = {
    "one-network": _one_network,
    "shared-volume": _shared_volume,
    "shell": _finds("/bin/sh"),
    "no-bash": _finds("/bin/bash"),
    "bytes-m": _bytes("m"),
    "bytes-mi": _bytes("mi"),
    "floor": _floor,
}
"""What is looked at inside the running Pod ``units``."""
