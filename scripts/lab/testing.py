"""A pytest plugin: one kind cluster a run, a namespace a test, and on failure a dump of what was in it.

Load it with ``-p lab.testing``, or ``pytest_plugins = ["lab.testing"]`` in the topmost conftest. The cluster is brought
up and taken down by the lab's own commands, with its own name, ports and kubeconfig: one that is in use is untouched.
"""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lab import config, shell
from lab.errors import LabError
from lab.experiments import catalog, results
from lab.experiments.results import Cell, Claim, Expectation, Experiment, Flip
from lab.kubernetes import client

_Checked = Cell | Flip | Expectation | Claim


UP_SECONDS, DOWN_SECONDS, COMMAND_SECONDS = 1500, 180, 300
DUMP = (
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
        return config.load(self.env)

    def lab(self, *args: str, timeout: float = COMMAND_SECONDS, check: bool = True) -> shell.Completed:
        program = Path(sys.prefix) / "bin" / "lab"
        return shell.run([program, *args], timeout=timeout, check=check, env=self.env)

    def kubectl(self, *args: str, timeout: float = 60, check: bool = True, stdin: str | None = None) -> shell.Completed:
        return client.kubectl(self.settings, *args, timeout=timeout, check=check, stdin=stdin)


class Results(dict[str, Experiment]):
    """Results of experiments by their ids; looking up one that could not be run fails the test with its error."""

    def __init__(self) -> None:
        """Start empty; ``errors`` are of those that could not be run."""
        super().__init__()
        self.errors: dict[str, str] = {}

    def __missing__(self, name: str) -> Experiment:
        pytest.fail(f"{name}: {self.errors.get(name, 'it was not run')}")


@dataclass(frozen=True)
class Namespace:
    name: str
    cluster: Cluster

    def kubectl(self, *args: str, timeout: float = 60, check: bool = True, stdin: str | None = None) -> shell.Completed:
        return self.cluster.kubectl("--namespace", self.name, *args, timeout=timeout, check=check, stdin=stdin)

    def dump(self) -> str:
        """Return all that helps to see why a test failed, or the error where it cannot be read."""
        pods, _ = self._read("get", "pods", "-o", "name")
        logs = [("logs", pod, "--all-containers", "--prefix", "--tail=30") for pod in pods.split()]
        return "\n\n".join(f"$ kubectl {' '.join(args)}\n{''.join(self._read(*args))}" for args in (*DUMP, *logs))

    def _read(self, *args: str) -> tuple[str, str]:
        try:
            done = self.kubectl(*args, check=False, timeout=20)
        except (LabError, OSError) as error:
            return "", str(error)
        return done.stdout, done.stderr


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kind", "a kind cluster for tests")
    group.addoption("--keep-cluster", action="store_true", help="leave the tests' cluster up, for the next run")
    group.addoption("--cluster", default="cats-test", help="the tests' cluster (default: cats-test)")
    group.addoption("--cluster-ports", default="31080,31030", help="its two ports on this computer")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for the whole run, up; taken down at the end unless it is to be kept."""
    front, back = request.config.getoption("--cluster-ports").split(",")
    cluster = Cluster(
        {
            "LAB_CLUSTER": request.config.getoption("--cluster"),
            "LAB_FRONT_PORT": front,
            "LAB_BACK_PORT": back,
            "KUBECONFIG": str(tmp_path_factory.mktemp("kube") / "config"),
            "NO_COLOR": "1",
        }
    )
    with running(cluster, keep=request.config.getoption("--keep-cluster")):
        yield cluster


@contextmanager
def running(cluster: Cluster, *, keep: bool) -> Iterator[None]:
    """Bring a cluster up, and take it down unless it is to be kept: also one that came up only in part."""
    try:
        cluster.lab("kind-up", timeout=UP_SECONDS)
        yield
    finally:
        if not keep:
            cluster.lab("kind-down", timeout=DOWN_SECONDS)


@pytest.fixture(scope="session")
def write_stderr(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return a function that writes to standard error although pytest captures it."""

    def write(text: str) -> None:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stderr.write(text)

    return write


def decode(done: shell.Completed) -> list[Experiment]:
    """Read the results of `lab experiment --json`; raises LabError with its output where there are none."""
    try:
        results = msgspec.json.decode(done.stdout, type=list[Experiment] | Experiment)
    except msgspec.DecodeError:
        raise LabError(f"no experiment, but: {done.stdout[-2000:]}{done.stderr[-2000:]}") from None
    return results if isinstance(results, list) else [results]


def retry_alone(
    cluster: Cluster, results: Sequence[Experiment], timeout: float, write: Callable[[str], None]
) -> Results:
    """Return the results of all experiments; one that disagreed or did not run is run once more, alone.

    Five run at a time, which makes one late now and then; twice is a failure. ``write`` is called with what disagreed.
    """
    first = {result.experiment: result for result in results}
    final = Results()
    for name in catalog.CATALOGUE:
        result = first.get(name)
        if result and result.agrees:
            final[name] = result
            continue
        reason = disagreements(result) if result else "  it did not run"
        write(f"\n{name} is run once more, alone, for beside the others:\n{reason}\n")
        try:
            (final[name],) = decode(cluster.lab("experiment", name, "--json", timeout=timeout, check=False))
        except LabError as error:
            final.errors[name] = error.what
    return final


def disagreements(result: Experiment, most: int = 10) -> str:
    """Describe the first of what disagrees: what was predicted, what was measured, and its detail."""
    checks: tuple[_Checked, ...] = (*result.cells, *result.flips, *result.expectations, *result.claims)
    sides = [_sides(check) for check in checks if results.differs(check)]
    lines = [f"  {name}: {side}" for name, side in zip(results.disagreements(result), sides, strict=True)]
    return "\n".join([*lines[:most], *([f"  and {len(lines) - most} more"] if len(lines) > most else [])])


def _sides(check: _Checked) -> str:
    if isinstance(check, Claim):
        return f"{check.verdict}, {check.because.en}"
    return f"predicted {check.predicted}, measured {check.measured}"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[Namespace]:
    """Yield a namespace of the test's own; it is deleted afterwards, whatever happened."""
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
    namespace = getattr(item, "funcargs", {}).get("namespace")
    if report.failed and report.when == "call" and isinstance(namespace, Namespace):
        report.sections.append((f"namespace {namespace.name}", namespace.dump()))
    return report
