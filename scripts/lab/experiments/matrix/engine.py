"""A matrix of cells: predict, measure and explain each, over whatever Pods and Services the cluster has."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lab import shell
from lab.cluster import coredns
from lab.config import Settings
from lab.errors import LabError
from lab.experiments.matrix.diagram import packet_path
from lab.experiments.matrix.evidence import evidence
from lab.experiments.matrix.measure import Measured, measure
from lab.experiments.matrix.runners import Runner
from lab.experiments.model import from_api
from lab.experiments.model.cluster import Address, ClusterModel, Computer, VantagePoint
from lab.experiments.model.explain import because
from lab.experiments.model.predict import mechanism, predict, target
from lab.experiments.results import Cell, Flip, Measurement, Prediction
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api

_ROUTES = Path("/proc/net/route")
NOT_APPLICABLE: Final = "not-applicable"
SETTLED = 30.0
"""Seconds at most: kube-proxy gathers a second's changes before it writes rules; a busy machine takes longer."""


@dataclass(frozen=True)
class MeasurementContext:
    """What every measurement needs; ``image`` has a Python, for the container that asks from the node."""

    settings: Settings
    api: Api
    image: str


@dataclass(frozen=True)
class Attempt:
    """A cell to be: an address tried from a vantage point, and the variant of the Pod that it is about.

    Several Pods may have a vantage point of one id each: ``POD/ID`` tells them apart.
    """

    vantage: VantagePoint
    address: Address
    variant: str = ""

    @property
    def vantage_id(self) -> str:
        return self.vantage.id.rpartition("/")[2]

    @property
    def key(self) -> Address:
        """The address by an id that it shares with its like only; an init container was asked by the plain ones."""
        if self.vantage.kind == "init":
            return self.address
        return replace(self.address, id=f"{self.address.id} {self.address.host}:{self.address.port}")


def evaluate(
    context: MeasurementContext, model: ClusterModel, attempts: Sequence[Attempt]
) -> tuple[tuple[Cell, ...], Measured]:
    """Predict, measure and explain each attempt; ``model`` is of the cluster as it is now, by ``read_model``.

    Return the cells, in the order of their attempts, and all that was measured for them. Raises KeyError for a Pod that
    is not in the model, LabError as ``measure``.
    """
    measured = _measure(context, model, attempts)
    return tuple(_cell(model, attempt, measured) for attempt in attempts), measured


def settle(context: MeasurementContext, read: Callable[[], tuple[ClusterModel, Sequence[Attempt]]]) -> None:
    """Wait until what ``read`` returns comes as predicted, at most ``SETTLED`` seconds; what then is so counts.

    The API knows of a change before the network follows it.
    """
    deadline = time.monotonic() + SETTLED
    while time.monotonic() < deadline:
        model, attempts = read()
        measured = _measure(context, model, attempts)
        predictions = [predict(model, attempt.vantage, attempt.address) for attempt in attempts]
        results = [_measurement(measured, *pair) for pair in zip(attempts, predictions, strict=True)]
        if all(agrees(*pair) for pair in zip(predictions, results, strict=True)):
            return
        time.sleep(0.2)


def read_model(api: Api, namespaces: Sequence[str]) -> ClusterModel:
    """Read the live objects of namespaces, all at once; raises LabError where there is no node, or no DNS."""
    paths = [f"/api/v1/namespaces/{name}/{kind}" for kind in ("pods", "services") for name in namespaces]
    with ThreadPoolExecutor(len(paths) + 2) as pool:
        nodes = pool.submit(api.items, "/api/v1/nodes")
        dns = pool.submit(api.get, "/api/v1/namespaces/kube-system/services/kube-dns")
        lists = list(pool.map(api.items, paths))
    node, dns_service = next(iter(nodes.result()), None), dns.result()
    if node is None or dns_service is None:
        raise LabError("the cluster has no node, or no DNS", "`make kind-up` makes it anew")
    pods = [pod for part in lists[: len(namespaces)] for pod in part if not pod_status.is_ending(pod)]
    services = [service for part in lists[len(namespaces) :] for service in part]
    computer, wildcards = _computer(from_api.node_ip(node)), _wildcards(node["metadata"]["name"])
    return from_api.cluster_model(pods, services, node, dns_service, computer, wildcards=wildcards)


