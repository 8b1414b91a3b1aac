"""The cluster: how long to the page, again with nothing changed, and from a change of code to its answer.

Everything is made under names and ports of its own and removed whatever happens: a lab in use is not touched.
"""

import contextlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import harness
import yaml
from figures import Bound, Figure, at_most, figure, number

from lab import config, docker, registry_access, shell, waiting
from lab.cluster import docker_daemon, preflight
from lab.cluster.node_image import build
from lab.kubernetes import client

NAME, FLOOR = "cats-bench", "cats-bench-floor"
FRONT, BACK = 32080, 32030
CREATES, AGAINS, HELPS, CHANGES = 3, 5, 10, 3
FIRST, UP, COMMAND = 2700, 400, 300
"""Timeouts in seconds: of a first kind-up with nothing cached, a cached one, and every other command."""
_KUBELET = "kind: KubeletConfiguration\nfailCgroupV1: false\n"


@dataclass(frozen=True)
class Bench:
    """The cluster that is measured, through the lab's own commands."""

    env: dict[str, str]

    @property
    def settings(self) -> config.Settings:
        """What the lab's commands read."""
        return config.load({**os.environ, **self.env})

    def lab(self, *words: str, timeout: float = COMMAND) -> None:
        """Run a command of the lab."""
        shell.run([Path(sys.prefix) / "bin" / "lab", *words], timeout=timeout, env=self.env)

    def up(self) -> float:
        """Do what a person does, until the page answers; return how long the first of the two commands took."""
        first = harness.seconds(lambda: self.lab("kind-up", timeout=UP))
        self.lab("deploy")
        harness.until_answers(FRONT, "/", timeout=60)
        return first

    def down(self) -> None:
        """Delete the cluster, keep its caches, and start Docker again where that ended it."""
        self.lab("kind-down")
        self.docker()

    def docker(self) -> None:
        """Start Docker where needed: with its last container the lab stops its own."""
        harness.prepare_docker(self.settings)


def measure() -> Generator[Figure, None, None]:
    """Bring the cluster up once unmeasured, so that everything is cached; then measure."""
    with running("cluster") as bench:
        bench.up()
        yield _help()
        yield _again(bench)
        yield _change(bench)
        bench.down()
        yield _create(bench)


@contextlib.contextmanager
def running(family: str) -> Iterator[Bench]:
    """Bring a cluster up under names, ports and a kubeconfig of its own; remove everything made under them."""
    with harness.folder() as work:
        ports = {"LAB_FRONT_PORT": str(FRONT), "LAB_BACK_PORT": str(BACK)}
        bench = Bench({"LAB_CLUSTER": NAME, **ports, "KUBECONFIG": str(work / "kubeconfig"), "NO_COLOR": "1"})
        had_docker = bool(preflight.find_program("docker")) and docker.answers()
        bench.docker()
        try:
            harness.progress(f"{family}: bringing a cluster up")
            bench.lab("kind-up", timeout=FIRST)
            yield bench
        finally:
            _remove(bench)
            if not had_docker:
                docker_daemon.stop(bench.settings)


def _remove(bench: Bench) -> None:
    bench.down()
    shell.run(["docker", "volume", "rm", bench.settings.registry], timeout=60, check=False)
    shutil.rmtree(bench.settings.cache / "mirrors" / NAME, ignore_errors=True)


def _help() -> Figure:
    harness.progress("cluster: lab --help")
    lab = [str(Path(sys.prefix) / "bin" / "lab"), "--help"]
    floor = [sys.executable, "-c", "import click"]
    ours, beside = harness.alternate(HELPS, lambda: _timed(lab), lambda: _timed(floor))
    return figure("lab --help", "s", ours, at_most(0.3), beside={"import click": beside})


def _again(bench: Bench) -> Figure:
    """Do both commands again; beside them kubectl compares the same manifests with the cluster, and changes nothing."""
    harness.progress("cluster: kind-up and deploy again, nothing changed")
    words = client.kubectl_command(bench.settings, "apply", "--dry-run=server", "-f", str(config.ROOT / "k8s" / "pods"))
    ours, beside = harness.alternate(AGAINS, lambda: harness.seconds(bench.up), lambda: _timed(words))
    name = "kind-up + deploy again, nothing changed"
    return figure(name, "s", ours, at_most(3), beside={"kubectl apply, dry run": beside})


