"""Commands of the lab that are killed at random moments, two at a time: nothing ends in a traceback or is left broken.

``LAB_KILLS`` is how many (20), ``LAB_KILLS_SEED`` which,
``LAB_KILLS_RECOVER`` after how many one is run to its end (2).
What was drawn is written to standard error.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.testing import UP_SECONDS, Cluster, running

COUNT, SEED = int(os.environ.get("LAB_KILLS", "20")), int(os.environ.get("LAB_KILLS_SEED", "1"))
RECOVER = int(os.environ.get("LAB_KILLS_RECOVER", "2"))
"""After how many kills a command is run to its end; the ones between meet what was left, and are killed too."""
SPANS = {
    ("kind-up",): 25.0,
    ("deploy",): 20.0,
    ("deploy", "--shape", "app"): 20.0,
    ("undeploy",): 6.0,
    ("status",): 4.0,
    ("verify",): 12.0,
    ("experiment", "limits"): 20.0,
    ("kind-down",): 6.0,
}
"""Commands, and within how many seconds each is killed."""
WEIGHTS = (4, 4, 3, 3, 2, 2, 1, 2)
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOPPED = {-signal.SIGKILL, -signal.SIGHUP, -signal.SIGTERM, -signal.SIGINT, 0, 1, 2, 130}
FOREIGN = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "prod", "cluster": {"server": "https://192.0.2.1:6443"}}],
    "users": [{"name": "prod", "user": {"token": "012"}}],
    "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "prod", "namespace": "on"}}],
    "current-context": "prod",
}
STAGING = "# mine\napiVersion: v1\nkind: Config\ncontexts: [{name: staging, context: {cluster: s, user: s}}]\n"


@dataclass(frozen=True)
class Victim:
    words: tuple[str, ...]
    after: float
    sign: signal.Signals

    def __str__(self) -> str:
        return f"{self.sign.name} to `lab {' '.join(self.words)}` after {self.after:.1f} s"

    @classmethod
    def draw(cls, chance: random.Random) -> "Victim":
        (words,) = chance.choices(list(SPANS), WEIGHTS)
        return cls(words, chance.uniform(0, SPANS[words]), chance.choice(SIGNALS))


@dataclass(frozen=True)
class Home:
    """A kubeconfig list with contexts of other clusters."""

    folder: Path

    def __post_init__(self) -> None:
        """Write what no command may change."""
        (self.folder / "config").write_text(yaml.safe_dump(FOREIGN))
        (self.folder / "staging").write_text(STAGING)

    @property
    def kubeconfig(self) -> str:
        return f"{self.folder / 'config'}:{self.folder / 'staging'}"

    def check(self, context: str) -> None:
        assert (self.folder / "staging").read_text() == STAGING
        config = yaml.safe_load((self.folder / "config").read_text())
        for key in ("clusters", "users", "contexts"):
            config[key] = [entry for entry in config[key] if entry["name"] != context]
        assert config == FOREIGN


def kill_all(cluster: Cluster, victims: list[Victim], folder: Path) -> None:
    """Run commands side by side, each in a process group of its own, and send each its signal at its moment."""
    program, began = Path(sys.prefix) / "bin" / "lab", time.monotonic()
    outputs = [(folder / f"{number}.out").open("w+") for number in range(len(victims))]
    processes = [
        subprocess.Popen(
            [program, *victim.words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **cluster.env},
            start_new_session=True,
        )
        for victim, output in zip(victims, outputs, strict=True)
    ]
    ordered = sorted(zip(victims, processes, strict=True), key=lambda pair: pair[0].after)
    for victim, process in ordered:
        time.sleep(max(0.0, began + victim.after - time.monotonic()))
        if process.poll() is None:
            os.killpg(process.pid, victim.sign)
    for victim, process, output in zip(victims, processes, outputs, strict=True):
        code = process.wait(60)
        with output:
            output.seek(0)
            text = output.read()
        assert "Traceback" not in text, f"{victim}\n{text}"
        assert code in STOPPED, f"{victim}: {code}\n{text}"


def recover(cluster: Cluster, victim: Victim) -> None:
    """The same command, run again after what it needs, does its work."""
    down = victim.words == ("kind-down",)
    needed = {("verify",): [("deploy",)]}.get(victim.words, [])
    for words in [victim.words] if down else [("kind-up",), *needed, victim.words]:
        done = cluster.lab(*words, timeout=UP_SECONDS, check=False)
        assert "Traceback" not in done.stdout + done.stderr, f"{victim}, then {words}\n{done.stdout}{done.stderr}"
        assert done.code == 0, f"{victim}, then {words}: {done.code}\n{done.stdout}{done.stderr}"


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_whatever_is_killed_the_next_run_recovers(tmp_path: Path, write_stderr: Callable[[str], None]) -> None:
    home = Home(tmp_path)
    ports = {"LAB_FRONT_PORT": os.environ.get("LAB_FRONT_PORT", "31082")}
    ports["LAB_BACK_PORT"] = os.environ.get("LAB_BACK_PORT", "31032")
    name = os.environ.get("LAB_CLUSTER", "cats-kills")
    cluster = Cluster({"LAB_CLUSTER": name, **ports, "KUBECONFIG": home.kubeconfig, "NO_COLOR": "1"})
    chance = random.Random(SEED)
    with running(cluster, keep=False):
        for number in range(0, COUNT, 2):
            victims = [Victim.draw(chance), Victim.draw(chance)]
            write_stderr(f"\n{number}: {'; '.join(map(str, victims))}")
            kill_all(cluster, victims, tmp_path)
            home.check(cluster.settings.context)
            if number % RECOVER == RECOVER - 2:
                recover(cluster, victims[0])
                write_stderr(": recovered")
                home.check(cluster.settings.context)