def _wildcards(node: str) -> tuple[tuple[str, str], ...]:
    """Ask on the node for a name that nobody made, in each of its search domains."""
    done = shell.run(["docker", "exec", node, "cat", "/etc/resolv.conf"], timeout=10, check=False)
    found = []
    for domain in coredns.search_domains(done.stdout):
        argv = ["docker", "exec", node, "timeout", "5", "getent", "ahostsv4", f"{coredns.NOBODYS}.{domain}"]
        address = next(iter(shell.run(argv, timeout=20, check=False).stdout.split()), "")
        found += [(domain, address)] if address else []
    return tuple(found)


def _computer(node_ip: str) -> Computer:
    """Describe this computer: only Linux has the cluster's node on a bridge of its own."""
    linux = platform.system() == "Linux"
    return Computer(reaches_node=linux and from_api.is_routed(_ROUTES.read_text(), node_ip))


def _cell(model: ClusterModel, attempt: Attempt, measured: Measured) -> Cell:
    """Put one prediction beside its measurement."""
    vantage, address = attempt.vantage, attempt.key
    prediction = predict(model, vantage, address)
    measurement = _measurement(measured, attempt, prediction)
    call = target(model, vantage, address, measurement.resolved)
    return Cell(
        vantage=attempt.vantage_id,
        address=attempt.address.id,
        url=address.url,
        predicted=prediction,
        measured=measurement,
        agrees=agrees(prediction, measurement),
        mechanism=mechanism(prediction),
        because=because(model, vantage, address, prediction),
        exhibits=evidence(model, vantage, address, prediction, measured),
        variant=attempt.variant,
        way=packet_path(model, vantage, call, prediction, measurement),
    )


def _measure(context: MeasurementContext, model: ClusterModel, attempts: Sequence[Attempt]) -> Measured:
    """Measure; what several variants ask alike is asked once, and what is not applicable is not asked."""
    cells = dict.fromkeys(
        (attempt.vantage, attempt.key)
        for attempt in attempts
        if predict(model, attempt.vantage, attempt.address).outcome != NOT_APPLICABLE
    )
    return measure(Runner(context.settings, context.api, context.image, model), list(cells))


def _measurement(measured: Measured, attempt: Attempt, prediction: Prediction) -> Measurement:
    if prediction.outcome == NOT_APPLICABLE:
        return Measurement(NOT_APPLICABLE)
    return measured.results[attempt.vantage.id, attempt.key.id]


def agrees(predicted: Prediction, measured: Measurement) -> bool:
    """Tell whether the measurement is as predicted.

    The outcome is the same and, where the prediction names who answers, so is that. A packet that leaves for elsewhere
    may meet anything there but one of our Pods; what could not be tried agrees with nothing. Of another server than the
    cluster's DNS, silence is as good as a no: a computer may be offline.
    """
    if "outside-cluster-dns" in predicted.rules and (measured.outcome, measured.resolved) == ("timeout", ()):
        return predicted.outcome == "no-name"
    if predicted.outcome == "elsewhere":
        return measured.outcome != "unmeasured" and not (measured.outcome == "answers" and measured.who)
    return predicted.outcome == measured.outcome and predicted.who in {"", measured.who}


def flips(cells: Sequence[Cell]) -> Iterator[Flip]:
    """Yield the cells of each variant whose outcome is not the base's, predicted or measured.

    A cell's base has the same vantage point and address, and no variant; one without a base is no flip. A flip that
    was not predicted, or did not come, does not agree.
    """
    base = {(cell.vantage, cell.address): cell for cell in cells if not cell.variant}
    for cell in cells:
        before = base.get((cell.vantage, cell.address))
        if cell.variant and before:
            predicted = (before.predicted.outcome, cell.predicted.outcome)
            measured = (before.measured.outcome, cell.measured.outcome)
            same = before.agrees and cell.agrees
            if predicted[0] != predicted[1] or (measured[0] != measured[1] and not same):
                yield Flip(cell.variant, cell.vantage, cell.address, predicted, measured, same, cell.because)
