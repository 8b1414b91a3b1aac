"""Two clusters of two Kubernetes minors, one after the other, and every experiment on each."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from collections.abc import Callable

from differences import differences

from lab.config import MINORS, Minor
from lab.testing import Cluster, Results, decode, retry_alone, running

PORTS = {minor: (str(32180 + number), str(32130 + number)) for number, minor in enumerate(MINORS)}
_RESULTS = pytest.StashKey["dict[Minor, Results]"]()
NEWER, OLDER = MINORS
EVERYTHING = 900
"""Seconds that all experiments may take, on a machine that has other work too."""


@pytest.fixture(scope="session")
def results(pytestconfig, write_stderr, tmp_path_factory) -> dict[Minor, Results]:
    """Every experiment's result on each minor, of its second run where the first disagreed; the clusters are gone."""
    folder = tmp_path_factory.mktemp("kube")
    pytestconfig.stash[_RESULTS] = {minor: _run(_cluster(minor, folder), write_stderr) for minor in (OLDER, NEWER)}
    return pytestconfig.stash[_RESULTS]


def pytest_terminal_summary(terminalreporter, config) -> None:
    """Name the differences, those that were expected too."""
    results = config.stash.get(_RESULTS, None)
    if results is None:
        return
    terminalreporter.section(f"Kubernetes {OLDER} and {NEWER}")
    for each in differences(results[OLDER], results[NEWER]):
        terminalreporter.write_line(f"{each.name}: {each.older} | {each.newer}")


def _cluster(minor: Minor, folder: Path) -> Cluster:
    front, back = PORTS[minor]
    return Cluster(
        {
            "LAB_CLUSTER": f"cats-{minor.replace('.', '-')}",
            "LAB_KUBERNETES": minor,
            "LAB_FRONT_PORT": front,
            "LAB_BACK_PORT": back,
            "KUBECONFIG": str(folder / minor),
            "NO_COLOR": "1",
        }
    )


def _run(cluster: Cluster, write_stderr: Callable[[str], None]) -> Results:
    """Bring the cluster up, use the cats as a user would, run the experiments, and take it down."""
    with running(cluster, keep=False):
        for words in (("deploy",), ("verify",), ("undeploy",)):
            cluster.lab(*words)
        done = cluster.lab("experiment", "all", "--json", timeout=EVERYTHING, check=False)
        sys.stderr.write(done.stderr[-4000:])  # why one could not be run, where pytest shows it
        return retry_alone(cluster, decode(done), EVERYTHING, write_stderr)
