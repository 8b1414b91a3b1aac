"""The environment of a matrix: its namespaces, Services, Pods, ephemeral containers and copies, gone at the end."""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from lab import waiting
from lab.config import Settings
from lab.errors import LabError
from lab.experiments.matrix import labels
from lab.experiments.matrix.declaration import Matrix
from lab.experiments.matrix.diagram import diagram
from lab.experiments.matrix.engine import Attempt, MeasurementContext, evaluate, flips, read_model, settle
from lab.experiments.model.cluster import ClusterModel
from lab.experiments.pods import create, with_image
from lab.experiments.results import ClusterVersions, Experiment
from lab.experiments.run import Run, begin, cluster_versions
from lab.kubernetes import client, ephemeral, pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.ephemeral import SLEEP
from lab.kubernetes.namespaces import temporary_namespaces
from lab.kubernetes.objects import Object, pod_path
from lab.steps import Report

STARTED = 120.0
AT_ONCE = 8


def run(matrix: Matrix, settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Measure the whole matrix once; raises LabError."""
    with environment(matrix, settings, api, image, report) as created:
        return created.measure()


@dataclass
class Environment:
    """An environment that stands; ``namespaces`` are its own, the main one first.

    The seconds of its first measurement count from when it was being made; those of a later one from its own beginning.
    """

    context: MeasurementContext
    matrix: Matrix
    namespaces: tuple[str, ...]
    cluster: ClusterVersions
    report: Report
    run: Run
    attempts: Sequence[Attempt] = ()

    def measure(self) -> Experiment:
        """Read the live objects, predict, measure and explain; may be called again. Raises LabError."""
        self.report("measuring")
        model = read_model(self.context.api, self.namespaces)
        attempts = self.matrix.attempts(model, self.namespaces, self.attempts)
        if self.attempts:  # an init container has run, and asked, once: later changes do not concern it
            attempts = [attempt for attempt in attempts if attempt.vantage.kind != "init"]
        self.attempts = attempts
        result = self._result(model, attempts)
        self.run = begin(self.matrix.id)
        return result

    def _result(self, model: ClusterModel, attempts: Sequence[Attempt]) -> Experiment:
        cells, measured = evaluate(self.context, model, attempts)
        variants = {cell.variant for cell in cells}
        return self.run.ended(
            self.cluster,
            cells=cells,
            flips=tuple(flips(cells)),
            vantages=labels.chosen(labels.VANTAGES, [cell.vantage for cell in cells]),
            addresses=labels.chosen(labels.ADDRESSES, [cell.address for cell in cells]),
            variants=tuple(label for label in self.matrix.variants if label.id in variants),
            scene=diagram(model, [attempt.vantage for attempt in attempts], measured.surroundings),
        )


@contextlib.contextmanager
def environment(matrix: Matrix, settings: Settings, api: Api, image: str, report: Report) -> Iterator[Environment]:
    """Create what a matrix needs, yield it once everything runs, and delete it. Raises LabError."""
    context, begun = MeasurementContext(settings, api, image), begin(matrix.id)
    report("making its namespaces")
    with (
        ThreadPoolExecutor(AT_ONCE) as pool,
        temporary_namespaces(context.api, matrix.id, *matrix.namespaces) as namespaces,
    ):
        versions = pool.submit(cluster_versions, context.settings, context.api)
        _create_all(context, matrix, namespaces, pool, report)
        report("waiting until the network follows")

        def read() -> tuple[ClusterModel, Sequence[Attempt]]:
            model = read_model(context.api, namespaces)
            return model, [each for each in matrix.attempts(model, namespaces) if matrix.settles(each)]

        settle(context, read)
        yield Environment(context, matrix, tuple(namespaces), versions.result(), report, begun)


def _create_all(
    context: MeasurementContext, matrix: Matrix, namespaces: Sequence[str], pool: ThreadPoolExecutor, report: Report
) -> None:
    setup = matrix.setup(read_model(context.api, namespaces), namespaces)
    report(f"making {len(setup.services)} Services")
    list(pool.map(lambda service: _create(context.api, service), setup.services))
    pods = [with_image(pod, context.image) for pod in setup.pods(read_model(context.api, namespaces))]
    report(f"making {len(pods) + len(setup.copies)} Pods")
    list(pool.map(lambda pod: _create(context.api, pod), pods))
    further = [pool.submit(_copy, context, namespaces[0], copy) for copy in setup.copies]
    further += [pool.submit(_add_ephemeral, context, namespaces[0], added) for added in setup.ephemeral]
    for done in further:
        done.result()
    _wait_until_started(context.api, namespaces, setup.unready, report)


def _create(api: Api, manifest: Object) -> None:
    create(api, manifest["metadata"]["namespace"], manifest)


def _copy(context: MeasurementContext, namespace: str, copy: Object) -> None:
    """Copy a Pod as a person would type it; the copy's container sleeps."""
    client.kubectl(
        context.settings,
        *("debug", copy["of"], "--namespace", namespace, "--copy-to", copy["name"], "--container", copy["container"]),
        *("--image", context.image, "--", *SLEEP),
    )


def _add_ephemeral(context: MeasurementContext, namespace: str, added: Object) -> None:
    """Add ephemeral containers to a Pod, all in one step, once it is time for them."""
    name, after, apart = added["pod"], added["after"], added.get("apart", 0.0)

    def look() -> tuple[bool, str]:
        pod = context.api.get(pod_path(namespace, name))
        if pod is None:
            raise LabError(f"the Pod {name} is gone")
        return has_run(pod, after, apart, datetime.now(UTC)), describe(pod)

    hint = "if it runs, its startup probe has not passed"
    waiting.until(f"the start of container {after} of {name}", look, timeout=STARTED, hint=hint)
    containers = [ephemeral.container(guest, context.image, target=target) for guest, target in added["containers"]]
    ephemeral.add(context.api, namespace, name, containers, timeout=STARTED)


def has_run(pod: Object, container: str, seconds: float, now: datetime) -> bool:
    """Tell whether a container of a Pod has started, by its startup probe too, and run for so many seconds."""
    status = pod_status.container_status(pod, container)
    started_at = pod_status.started_at(status)
    if not (status.get("started") and pod_status.is_running(status) and started_at):
        return False
    return (now - datetime.fromisoformat(started_at)).total_seconds() >= seconds


def _wait_until_started(api: Api, namespaces: Sequence[str], unready: Sequence[str], report: Report) -> None:
    """Wait until all containers run; raises TimedOut with what is missing, LabError where one will never start."""

    def look() -> tuple[bool, str]:
        pods = [pod for name in namespaces for pod in api.items(f"/api/v1/namespaces/{name}/pods")]
        missing = [describe(pod) for pod in pods if not has_started(pod, unready=pod["metadata"]["name"] in unready)]
        return not missing, "; ".join(missing) or "all there"

    def on_state(state: str) -> None:
        report(f"waiting for {state}"[:120])

    waiting.until("the Pods", look, timeout=STARTED, hint="`kubectl describe pod` says more", on_state=on_state)


def has_started(pod: Object, *, unready: bool = False) -> bool:
    """Tell whether all containers of a Pod run, ephemeral ones too, and it is Ready unless it never is to be.

    Raises LabError where a container will never start.
    """
    for status in pod_status.container_statuses(pod):
        reason = pod_status.waiting(status)
        if reason.get("reason") in pod_status.NEVER_STARTS:
            where = f"container {status['name']} of {pod['metadata']['name']}"
            raise LabError(f"{where} does not start: {reason.get('message')}")
    names = [part["name"] for key in ("containers", "ephemeralContainers") for part in pod["spec"].get(key) or []]
    running = all(pod_status.is_running(pod_status.container_status(pod, name)) for name in names)
    return running and (unready or pod_status.is_ready(pod))


def describe(pod: Object) -> str:
    """Describe in a few words what a Pod's containers do."""
    states = [f"{status['name']} {pod_status.describe(status)}" for status in pod_status.container_statuses(pod)]
    phase = pod.get("status", {}).get("phase", "nothing yet")
    return f"{pod['metadata']['name']}: {', '.join(states) or phase}"
