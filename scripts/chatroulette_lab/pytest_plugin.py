"""pytest fixtures for whoever tests on a kind cluster: found by pytest where the wheel is installed.

The cluster is the one that the environment names, as for every `lab` command. One that was there stays; one that the
run made is taken down at its end, also under xdist. Nothing of the lab is imported into the tests' own process.
"""

import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from chatroulette_lab.pytest_cluster import App, Cluster, CommandError, Ephemeral, Vantage
from chatroulette_lab.pytest_users import Users

_OURS = frozenset({"kind_cluster", "deployed_app", "port_forward", "ephemeral", "vantage"})
_RUN = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)
    config.stash[_RUN] = worker["chatroulette_run"] if worker else Users.this_process()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker which run it is of."""
    node.workerinput["chatroulette_run"] = node.config.stash[_RUN]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the cluster up, once the run has ended in all its workers."""
    if hasattr(session.config, "workerinput"):
        return
    try:
        Users(Cluster.of_environment()).leave(session.config.stash[_RUN])
    except CommandError as error:  # the tests' own failures are still to be shown
        session.config.get_terminal_writer().line(f"\nthe cluster is left as it is: {error}")


@pytest.fixture(scope="session")
def kind_cluster(pytestconfig: pytest.Config) -> Cluster:
    """Have the cluster up."""
    cluster = Cluster.of_environment()
    Users(cluster).join(pytestconfig.stash[_RUN])
    return cluster


@pytest.fixture(scope="session")
def deployed_app(kind_cluster: Cluster) -> App:
    """Have the cats on the cluster; returns their addresses on this computer."""
    return kind_cluster.deploy()


@pytest.fixture
def port_forward(kind_cluster: Cluster) -> Iterator[Callable[..., str]]:
    """Return what forwards: ``port_forward("pod/name", 3000, namespace="default")`` is an address on this computer."""
    with ExitStack() as forwards:

        def forward(target: str, port: int, namespace: str = "default") -> str:
            return forwards.enter_context(kind_cluster.port_forward(target, port, namespace))

        yield forward


@pytest.fixture
def ephemeral(kind_cluster: Cluster) -> Callable[..., Ephemeral]:
    """Return what adds an ephemeral container: ``ephemeral("pod", namespace="default", image="busybox")``."""

    def add(pod: str, namespace: str = "default", image: str = "busybox") -> Ephemeral:
        return kind_cluster.ephemeral(pod, namespace, image)

    return add


@pytest.fixture
def vantage(ephemeral: Callable[..., Ephemeral]) -> Callable[..., Vantage]:
    """Return what asks from within a Pod's network namespace: ``vantage("pod").get("http://name:3000/")``."""

    def stand(pod: str, namespace: str = "default") -> Vantage:
        return Vantage(ephemeral(pod, namespace))

    return stand


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Name the cluster in the JUnit properties; where a test or its setup failed, add what is on the cluster."""
    report = yield
    if not _OURS.intersection(getattr(item, "fixturenames", ())):
        return report
    cluster = Cluster.of_environment()
    if report.when == "setup":
        item.user_properties.append(("kind_cluster", cluster.context))
    if report.failed:
        try:
            dump = cluster.dump()
        except (OSError, subprocess.SubprocessError) as error:
            dump = f"the cluster cannot be read: {error}"
        report.sections.append((f"cluster {cluster.context}", dump))
        item.user_properties.append(("kind_cluster_dump", dump))
    return report
