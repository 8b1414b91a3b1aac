"""How each kind of vantage point is asked: each runs the same probe, or quotes the one who dials there."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lab import docker, shell
from lab.config import Settings
from lab.experiments.matrix import dialled
from lab.experiments.matrix.probe_protocol import SECONDS, NoReply, Reply, command, pod_of, read
from lab.experiments.model.cluster import Address, ClusterModel, VantagePoint
from lab.experiments.results import Measurement
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.objects import pod_path
from lab.kubernetes.port_forward import port_forward

BOUND = 30.0
"""Seconds for one vantage point: the probe has its own; a busy computer needs more to get there."""


@dataclass(frozen=True)
class Runner:
    """Asks vantage points; ``image`` has a Python, for what is asked from the node, ``seconds`` are the probe's."""

    settings: Settings
    api: Api
    image: str
    model: ClusterModel
    seconds: float = SECONDS

    @cached_property
    def pod_exec(self) -> PodExec:
        return PodExec(self.settings)

    def ask(self, vantage: VantagePoint, addresses: Sequence[Address]) -> Reply:
        """Try the addresses from there and read the surroundings; raises LabError where the vantage cannot be asked."""
        if vantage.kind in _PROGRAMS:
            return _PROGRAMS[vantage.kind](self, vantage, addresses)
        return Reply({address.id: _DIALLERS[vantage.kind](self, vantage, address) for address in addresses})


def container(runner: Runner, vantage: VantagePoint, addresses: Sequence[Address]) -> Reply:
    """Run the probe in a container.

    Once more where its output was lost: an API server of 1.35 was seen to end an exec with Success and without a byte
    of its output, in one of a hundred.
    """
    words = command(addresses, seconds=runner.seconds)
    where = ContainerRef(vantage.namespace, vantage.pod, vantage.container)
    try:
        return read(runner.pod_exec.run(where, words, BOUND))
    except NoReply:
        return read(runner.pod_exec.run(where, words, BOUND))


def init(runner: Runner, vantage: VantagePoint, _addresses: Sequence[Address]) -> Reply:
    """Read what the init container, whose command the probe was, left in its log."""
    return read(runner.api.text(f"{pod_path(vantage.namespace, vantage.pod)}/log", container=vantage.container))


def node(runner: Runner, _vantage: VantagePoint, addresses: Sequence[Address]) -> Reply:
    """Run the probe on the node, in a container of its own that shares the node's network and files of names."""
    network = f"--network=container:{runner.model.cluster.node}"
    confined = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--user=10001:10001")
    words = command(addresses, seconds=runner.seconds)
    return read(docker.docker("run", "--rm", network, *confined, runner.image, *words, timeout=BOUND))


def computer(runner: Runner, _vantage: VantagePoint, addresses: Sequence[Address]) -> Reply:
    """Run the probe on this computer."""
    return read(shell.run(command(addresses, sys.executable, runner.seconds), timeout=BOUND).stdout)


def forwarded(runner: Runner, vantage: VantagePoint, address: Address) -> Measurement:
    """Run the probe on this computer, through a port-forward.

    kubectl takes the call, and says itself how the dial in the Pod ended.
    """
    with port_forward(runner.settings, address.host, address.port, namespace=vantage.namespace) as forward:
        near = Address(address.id, "127.0.0.1", forward.port)
        result = computer(runner, vantage, [near]).cells[address.id]
    if result.outcome == "answers" or not forward.errors:
        return result
    return dialled.quoted(forward.errors, result.seconds)


def pod_proxy(runner: Runner, vantage: VantagePoint, address: Address) -> Measurement:
    """Have the API server dial the Pod."""
    path = f"{pod_path(vantage.namespace, vantage.pod)}:{address.port}/proxy/whoami"
    try:
        body = runner.api.text(path)
    except ApiError as error:
        return dialled.quoted(error.message)
    pod = pod_of(body)
    return Measurement("answers", pod, path) if pod else Measurement("elsewhere", detail=dialled.brief(body))


def kubelet(runner: Runner, vantage: VantagePoint, _address: Address) -> Measurement:
    """Read how the only probe of the vantage's container ends."""
    return dialled.probe_result(runner.api, runner.model.cluster.node, vantage)


_PROGRAMS: dict[str, Callable[[Runner, VantagePoint, Sequence[Address]], Reply]] = {
    "container": container,
    "init": init,
    "node": node,
    "computer": computer,
}
_DIALLERS: dict[str, Callable[[Runner, VantagePoint, Address], Measurement]] = {
    "port-forward": forwarded,
    "service-forward": forwarded,
    "pod-proxy": pod_proxy,
    "kubelet": kubelet,
}