def _change(bench: Bench) -> Figure:
    """Change a line in a copy of the project and deploy from there; beside it `kind load` of that same image."""
    with harness.copy("backend/Dockerfile", "frontend/Dockerfile") as copy:
        harness.progress("cluster: a line changed, to its answer")
        _deploy(bench, copy)
        ours, beside = harness.alternate(CHANGES, lambda: _deploy_change(bench, copy), lambda: _kind_load(bench, copy))
    return figure("A line changed to the new Pod's answer", "s", ours, beside={"kind load of it alone": beside})


def _deploy_change(bench: Bench, copy: harness.Copy) -> float:
    before = _build_time()
    with (copy.root / "backend" / "app.py").open("a") as code:
        code.write("# changed\n")
    return harness.seconds(lambda: _until_newer(bench, copy, before))


def _until_newer(bench: Bench, copy: harness.Copy, before: str) -> None:
    _deploy(bench, copy)
    waiting.until("the changed code", lambda: ((now := _build_time()) > before, now), timeout=60, interval=0.05)


def _deploy(bench: Bench, copy: harness.Copy) -> None:
    program = "from lab.cli import main; main()"
    shell.run([sys.executable, "-c", program, "deploy"], timeout=COMMAND, env={**bench.env, **copy.env}, cwd=copy.root)


def _build_time() -> str:
    return str(json.loads(harness.until_answers(BACK, "/version", timeout=60))["build_time"])


def _kind_load(bench: Bench, copy: harness.Copy) -> float:
    """Load the newest image of the copy, with another label: kind would find the very same one on the node already."""
    words = ("--quiet", "--filter", f"label={copy.label}", "k8-chatroulette-back")
    newest = docker.docker("image", "ls", *words).split()[0]
    tag = f"{NAME}-load:{os.urandom(6).hex()}"
    dockerfile = f"FROM {newest}\nLABEL {NAME}={tag}\n"
    shell.run(["docker", "build", "--quiet", "--tag", tag, "-"], stdin=dockerfile, timeout=60)
    kind = str(_kind(bench.settings))
    return _timed([kind, "load", "docker-image", tag, "--name", NAME])


def _create(bench: Bench) -> Figure:
    ups: list[float] = []
    ours, beside = harness.alternate(CREATES, lambda: _create_ours(bench, ups), lambda: _create_bare(bench))
    name, bound = "kind-up + deploy, everything cached, to the page", Bound("times the floor", 1.5)
    note = f"kind-up alone {number(statistics.median(ups), 's')} s"
    return figure(name, "s", ours, bound, beside={"bare kind create --wait": beside}, note=note)


def _create_ours(bench: Bench, ups: list[float]) -> float:
    harness.progress("cluster: kind-up and deploy, everything cached")
    seconds = harness.seconds(lambda: ups.append(bench.up()))
    bench.down()
    return seconds


def _create_bare(bench: Bench) -> float:
    """Create a cluster of the same node image with the same kind, with nothing of ours in it."""
    harness.progress("cluster: bare kind create cluster")
    kind = str(_kind(bench.settings))
    with harness.folder() as work:
        (work / "config.yaml").write_text(yaml.safe_dump(bare_config(bench.settings)))
        own = ["--name", FLOOR, "--kubeconfig", str(work / "kubeconfig")]
        try:
            return _timed([kind, "create", "cluster", *own, "--config", str(work / "config.yaml"), "--wait", "120s"])
        finally:
            shell.run([kind, "delete", "cluster", *own], timeout=COMMAND)


def bare_config(settings: config.Settings) -> dict[str, object]:
    """Return the least that kind needs: the node image, which has its own network, and permission to use cgroup v1."""
    least: dict[str, object] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kubeadmConfigPatches": [_KUBELET],
    }
    if registry_access.published(settings):
        return least
    node = {"role": "control-plane", "image": build.reference()}
    return {**least, "nodes": [node], "networking": {"disableDefaultCNI": True}}


def _kind(settings: config.Settings) -> Path:
    return build.tools(settings)["kind"]


def _timed(argv: list[str]) -> float:
    return harness.seconds(lambda: shell.run(argv, timeout=COMMAND))
