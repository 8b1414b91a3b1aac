"""A pytest plugin: one kind cluster a run, a namespace a test, and on failure a dump of what was in it.

Load it with ``-p lab.testing``, or ``pytest_plugins = ["lab.testing"]`` in the topmost conftest. The cluster is brought
up and taken down by the lab's own commands, with its own name, ports and kubeconfig: one that is in use is untouched.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from lab import config, shell
from lab.errors import LabError
from lab.experiments import catalog, parallel
from lab.experiments.results import Claim, Experiment
from lab.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from lab.experiments.results import Cell, Expectation, Flip

    _Judged = Cell | Flip | Expectation | Claim

UP, DOWN, COMMAND = 1500, 180, 300
DUMPED = (
    ("get", "all", "-o", "wide"),
    ("get", "events", "--sort-by=.lastTimestamp"),
    ("describe", "pods"),
)


@dataclass(frozen=True)
class Cluster:
    """The run's cluster: its settings, and the lab's commands for it."""

    env: dict[str, str]

    @property
    def settings(self) -> config.Settings:
        """The settings that the lab's commands read."""
        return config.load(self.env)

    def lab(self, *words: str, timeout: float = COMMAND, check: bool = True) -> shell.Completed:
        """Run a command of the lab, such as ``lab deploy``, on this cluster."""
        program = Path(sys.prefix) / "bin" / "lab"
        return shell.run([program, *words], timeout=timeout, check=check, env=self.env)

    def kubectl(
        self, *words: str, timeout: float = 60, check: bool = True, stdin: str | None = None
    ) -> shell.Completed:
        """Run kubectl on this cluster."""
        return client.kubectl(self.settings, *words, timeout=timeout, check=check, stdin=stdin)


class Found(dict[str, Experiment]):
    """What the experiments found, by their ids; asking for one that could not be run fails with its words."""

    def __init__(self) -> None:
        """Begin with nothing; ``words`` are of those that could not be run."""
        super().__init__()
        self.words: dict[str, str] = {}

    def __missing__(self, name: str) -> Experiment:
        """Fail the test that asks."""
        pytest.fail(f"{name}: {self.words.get(name, 'it was not run')}")


@dataclass(frozen=True)
class Namespace:
    """A namespace that is a test's own."""

    name: str
    cluster: Cluster

    def kubectl(
        self, *words: str, timeout: float = 60, check: bool = True, stdin: str | None = None
    ) -> shell.Completed:
        """Run kubectl in this namespace."""
        return self.cluster.kubectl("--namespace", self.name, *words, timeout=timeout, check=check, stdin=stdin)

    def dump(self) -> str:
        """Tell everything that helps to see why a test failed; what cannot be had is said to be."""
        pods, _ = self._asked("get", "pods", "-o", "name")
        logs = [("logs", pod, "--all-containers", "--prefix", "--tail=30") for pod in pods.split()]
        return "\n\n".join(f"$ kubectl {' '.join(words)}\n{''.join(self._asked(*words))}" for words in (*DUMPED, *logs))

    def _asked(self, *words: str) -> tuple[str, str]:
        """Return what kubectl found, and what went wrong."""
        try:
            done = self.kubectl(*words, check=False, timeout=20)
        except (LabError, OSError) as error:
            return "", str(error)
        return done.stdout, done.stderr


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("kind", "a kind cluster for tests")
    group.addoption("--keep-cluster", action="store_true", help="leave the tests' cluster up, for the next run")
    group.addoption("--cluster", default="cats-test", help="the tests' cluster (default: cats-test)")
    group.addoption("--cluster-ports", default="31080,31030", help="its two ports on this computer")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for the whole run, up; taken down at the end unless it is to be kept."""
    front, back = request.config.getoption("--cluster-ports").split(",")
    made = Cluster(
        {
            "LAB_CLUSTER": request.config.getoption("--cluster"),
            "LAB_FRONT_PORT": front,
            "LAB_BACK_PORT": back,
            "KUBECONFIG": str(tmp_path_factory.mktemp("kube") / "config"),
            "NO_COLOR": "1",
        }
    )
    with running(made, keep=request.config.getoption("--keep-cluster")):
        yield made


@contextmanager
def running(made: Cluster, *, keep: bool) -> Iterator[None]:
    """Bring a cluster up, and take it down unless it is to be kept: also one that only came up in parts."""
    try:
        made.lab("kind-up", timeout=UP)
        yield
    finally:
        if not keep:
            made.lab("kind-down", timeout=DOWN)


@pytest.fixture(scope="session")
def aloud(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return what writes on standard error although pytest captures that: a test that passes shows nothing else."""

    def write(text: str) -> None:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stderr.write(text)

    return write


def read(done: shell.Completed) -> list[Experiment]:
    """Return what `lab experiment --json` found; raises LabError with its words where it found nothing."""
    try:
        found = msgspec.json.decode(done.stdout, type=list[Experiment] | Experiment)
    except msgspec.DecodeError:
        raise LabError(f"no experiment, but: {done.stdout[-2000:]}{done.stderr[-2000:]}") from None
    return found if isinstance(found, list) else [found]


def settled(made: Cluster, first: Sequence[Experiment], timeout: float, aloud: Callable[[str], None]) -> Found:
    """Return what all experiments found; one that disagreed or did not run is run once more, alone: twice is a failure.

    Five at a time are a crowd, and it was late then. What was run again, and why, is told whatever becomes of it.
    """
    before = {one.experiment: one for one in first}
    found = Found()
    for name in catalog.CATALOGUE:
        one = before.get(name)
        if one and one.agrees:
            found[name] = one
            continue
        told = disagreements(one) if one else "  it did not run"
        aloud(f"\n{name} is run once more, alone, for beside the others:\n{told}\n")
        try:
            (found[name],) = read(made.lab("experiment", name, "--json", timeout=timeout, check=False))
        except LabError as error:
            found.words[name] = error.what
    return found


def disagreements(found: Experiment, most: int = 10) -> str:
    """Tell what disagrees, the first of it: what was predicted, what was measured, and its detail."""
    every: tuple[_Judged, ...] = (*found.cells, *found.flips, *found.expectations, *found.claims)
    wrong = [_sides(one) for one in every if not one.agrees]
    lines = [f"  {name}: {sides}" for name, sides in zip(parallel.disagreements(found), wrong, strict=True)]
    return "\n".join([*lines[:most], *([f"  and {len(lines) - most} more"] if len(lines) > most else [])])


def _sides(one: _Judged) -> str:
    if isinstance(one, Claim):
        return f"{one.verdict}, {one.because.en}"
    return f"predicted {one.predicted}, measured {one.measured}"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[Namespace]:
    """Yield a namespace of the test's own; it is removed afterwards, whatever happened."""
    api = client.api(cluster.settings)
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].split(" ")[0]
    meta = {"generateName": "test-", "labels": {"chatroulette.lab/test": "true"}, "annotations": {"test": test}}
    name = api.call("POST", "/api/v1/namespaces", {"metadata": meta})["metadata"]["name"]
    yield Namespace(name, cluster)
    api.delete(f"/api/v1/namespaces/{name}", propagationPolicy="Background")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Attach what is in a failed test's namespace to its report."""
    report = yield
    mine = getattr(item, "funcargs", {}).get("namespace")
    if report.failed and report.when == "call" and isinstance(mine, Namespace):
        report.sections.append((f"namespace {mine.name}", mine.dump()))
    return report
